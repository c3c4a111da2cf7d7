import AssayCore
import AssayEvaluation
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// Stored answers, graded anew.
@Suite struct RegradeTests {
    /// A copy of a finished batch in which the cells of a condition are those of an older grader, which was wrong about every
    /// third answer.
    private func oldStore(_ condition: Condition = .parallel) throws -> (folder: URL, store: Store) {
        let source = try Finished.tiny.get()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("assay-regrade-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let store = try Store(url: folder.appendingPathComponent("assay.sqlite"), mode: .readWrite)
        let from = try source.store()
        for run in try from.runs() { try store.record(run) }
        for task in try from.tasks() { try store.record(task) }
        for batch in try from.batches() {
            try store.record(batch)
            try store.record(
                taskNames: Dictionary(
                    uniqueKeysWithValues: try from.tasks(ofBatch: batch.identity).map { ($0.name, $0.identity) }),
                of: batch.identity)
            try store.record(try from.arms(ofBatch: batch.identity), of: batch.identity)
        }
        for checkpoint in try from.checkpoints() where checkpoint.step == 12 {
            try store.record(checkpoint)
            for cell in try from.cells(ofCheckpoint: checkpoint.hash) where cell.key.condition == condition {
                let items = try from.scoredItems(ofCell: cell.identity)
                var key = cell.key
                key.graderVersion = 0
                let responses = items.enumerated().map { index, scored in
                    var response = scored.response
                    if response.status == .graded, index % 3 == 0, !response.output.isEmpty { response.score = 1 }
                    return response
                }
                try store.record(
                    CellRecord(
                        key: key, taskName: cell.taskName, itemCount: cell.itemCount, lost: cell.lost, seconds: 1),
                    items: items.map(\.item), responses: responses)
            }
        }
        return (folder, store)
    }

    @Test func newGradesAreThoseOfTheProgramAndTheOldOnesStay() throws {
        let (folder, store) = try oldStore()
        defer { try? FileManager.default.removeItem(at: folder) }
        let reference = try Finished.tiny.get().store()
        let old = try store.cells()
        let dry = try RegradeReport(store: store, .init(), records: false)
        #expect(try store.cells() == old && dry.rows.allSatisfy { !$0.isNew })
        let report = try RegradeReport(store: store, .init(), records: true)
        #expect(report.rows.count == old.count && report.rows.allSatisfy { $0.isNew && $0.refusal == nil })
        let shift = try #require(report.rows.first { $0.cell.taskName == "recall" }?.shifts.first)
        #expect(shift.isPaired && shift.estimate < 0 && (shift.changed ?? 0) > 0 && shift.clusters == 8)
        for cell in old {
            var key = cell.key
            key.graderVersion = CellEvaluator.graderVersion(key.condition)
            #expect(try store.responses(ofCell: key.identity) == reference.responses(ofCell: key.identity))
            #expect(
                try store.responses(ofCell: cell.identity) != store.responses(ofCell: key.identity)
                    || shift.changed == 0)
        }
        #expect(try store.cells().count == 2 * old.count)
        // Again: nothing new, the same table of differences.
        let again = try RegradeReport(store: store, .init(), records: true)
        #expect(again.rows.allSatisfy { !$0.isNew } && again.rows.map(\.shifts) == report.rows.map(\.shifts))
        #expect(try store.cells().count == 2 * old.count)
    }

    @Test func episodesAndOtherConditionsAreRefusedBesideTheOthers() throws {
        let (folder, store) = try oldStore(.recurrent)
        defer { try? FileManager.default.removeItem(at: folder) }
        let report = try RegradeReport(store: store, .init(), records: true)
        #expect(report.rows.first { $0.cell.taskName == "tools" }?.refusal == "the actions of episodes are not kept")
        #expect(report.rows.contains { $0.cell.taskName == "values" && $0.refusal == nil })
        #expect(try report.render(as: .table).contains("refused: the actions of episodes are not kept"))
        let rows = CSV.parse(try report.render(as: .csv))
        #expect(rows.contains { $0["task"] == "tools" && $0["refusal"] != "" && $0["quantity"] == "" })
        let only = try #require(throws: AssayError.self) {
            try RegradeReport(store: store, .init(task: "tools"), records: true)
        }
        #expect("\(only)".contains("none of 3 cells can be graded from what is stored"), "\(only)")
    }

    @Test func theGraderAgreesWithEveryStoredGradeOfARealBatch() throws {
        let store = try Finished.tiny.get().store()
        let report = try RegradeReport(store: store, .init(verifies: true), records: false)
        let graded = report.rows.filter { $0.refusal == nil }
        #expect(graded.count > 20 && graded.allSatisfy { $0.shifts.allSatisfy { $0.changed == 0 } })
        #expect(report.rows.contains { $0.refusal == "the condition has no answers" })
        let none = try #require(throws: AssayError.self) { try RegradeReport(store: store, .init(), records: false) }
        #expect("\(none)".contains("no cells of an older version"))
    }

    @Test func aTornAnswerOrAnotherGeneratorIsRefused() throws {
        let made = try MadeUpResults()
        try made.evaluate(made.checkpoint("full"), .init(grader: 0))
        let error = try #require(throws: AssayError.self) {
            try RegradeReport(store: made.store, .init(), records: true)
        }
        #expect("\(error)".contains("cannot make the items of made-up v1"), "\(error)")
    }

    @Test func theCommandRunsAndSaysWhatItDid() throws {
        let (folder, store) = try oldStore()
        defer { try? FileManager.default.removeItem(at: folder) }
        try store.close()
        let dry = try Command.run("regrade", "full", "--dry-run", "--results", folder.path, in: folder)
        #expect(dry.status == 0 && dry.output.contains("Nothing was recorded"), "\(dry.errors)")
        let done = try Command.run("regrade", "--results", folder.path, "--format", "json", in: folder)
        #expect(done.status == 0 && done.output.contains("\"from_grader\""), "\(done.errors)")
        #expect(try Command.run("regrade", "fulll", "--results", folder.path, in: folder).status == 64)
    }
}

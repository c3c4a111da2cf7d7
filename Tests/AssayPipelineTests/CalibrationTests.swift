import AssayCore
import AssayMetrics
import AssayStore
import AssayTraining
import Foundation
import Testing

@testable import AssayPipeline

/// The self-check over a batch that was trained and evaluated.
@Suite struct CalibrationTests {
    private func calibrate(
        _ bench: Workbench, workers: Int = 2, _ change: (inout CalibrationRunner.Options) -> Void = { _ in }
    ) throws -> Calibration {
        var options = CalibrationRunner.Options()
        options.repeats = 20
        options.trains = false
        change(&options)
        let store = try Store(url: bench.storeFile, mode: .readWrite)
        defer { try? store.close() }
        return try CalibrationRunner(
            store: store, batch: "tiny", results: bench.results, workers: workers, options: options,
            progress: { _ in }, shouldStop: { false }
        ).run()
    }

    @Test func `a batch is calibrated alike by any number of workers, and once`() throws {
        let (bench, other) = (try Workbench(), try Workbench())
        try bench.run()
        try other.run()
        let found = try calibrate(bench, workers: 2)
        #expect(found == (try calibrate(other, workers: 1)))
        #expect(found.control == "full" && found.falseAlarms.map(\.null) == [.halves, .exchanged])
        #expect(found.falseAlarms.allSatisfy { $0.repeats == 20 })
        let digest = try bench.digest()
        #expect(try calibrate(bench) == found)
        #expect(try bench.digest() == digest)
        // The batch has nothing to do after it, and its cells are those of before.
        #expect(try bench.run().work.isNothing)
        #expect(try bench.store().lastCalibration(ofBatch: try bench.store().batch(named: "tiny").identity) == found)
    }

    @Test func `faults are judged by the metrics of the batch, and fresh items are none`() throws {
        let bench = try Workbench()
        try bench.edit("evals/recipes/tiny.yaml", "  recall: 1\n", "  recall: 3\n")
        try bench.run()
        let found = try calibrate(bench) { $0.trains = true }
        let faults = Set(found.planted.map(\.fault))
        #expect(faults.isSuperset(of: [.nothing, .state, .mixture, .items, .generator]), "\(faults) \(found.notes)")
        // The same weights in other chunks: rounding alone, which no metric calls a loss.
        #expect(found.faults.filter { $0.fault == .nothing }.allSatisfy { !$0.fired })
        #expect(found.faults.contains { $0.fault == .state && $0.arm == "window" && $0.condition == "recurrent" })
        // Half more pairs are seen by the tests of the items, and told from a change of the model.
        let load = found.faults.filter { $0.fault == .generator && $0.metric == "task-set:load" }
        #expect(load.contains { $0.fired && ($0.candidate ?? 0) > ($0.baseline ?? 0) })
        #expect(found.faults.filter { $0.fault == .mixture }.allSatisfy { $0.arm == "full" })
        let one = try calibrate(bench) { $0.arms = ["window"] }
        #expect(Set(one.faults.map(\.arm)) == ["window"])
        #expect(throws: AssayError.self) { try calibrate(bench) { $0.arms = ["windw"] } }
    }

    @Test func `the command prints, records for the report, and says what it cannot plant`() throws {
        let bench = try Workbench()
        try bench.run()
        let before = try Command.run("report", "--output", "-", in: bench.folder).output
        #expect(!before.contains("id=\"faults\""))
        let arguments = ["calibrate", "--repeats", "20", "--no-training"]
        let table = try Command(arguments, in: bench.folder).wait()
        #expect([0, 1].contains(table.status), "\(table.errors)")
        #expect(table.output.contains("False alarms where nothing differs") && table.output.contains("Planted faults"))
        let csv = try Command(arguments + ["--format", "csv"], in: bench.folder).wait().output
        #expect(CSV.parse(csv).contains { $0["fault"] == "state quantised" && $0["planted_as"] == "int8" })
        let alarms = try Command(arguments + ["--format", "csv", "--part", "alarms"], in: bench.folder).wait().output
        #expect(CSV.parse(alarms).contains { $0["metric"] == "any" && $0["sides"] == "halves" && $0["limit"] == "3" })
        let json = try Command(arguments + ["--format", "json", "--part", "power"], in: bench.folder).wait().output
        #expect(try JSONSerialization.jsonObject(with: Data(json.utf8)) is [[String: Any]])
        let after = try Command.run("report", "--output", "-", in: bench.folder).output
        #expect(after.contains("id=\"faults\"") && after.contains("Fault matrix"))
        #expect(try Command(["calibrate", "--repeats", "3"], in: bench.folder).wait().status == 64)
        #expect(try Command(["calibrate", "--batch", "tinny"], in: bench.folder).wait().status == 64)
    }
}

@Suite struct MixtureSwapTests {
    @Test func `the heaviest task gets the weight of the lightest`() {
        let mixture = [("a", 3.0), ("b", 1), ("c", 2)].map { MixtureEntry(task: $0.0, weight: $0.1) }
        #expect(mixture.swapped.map(\.weight) == [1, 3, 2] && mixture.swapped.map(\.task) == ["a", "b", "c"])
        #expect(mixture.swapped.swapped == mixture)
    }
}

import AssayCore
import Foundation
import GRDB
import Testing

@testable import AssayStore

struct CellTests {
    @Test func `items and responses come back bit for bit`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let items = Sample.items(30)
        let responses = Sample.responses(items)
        let scored = try store.scoredItems(ofCell: Sample.key().identity)
        #expect(scored.map(\.item) == items)
        #expect(scored.map(\.response) == responses)
        #expect(try store.responses(ofCell: Sample.key().identity) == responses)
        var streamed: [ScoredItem] = []
        try store.forEachScoredItem(ofCell: Sample.key().identity) { streamed.append($0) }
        #expect(streamed == scored)
    }

    @Test func `NaN scores come back as no score, and NaN details as NaN`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store, cells: false)
        let items = Sample.items(1)
        let response = ResponseRecord(
            item: items[0].id, status: .error, score: .nan, nll: .infinity,
            detail: ["a\"b,}\\": 0.1 + 0.2, "n": .nan, "long ago\n": -.infinity, "é": 1e-300, "big": 1e20])
        try store.record(Sample.cell([response]), items: items, responses: [response])
        let back = try #require(try store.responses(ofCell: Sample.key().identity).first)
        #expect(back.score == nil)
        #expect(back.nll == .infinity)
        #expect(back.detail["a\"b,}\\"] == 0.1 + 0.2)
        #expect(back.detail["long ago\n"] == -.infinity)
        #expect(back.detail["é"] == 1e-300)
        #expect(back.detail["big"] == 1e20)
        #expect(back.detail["n"]?.isNaN == true)
        #expect(try store.record(Sample.cell([response]), items: items, responses: [response]) == false)
    }

    @Test func `recording a cell again does nothing`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let digest = try store.contentDigest()
        let items = Sample.items(30)
        let responses = Sample.responses(items)
        #expect(try !store.record(Sample.cell(responses, seconds: 99), items: items, responses: responses.reversed()))
        #expect(try store.contentDigest() == digest)
        #expect(try store.cells().count == 1)
    }

    @Test func `other responses under the same identity are a defect, and nothing changes`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let digest = try store.contentDigest()
        let items = Sample.items(30)
        let other = Sample.responses(items, salt: 1)
        let error = failure { try store.record(Sample.cell(other), items: items, responses: other) }
        #expect(error?.kind == .defect)
        #expect(error?.problem.contains("another cell under the same identity") == true)
        #expect(try store.contentDigest() == digest)
    }

    @Test func `another item under the same identity is a defect, whatever column differs`() throws {
        let folder = try TemporaryFolder()
        try Sample.filled(folder.store).close()
        let changes: [(inout ItemRecord) -> Void] = [
            { $0.hops += 1 }, { $0.facts += 1 }, { $0.length += 1 }, { $0.distance += 1 }, { $0.load += 1 },
            { $0.position += 1e-12 }, { $0.parent = ItemID(rawValue: 12345) }, { $0.contentBits ^= 1 },
        ]
        for change in changes {
            let store = try Store(url: folder.store, mode: .readWrite)
            let digest = try store.contentDigest()
            var items = Sample.items(30)
            change(&items[7])
            let responses = Sample.responses(items)
            let cell = Sample.cell(responses, key: Sample.key(path: .recurrent))
            let error = failure { try store.record(cell, items: items, responses: responses) }
            #expect(error?.kind == .defect)
            #expect(error?.problem.contains("another item") == true)
            #expect(try store.contentDigest() == digest)
            try store.close()
        }
    }

    @Test func `more items of a task can be added later`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let items = Sample.items(60)
        let responses = Sample.responses(items)
        var key = Sample.key()
        key.clusters = 20
        #expect(try store.record(Sample.cell(responses, key: key), items: items, responses: responses))
        #expect(try store.scoredItems(ofCell: key.identity).count == 60)
        #expect(try store.scoredItems(ofCell: Sample.key().identity).count == 30)
    }

    @Test func `a cell whose counts do not fit its responses is a defect`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store, cells: false)
        let items = Sample.items(10)
        let responses = Sample.responses(items)
        var cell = Sample.cell(responses)
        cell.lost += 1
        #expect(failure { try store.record(cell, items: items, responses: responses) }?.kind == .defect)
        #expect(try store.cells().isEmpty)
    }

    @Test func `a transaction that never ends leaves no part of a cell`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let digest = try store.contentDigest()
        // A copy of the files in the middle of a transaction is what a killed process leaves behind.
        let copy = try TemporaryFolder()
        try store.write { db in
            try db.execute(
                sql: """
                    INSERT INTO cell SELECT 77, 'unfinished', checkpoint, task, condition, 'other', 1, 0, 1, 9, 0, 0
                    FROM cell; PRAGMA cache_spill = 1; PRAGMA cache_size = 5
                    """)
            for index in 0..<20_000 {
                try db.execute(
                    sql: "INSERT INTO response VALUES (77, ?, 0, 1, 1, 'some output', NULL)", arguments: [index])
            }
            for suffix in ["", "-wal", "-shm"] {
                try FileManager.default.copyItem(atPath: folder.store.path + suffix, toPath: copy.store.path + suffix)
            }
        }
        let size = try FileManager.default.attributesOfItem(atPath: copy.store.path + "-wal")[.size] as? Int ?? 0
        #expect(size > 500_000, "the transaction must have reached the log for this test to mean anything")
        let revived = try Store(url: copy.store, mode: .readWrite)
        #expect(try revived.contentDigest() == digest)
        #expect(try revived.check().allSatisfy(\.isSound))
    }

    @Test func `the key of a cell tells apart everything that decides it`() {
        let key = Sample.key()
        var keys = [key]
        func changed(_ change: (inout CellKey) -> Void) {
            var other = key
            change(&other)
            keys.append(other)
        }
        changed { $0.checkpoint = ContentHash(of: "other") }
        changed { $0.task = ContentHash(of: "other") }
        changed { $0.condition = Condition(path: .recurrent) }
        changed { $0.kernelVersion = "2" }
        changed { $0.graderVersion = 2 }
        changed { $0.clusters = 11 }
        #expect(Set(keys.map(\.identity)).count == keys.count)
    }

    @Test func `damage between cells and responses is found`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        #expect(try store.check().allSatisfy(\.isSound))
        try store.write { try $0.execute(sql: "DELETE FROM response WHERE item = (SELECT max(item) FROM response)") }
        #expect(try store.check().contains { $0.check == "cells and their responses" && $0.problems.count == 1 })
    }

    @Test func `the canonical digest leaves out times, paths, ids and the order of recording, and nothing else`() throws
    {
        let one = try TemporaryFolder()
        let two = try TemporaryFolder()
        let first = try Sample.filled(one.store, seconds: 1, path: "/here")
        let second = try Store(url: two.store, mode: .readWrite)
        // Other integer ids: other rows first.
        try second.record(Sample.run("lightning"))
        try second.record(Sample.run())
        try second.record(Sample.checkpoint("lightning"))
        try second.close()
        let third = try Sample.filled(two.store, seconds: 2, path: "/there")
        try first.record(Sample.run("lightning"))
        try first.record(Sample.checkpoint("lightning"))
        let id = try third.begin(
            ProvenanceRecord(
                batch: Sample.batch.identity, assayVersion: "1", machine: "m", processor: "p", kernels: "avx2",
                swiftVersion: "6.3", command: "assay run", started: Date()))
        try third.end(id, outcome: "finished")
        #expect(try first.contentDigest() == third.contentDigest())
        var lines: [String] = []
        try first.canonicalDump { lines.append($0) }
        #expect(lines.count { $0.hasPrefix("response\t") } == 30)
        #expect(!lines.contains { $0.contains("/here") })
        try third.write { try $0.execute(sql: "UPDATE response SET nll = nll + 1e-15 WHERE item = 0") }
        #expect(try first.contentDigest() != third.contentDigest())
        let differing = zip(try first.tableDigests(), try third.tableDigests()).filter { $0 != $1 }.map(\.0.table)
        #expect(differing == ["response"])
    }

    @Test func `the canonical dump covers every table`() throws {
        let folder = try TemporaryFolder()
        let store = try Store(url: folder.store, mode: .readWrite)
        let tables = try store.read {
            try String.fetchSet($0, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        // Provenance holds times only, and digests of files go with the times of those; replies are in the cells that they
        // make; checkpoint and measurement are spelt out where they are used.
        let elsewhere: Set = ["provenance", "checkpoint", "measurement", "file_digest", "served_reply"]
        #expect(Set(CanonicalTable.all.map(\.name)) == tables.subtracting(elsewhere))
    }
}

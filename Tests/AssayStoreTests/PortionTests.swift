import AssayCore
import AssayStatistics
import Foundation
import GRDB
import Testing

@testable import AssayStore

struct PortionTests {
    /// Records the items of some clusters (three items each) as a portion.
    private func record(_ clusters: Range<Int>, _ store: Store) throws {
        let items = Sample.items(60).filter { clusters.contains($0.id.cluster) }
        let all = Sample.responses(Sample.items(60))
        let responses = all.filter { clusters.contains($0.item.cluster) }
        var key = Sample.key()
        (key.firstCluster, key.clusters) = (clusters.lowerBound, clusters.upperBound)
        try store.record(Sample.cell(responses, key: key), items: items, responses: responses)
    }

    @Test func `portions one after the other are one cell`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store, cells: false)
        var key = Sample.key()
        key.clusters = 16
        #expect(try store.coveredClusters(key) == 0)
        for portion in [0..<5, 5..<12, 14..<16] { try record(portion, store) }
        #expect(try store.coveredClusters(key) == 12 && !store.hasCell(key))
        try record(12..<14, store)
        #expect(try store.coveredClusters(key) == 16 && store.hasCell(key))
        let cells = try store.cells(ofCheckpoint: key.checkpoint)
        #expect(cells.count == 4)
        let cover = try #require(CellCover.covers(cells) { _ in 16 }.first)
        #expect(cover.identity == key.identity && cover.portions.map(\.key.firstCluster) == [0, 5, 12, 14])
        let items = try store.scoredItems(of: cover)
        #expect(
            items.map(\.item) == Sample.items(48)
                && items.map(\.response) == Sample.responses(Sample.items(60)).prefix(48).map { $0 })
    }

    @Test func `a cover ends where it is wanted to, and where the portions end`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store, cells: false)
        for portion in [0..<10, 10..<20] { try record(portion, store) }
        let cells = try store.cells()
        func cover(_ limit: Int?) -> CellCover? { CellCover.covers(cells) { _ in limit }.first }
        #expect(cover(nil)?.key.clusters == 20 && cover(99)?.key.clusters == 20)
        let short = try #require(cover(13))
        #expect(short.key.clusters == 13)
        #expect(try store.scoredItems(of: short).map(\.item.id.cluster).max() == 12)
        // One cell of just the clusters that are wanted is taken as it is.
        #expect(cover(10)?.portions.count == 1)
        #expect(CellCover.covers([]) { _ in 4 }.isEmpty)
    }

    @Test func `equal portions of a whole cell and beside it do not disturb each other`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        try record(5..<10, store)
        let cover = try #require(CellCover.covers(try store.cells()) { _ in 10 }.first)
        #expect(cover.portions.count == 1 && cover.portions[0].key.firstCluster == 0)
        #expect(try store.scoredItems(of: cover).count == 30)
    }

    @Test func `stores of the version before keep their cells and responses`() throws {
        let folder = try TemporaryFolder()
        let before = Schema.migrations.filter { $0.version < 4 }
        do {
            let store = try Store(url: folder.store, mode: .readWrite, migrations: before)
            try store.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO checkpoint VALUES (7, 'c'); INSERT INTO task VALUES (3, 't', 't', 'g', 1, '{}', 's',
                            'retrieval', 0, '{}');
                        INSERT INTO condition VALUES (2, 'x', 'parallel', '{}');
                        INSERT INTO cell VALUES (5, 'cell', 7, 3, 2, '1/avx2', 1, 128, 2, 1, 0.5);
                        INSERT INTO response VALUES (5, 1, 0, 1, NULL, 'a', NULL), (5, 2, 1, NULL, NULL, 'b', NULL);
                        """)
            }
            try store.close()
        }
        let store = try Store(url: folder.store, mode: .readWrite)
        try store.read { (db: Database) throws in
            let row = try #require(try Row.fetchOne(db, sql: "SELECT * FROM cell"))
            let numbers = ["id", "first_cluster", "clusters", "item_count", "lost"].map { row[$0] as Int }
            #expect(numbers == [5, 0, 128, 2, 1])
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM response WHERE cell = 5") == 2)
            #expect(try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").isEmpty)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master WHERE name = 'cell_task'") == 1)
        }
        // Responses still may not refer to cells that are not there.
        #expect(failure { try store.write { try $0.execute(sql: "DELETE FROM cell") } } != nil)
    }

    @Test func `where the drawing of items stopped comes back, and is written once`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store, cells: false)
        var record = SpendingRecord(
            task: "hops", method: .anytime, clusters: [12, 24, 30], look: 1, declared: 4, undecided: 0, items: 72,
            plannedItems: 90)
        #expect(try store.spending(ofBatch: Sample.batch.identity, version: "1").isEmpty)
        try store.record([record], of: Sample.batch.identity, version: "1")
        try store.record([record], of: Sample.batch.identity, version: "1")
        #expect(try store.spending(ofBatch: Sample.batch.identity, version: "1") == [record])
        #expect(try store.spending(ofBatch: Sample.batch.identity, version: "2").isEmpty)
        #expect(record.drawn == 24 && record.planned == 30)
        #expect(try store.drawnItems().map(\.batch) == ["nightly"])
        record.look = 2
        #expect(failure { try store.record([record], of: Sample.batch.identity, version: "1") }?.kind == .defect)
    }
}

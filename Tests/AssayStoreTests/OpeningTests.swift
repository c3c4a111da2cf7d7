import AssayCore
import Foundation
import GRDB
import Testing

@testable import AssayStore

struct OpeningTests {
    @Test func `a new store has the newest version, the application id, strict tables and a write-ahead log`() throws {
        let folder = try TemporaryFolder()
        let store = try Store(url: folder.store, mode: .readWrite)
        try store.read { (db: Database) throws in
            #expect(try Int.fetchOne(db, sql: "PRAGMA user_version") == Store.schemaVersion)
            #expect(try Int.fetchOne(db, sql: "PRAGMA application_id") == 0x4153_5359)
            #expect(try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal")
            #expect(try Int.fetchOne(db, sql: "PRAGMA foreign_keys") == 1)
            let lax = try String.fetchAll(
                db,
                sql:
                    "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%'"
            )
            #expect(lax.isEmpty)
        }
    }

    @Test func `every migration is applied once, in order, and rows survive it`() throws {
        let folder = try TemporaryFolder()
        let first = Migration(version: 1, statements: "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7);")
        let second = Migration(version: 2, statements: "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 3;")
        try Store(url: folder.store, mode: .readWrite, migrations: [first]).close()
        try Store(url: folder.store, mode: .readWrite, migrations: [first, second]).close()
        let store = try Store(url: folder.store, mode: .readWrite, migrations: [first, second])
        try store.read { (db: Database) throws in
            #expect(try Int.fetchOne(db, sql: "PRAGMA user_version") == 2)
            #expect(try Row.fetchAll(db, sql: "SELECT x, y FROM a") == [["x": 7, "y": 3]])
        }
    }

    @Test func `a migration that fails changes nothing`() throws {
        let folder = try TemporaryFolder()
        let first = Migration(version: 1, statements: "CREATE TABLE a (x INTEGER) STRICT;")
        let broken = Migration(version: 2, statements: "CREATE TABLE b (y INTEGER) STRICT; CREATE NONSENSE;")
        try Store(url: folder.store, mode: .readWrite, migrations: [first]).close()
        #expect(throws: (any Error).self) {
            try Store(url: folder.store, mode: .readWrite, migrations: [first, broken])
        }
        let store = try Store(url: folder.store, mode: .readWrite, migrations: [first])
        try store.read { (db: Database) throws in
            #expect(try Int.fetchOne(db, sql: "PRAGMA user_version") == 1)
            #expect(try db.tableExists("b") == false)
        }
    }

    @Test func `a store from a newer version is refused, for reading and writing, and left as it is`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let digest = try store.contentDigest()
        try store.write { try $0.execute(sql: "PRAGMA user_version = 99") }
        try store.close()
        for mode in [Store.Mode.readWrite, .readOnly] {
            let error = failure { _ = try Store(url: folder.store, mode: mode) }
            #expect(error?.kind == .badInput)
            #expect(error?.problem.contains("newer assay (schema 99") == true)
            #expect(error?.location == folder.store.path)
        }
        let again = try Store(
            url: folder.store, mode: .readWrite, migrations: [Migration(version: 99, statements: "")])
        #expect(try again.contentDigest() == digest)
    }

    @Test func `an older store is not read before it was brought up to date`() throws {
        let folder = try TemporaryFolder()
        let first = Migration(version: 1, statements: "CREATE TABLE a (x INTEGER) STRICT;")
        let second = Migration(version: 2, statements: "CREATE TABLE b (x INTEGER) STRICT;")
        try Store(url: folder.store, mode: .readWrite, migrations: [first]).close()
        let error = failure { _ = try Store(url: folder.store, mode: .readOnly, migrations: [first, second]) }
        #expect(error?.problem == "the store was written by an older assay (schema 1, this one needs 2)")
    }

    @Test func `a file that is no database is refused and not touched`() throws {
        let folder = try TemporaryFolder()
        let content = Data("name: nightly\nsuite: core\n".utf8)
        try content.write(to: folder.store)
        for mode in [Store.Mode.readWrite, .readOnly] {
            let error = failure { _ = try Store(url: folder.store, mode: mode) }
            #expect(error?.kind == .badInput)
            #expect(error?.problem.contains("damaged") == true)
        }
        #expect(try Data(contentsOf: folder.store) == content)
    }

    @Test func `another program's database is refused and not touched`() throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.store.path)
        try queue.write { try $0.execute(sql: "CREATE TABLE recipe (name TEXT)") }
        try queue.close()
        let error = failure { _ = try Store(url: folder.store, mode: .readWrite) }
        #expect(error?.problem == "is an SQLite file, but not a store of assay")
        let tables = try DatabaseQueue(path: folder.store.path).read {
            try String.fetchAll($0, sql: "SELECT name FROM sqlite_master")
        }
        #expect(tables == ["recipe"])
    }

    @Test func `a damaged page is an error that says so`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        try store.checkpointLog()
        try store.close()
        let handle = try FileHandle(forUpdating: folder.store)
        let size = try handle.seekToEnd()
        for page in 1..<(Int(size) / 4096) {
            try handle.seek(toOffset: UInt64(page * 4096))
            try handle.write(contentsOf: Data(repeating: 0xA5, count: 512))
        }
        try handle.close()
        let error = failure {
            let store = try Store(url: folder.store, mode: .readOnly)
            _ = try store.contentDigest()
        }
        #expect(error?.kind == .badInput)
        #expect(error?.problem.contains("damaged") == true)
        #expect(error?.remedy?.contains("backup") == true)
    }

    @Test func `a truncated file is an error, not an empty store`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        try store.checkpointLog()
        try store.close()
        let whole = try Data(contentsOf: folder.store)
        try whole.prefix(whole.count / 3).write(to: folder.store)
        let error = failure {
            let store = try Store(url: folder.store, mode: .readWrite)
            _ = try store.contentDigest()
        }
        #expect(error?.problem.contains("damaged") == true)
    }

    @Test func `a second writer is refused while the first one has the store, and readers are not`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let error = failure { _ = try Store(url: folder.store, mode: .readWrite) }
        #expect(error?.kind == .system)
        #expect(error?.problem.hasPrefix("the store is in use by another run (process \(getpid()))") == true)
        let reader = try Store(url: folder.store, mode: .readOnly)
        #expect(try reader.responseCount() == 30)
        try store.close()
        _ = try Store(url: folder.store, mode: .readWrite)
    }

    @Test func `a lock file that a killed process left behind locks nobody out`() throws {
        let folder = try TemporaryFolder()
        try Data("process 1".utf8).write(to: StoreLock.file(of: folder.store))
        _ = try Store(url: folder.store, mode: .readWrite)
    }

    @Test func `a reader never writes`() throws {
        let folder = try TemporaryFolder()
        try Sample.filled(folder.store).close()
        let reader = try Store(url: folder.store, mode: .readOnly)
        #expect(failure { try reader.record(Sample.task) }?.kind == .defect)
    }

    @Test func `a store that is not there is not made by reading`() throws {
        let folder = try TemporaryFolder()
        let error = failure { _ = try Store(url: folder.store, mode: .readOnly) }
        #expect(error?.problem == "there is no store")
        #expect(!FileManager.default.fileExists(atPath: folder.store.path))
    }

    @Test func `a folder that cannot be written is named`() {
        let error = failure { _ = try Store(url: URL(fileURLWithPath: "/proc/assay/assay.sqlite"), mode: .readWrite) }
        #expect(error?.kind == .system)
        #expect(error?.location == "/proc/assay/assay.sqlite")
        let beside = failure { _ = try Store(url: URL(fileURLWithPath: "/proc/assay.sqlite"), mode: .readWrite) }
        #expect(beside?.kind == .system)
    }

    @Test func `a folder in the place of the store is named`() throws {
        let folder = try TemporaryFolder()
        #expect(failure { _ = try Store(url: folder.url, mode: .readOnly) }?.problem == "is a folder, not a store")
    }

    @Test func `a full disk is said so, the cell is absent, and the store goes on once there is room`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let digest = try store.contentDigest()
        let pages = try store.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        try store.unconstrainedWrite { try $0.execute(sql: "PRAGMA max_page_count = \(pages + 2)") }
        let items = Sample.items(5000)
        let responses = Sample.responses(items)
        let cell = Sample.cell(responses, key: Sample.key(path: .recurrent))
        let error = failure { try store.record(cell, items: items, responses: responses) }
        #expect(error?.kind == .system)
        #expect(error?.problem.contains("disk is full") == true)
        #expect(try store.contentDigest() == digest)
        try store.unconstrainedWrite { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        #expect(try store.record(cell, items: items, responses: responses))
        #expect(try store.check().allSatisfy(\.isSound))
    }
}

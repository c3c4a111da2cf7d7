import AssayCore
import Foundation
import GRDB

/// Everything that was run and what came out, in one SQLite file. Nobody else speaks SQL.
///
/// Rows have content hashes as identities: recording what is already there does nothing, and recording other content
/// under the same identity is an error. A cell and its responses are written in one transaction, so a cell is there
/// whole or not at all. One process writes at a time; any number of processes read.
public final class Store: Sendable {
    /// What the store is opened for.
    public enum Mode: Sendable {
        /// Reading and writing: makes the file when there is none, and keeps other writers out.
        case readWrite
        /// Reading only, also while another process writes.
        case readOnly
    }

    /// The file.
    public let url: URL
    /// What it was opened for.
    public let mode: Mode

    let reader: any DatabaseReader
    private let writer: (any DatabaseWriter)?
    private let lock: StoreLock?
    /// Item lists that this process has recorded or held against the store before, by task: digests.
    let knownItems = Guarded<Set<KnownItems>>([])

    /// The version of the schema that this program writes.
    public static var schemaVersion: Int { Schema.migrations.last?.version ?? 0 }

    /// Opens a store.
    /// - Throws: ``AssayError`` when the file is damaged, is not a store, was written by a newer version, cannot be
    ///   written, or is written to by another process.
    public convenience init(url: URL, mode: Mode) throws {
        try self.init(url: url, mode: mode, migrations: Schema.migrations)
    }

    init(url: URL, mode: Mode, migrations: [Migration]) throws {
        self.url = url
        self.mode = mode
        switch mode {
        case .readWrite:
            try Store.makeFolder(of: url)
            lock = try StoreLock(for: url)
            let pool: DatabasePool
            do {
                try Store.refuseForeignFile(url)
                pool = try DatabasePool(path: url.path, configuration: Store.configuration(readOnly: false))
                try pool.writeWithoutTransaction { try Store.migrate($0, migrations, at: url) }
            } catch {
                throw StoreFailure.explain(error, at: url)
            }
            writer = pool
            reader = pool
        case .readOnly:
            lock = nil
            writer = nil
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw AssayError.badInput(
                    "there is no store", at: url.path, remedy: "Run a batch first, or name the store with --store")
            }
            do {
                try Store.refuseForeignFile(url)
                reader = try Store.openForReading(url, migrations)
            } catch {
                throw StoreFailure.explain(error, at: url)
            }
        }
    }

    // MARK: - Access

    /// Reads in one snapshot.
    func read<T>(_ body: (Database) throws -> T) throws -> T {
        do { return try reader.read(body) } catch { throw StoreFailure.explain(error, at: url) }
    }

    /// Writes in one transaction: all of it or nothing.
    func write<T>(_ body: (Database) throws -> T) throws -> T {
        guard let writer else {
            throw AssayError(.defect, "writing to a store that was opened for reading", at: url.path)
        }
        do { return try writer.write(body) } catch { throw StoreFailure.explain(error, at: url) }
    }

    /// Writes outside of any transaction, for settings of the connection.
    func unconstrainedWrite(_ body: (Database) throws -> Void) throws {
        guard let writer else {
            throw AssayError(.defect, "writing to a store that was opened for reading", at: url.path)
        }
        do { try writer.writeWithoutTransaction(body) } catch { throw StoreFailure.explain(error, at: url) }
    }

    /// Moves what the write-ahead log holds into the main file, so that the one file can be copied.
    public func checkpointLog() throws {
        guard mode == .readWrite else { return }
        try unconstrainedWrite { _ = try $0.checkpoint(.truncate) }
    }

    /// Ends the use of the file and gives the lock back.
    public func close() throws {
        do { try reader.close() } catch { throw StoreFailure.explain(error, at: url) }
        lock?.release()
    }

    // MARK: - Opening

    private static func configuration(readOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(10)
        configuration.label = "assay"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY")
            if !readOnly { try db.execute(sql: "PRAGMA synchronous = NORMAL") }
        }
        return configuration
    }

    /// Opens a file for reading.
    ///
    /// A store in a folder that cannot be written has no place for the index of its write-ahead log; when no writer
    /// left a log there, the file is complete and can be read as it is.
    private static func openForReading(_ url: URL, _ migrations: [Migration]) throws -> any DatabaseReader {
        func open(_ path: String) throws -> any DatabaseReader {
            let queue = try DatabaseQueue(path: path, configuration: configuration(readOnly: true))
            try queue.read { _ = try checkVersion($0, migrations, at: url) }
            return queue
        }
        do {
            return try open(url.path)
        } catch let error as DatabaseError where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) {
            let log = try? FileManager.default.attributesOfItem(atPath: url.path + "-wal")[.size] as? Int
            let path = url.path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)
            guard (log ?? 0) == 0, let path, let reader = try? open("file:\(path)?immutable=1") else { throw error }
            return reader
        }
    }

    private static func makeFolder(of url: URL) throws {
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        } catch {
            throw AssayError(
                .system, "cannot make the folder of the store: \(error.localizedDescription)", at: url.path,
                remedy: "Check the permissions, or name another store")
        }
    }

    /// Looks at the header before SQLite does, which would turn some foreign files into databases of its own.
    private static func refuseForeignFile(_ url: URL) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return }
        guard !isFolder.boolValue else {
            throw AssayError.badInput("is a folder, not a store", at: url.path, remedy: "Name a file")
        }
        guard let handle = try? FileHandle(forReadingFrom: url) else {
            throw AssayError(
                .system, "the store cannot be read", at: url.path, remedy: "Check the permissions of the file")
        }
        defer { try? handle.close() }
        let header = (try? handle.read(upToCount: 100)) ?? Data()
        if !header.isEmpty, !header.starts(with: Data("SQLite format 3\0".utf8)) {
            throw StoreFailure.damaged("it does not begin like an SQLite file", at: url.path)
        }
    }

    /// The version of a store, or an error when the file is not a store or comes from a newer program.
    private static func checkVersion(_ db: Database, _ migrations: [Migration], at url: URL) throws -> Int {
        let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        let newest = migrations.last?.version ?? 0
        let isEmpty = application == 0 && version == 0 && tables == 0
        guard application == Schema.applicationID || isEmpty else {
            throw AssayError.badInput(
                "is an SQLite file, but not a store of assay", at: url.path, remedy: "Name another file for the store")
        }
        guard version <= newest else {
            throw AssayError.badInput(
                "the store was written by a newer assay (schema \(version), this one knows \(newest))", at: url.path,
                remedy: "Use that version of assay, or name another store")
        }
        if db.configuration.readonly, version < newest {
            throw AssayError.badInput(
                isEmpty
                    ? "the store is empty"
                    : "the store was written by an older assay (schema \(version), this one needs \(newest))",
                at: url.path, remedy: "Open it once for writing with 'assay run', which brings it up to date")
        }
        return version
    }

    /// Brings a store to the newest version, each step in a transaction of its own.
    private static func migrate(_ db: Database, _ migrations: [Migration], at url: URL) throws {
        let version = try checkVersion(db, migrations, at: url)
        for migration in migrations where migration.version > version {
            try db.inTransaction(.immediate) {
                try db.execute(sql: migration.statements)
                try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
                try db.execute(sql: "PRAGMA user_version = \(migration.version)")
                return .commit
            }
        }
    }
}

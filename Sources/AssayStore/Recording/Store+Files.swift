import AssayCore
import GRDB

/// Digests of files, so that a file of hundreds of megabytes is not hashed every night. They are of this machine and follow
/// from nothing that is recorded: no digest of a store covers them.
extension Store {
    /// The digest of a file, if one was kept under the same stamp.
    public func fileDigest(path: String, stamp: String) throws -> ContentHash? {
        try read { db in
            try Row.fetchOne(
                db, sql: "SELECT digest FROM file_digest WHERE path = ? AND stamp = ?", arguments: [path, stamp]
            ).map { try $0.hash(0) }
        }
    }

    /// Keeps the digest of a file in place of an earlier one.
    public func keepFileDigest(path: String, stamp: String, digest: ContentHash) throws {
        try write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO file_digest (path, stamp, digest) VALUES (?, ?, ?)",
                arguments: [path, stamp, digest.hexadecimal])
        }
    }
}

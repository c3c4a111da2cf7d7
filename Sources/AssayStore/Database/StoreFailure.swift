import AssayCore
import Foundation
import GRDB

/// Turns what SQLite says into what a user can act on.
enum StoreFailure {
    /// The error to show for an error that came out of the database.
    static func explain(_ error: any Error, at url: URL) -> any Error {
        guard let failure = error as? DatabaseError else { return error }
        let path = url.path
        let message = failure.message ?? "\(failure.resultCode)"
        switch failure.resultCode {
        case .SQLITE_FULL:
            return AssayError(
                .system, "the disk is full, the last step was not recorded", at: path,
                remedy: "Make room and run the same command again: it goes on where it stopped")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            return AssayError(
                .system, "the store cannot be written: \(message)", at: path,
                remedy: "Check the permissions of the file and of its folder, or name another store")
        case .SQLITE_CANTOPEN:
            return AssayError(
                .system, "the store cannot be opened: \(message)", at: path,
                remedy: "Check that the folder exists and that you may read and write it")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return AssayError(
                .system, "the store is in use by another process", at: path,
                remedy: "Wait until it has ended, then run the same command again")
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            return damaged(message, at: path)
        case .SQLITE_IOERR:
            return AssayError(
                .system, "the disk failed: \(message)", at: path,
                remedy: "Check the disk; what was recorded before is kept")
        default:
            return AssayError(.defect, "unexpected answer of the database: \(failure)", at: path)
        }
    }

    /// The file is no sound SQLite file.
    static func damaged(_ detail: String, at path: String) -> AssayError {
        .badInput(
            "the store is damaged: \(detail)", at: path,
            remedy: "Put a backup in its place, or move the file away: a new run makes a new store")
    }
}

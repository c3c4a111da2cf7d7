import AssayCore
import GRDB

/// Replies of served models, each kept when it is there: a cell that is not whole yet goes on from them. What is concluded
/// from them is in cells, so no digest of a store covers them.
extension Store {
    /// The answer to a question, as text; nil when it was not kept.
    public func reply(to question: ContentHash) throws -> String? {
        try read { db in
            try String.fetchOne(
                db, sql: "SELECT answer FROM served_reply WHERE question = ?", arguments: [question.hexadecimal])
        }
    }

    /// Keeps the answer to a question, unless one is there.
    public func keepReply(_ answer: String, to question: ContentHash) throws {
        try write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO served_reply (question, answer) VALUES (?, ?)",
                arguments: [question.hexadecimal, answer])
        }
    }
}

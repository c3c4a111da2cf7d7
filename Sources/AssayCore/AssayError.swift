import Foundation

/// An error that a user can act on: what was wrong, where, and what to do.
public struct AssayError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// What kind of fault it is; decides the exit status of the command.
    public enum Kind: Sendable, Equatable {
        /// The command was called wrongly: exit 64.
        case usage
        /// A file, a plan or a store that the user gave is wrong: exit 65.
        case badInput
        /// The machine said no: a full disk, no permission, a store in use: exit 74.
        case system
        /// Assay itself is at fault: exit 70.
        case defect
    }

    /// What kind of fault it is.
    public let kind: Kind
    /// What was wrong, as a sentence without a full stop.
    public let problem: String
    /// Where it was: `file`, `file:line`, or nil.
    public let location: String?
    /// What to do about it, or nil.
    public let remedy: String?

    /// An error of a kind.
    public init(_ kind: Kind, _ problem: String, at location: String? = nil, remedy: String? = nil) {
        self.kind = kind
        self.problem = problem
        self.location = location
        self.remedy = remedy
    }

    /// Bad input, the most frequent kind.
    public static func badInput(_ problem: String, at location: String? = nil, remedy: String? = nil) -> AssayError {
        AssayError(.badInput, problem, at: location, remedy: remedy)
    }

    /// The exit status of the command (sysexits.h).
    public var exitStatus: Int32 {
        switch kind {
        case .usage: 64
        case .badInput: 65
        case .defect: 70
        case .system: 74
        }
    }

    /// `location: problem (remedy)`, on one line.
    public var description: String {
        (location.map { "\($0): " } ?? "") + problem + (remedy.map { ". \($0)" } ?? "")
    }

    /// The same line, for Foundation.
    public var errorDescription: String? { description }
}

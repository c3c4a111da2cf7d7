/// A place in a file that a user wrote: where an error is said to be.
public struct SourceMark: Sendable, Hashable, CustomStringConvertible {
    /// The path of the file, as it was given.
    public var file: String
    /// The line, from 1.
    public var line: Int

    /// A place.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// `file:line`.
    public var description: String { "\(file):\(line)" }
}

/// A value with the place where it was written.
public struct Marked<Value: Sendable>: Sendable {
    /// The value.
    public var value: Value
    /// Where it stands.
    public var mark: SourceMark

    /// A value at a place.
    public init(_ value: Value, at mark: SourceMark) {
        self.value = value
        self.mark = mark
    }
}

extension Marked: Equatable where Value: Equatable {}
extension Marked: Hashable where Value: Hashable {}

import Foundation

/// Writing to the terminal: results on standard output, everything else on standard error.
enum Output {
    /// Prints to standard output.
    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    /// Prints a line to standard output.
    static func line(_ text: String = "") { write(text + "\n") }

    /// Prints a line to standard error.
    static func notice(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

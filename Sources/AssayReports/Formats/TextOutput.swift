import AssayCore
import Foundation

/// Where text goes, piece by piece.
public protocol TextOutput: AnyObject {
    /// Appends a text.
    func write(_ text: String) throws
}

/// Keeps the text.
public final class StringOutput: TextOutput {
    /// What was written so far.
    public private(set) var text = ""

    /// An empty text.
    public init() {}

    /// Appends a text.
    public func write(_ text: String) { self.text += text }
}

/// Writes to a file or to standard output through a buffer.
///
/// A file is there under its name when ``finish()`` was called, whole; before that it has a temporary name, so a report
/// that was interrupted never looks like one that was not.
public final class FileOutput: TextOutput {
    private static let bufferSize = 1 << 16

    private let handle: FileHandle
    private let target: URL?
    private let temporary: URL?
    private var buffer: [UInt8] = []
    private var isOpen = true

    /// Writes to standard output.
    public init() {
        handle = .standardOutput
        target = nil
        temporary = nil
    }

    /// Writes a file, which replaces the one that is there.
    public init(_ url: URL) throws {
        // Always the same name, so that what a killed process left is replaced by the next one.
        let temporary = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).tmp")
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: temporary)
            handle = try FileHandle(forWritingTo: temporary)
        } catch {
            throw FileOutput.failure(error, url)
        }
        target = url
        self.temporary = temporary
    }

    deinit {
        guard isOpen, let temporary else { return }
        try? handle.close()
        try? FileManager.default.removeItem(at: temporary)
    }

    /// Appends a text.
    public func write(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= FileOutput.bufferSize { try flush() }
    }

    /// Writes what is left, and gives a file its name.
    public func finish() throws {
        try flush()
        guard let target, let temporary else { return }
        do {
            try handle.close()
            isOpen = false
            guard rename(temporary.path, target.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw FileOutput.failure(error, target)
        }
    }

    private func flush() throws {
        guard !buffer.isEmpty else { return }
        do { try handle.write(contentsOf: buffer) } catch { throw FileOutput.failure(error, target) }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func failure(_ error: any Error, _ url: URL?) -> AssayError {
        AssayError(
            .system, "cannot write: \(error.localizedDescription)", at: url?.path ?? "standard output",
            remedy: "Check that the disk has room and the folder can be written")
    }
}

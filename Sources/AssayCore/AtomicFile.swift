import Foundation

/// Files that are there whole or not at all, also after a kill or a power cut.
public enum AtomicFile {
    /// Writes a file through a temporary neighbour that is synchronised and then renamed.
    /// - Throws: ``AssayError`` of kind `system` when the disk is full or the folder cannot be written.
    public static func write(_ data: Data, to url: URL) throws {
        // Always the same name, so that what a killed process left is replaced by the next one.
        let temporary = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).tmp")
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try data.write(to: temporary)
            let handle = try FileHandle(forUpdating: temporary)
            try handle.synchronize()
            try handle.close()
            guard rename(temporary.path, url.path) == 0 else {
                throw CocoaError(.fileWriteUnknown)
            }
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw AssayError(
                .system, "cannot write: \(error.localizedDescription)", at: url.path,
                remedy: "Check that the disk has room and the folder can be written")
        }
    }

    /// Writes a text in UTF-8.
    public static func write(_ text: String, to url: URL) throws { try write(Data(text.utf8), to: url) }
}

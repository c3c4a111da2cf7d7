import AssayCore
import Foundation

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What the file system says of a file: as long as it stays the same, the content is the same.
///
/// The time of the last change of the inode is part of it: setting the time of the content back does not set that back.
struct FileStamp: Sendable, Hashable, CustomStringConvertible {
    let size: Int
    let inode: UInt64
    /// Nanoseconds since 1970.
    let modified: Int
    let changed: Int

    /// The stamp of a file; nil when there is none.
    init?(_ url: URL) {
        var status = stat()
        guard stat(url.path, &status) == 0 else { return nil }
        size = Int(status.st_size)
        inode = UInt64(status.st_ino)
        #if canImport(Darwin)
            let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
        #else
            let (modified, changed) = (status.st_mtim, status.st_ctim)
        #endif
        self.modified = modified.tv_sec * 1_000_000_000 + modified.tv_nsec
        self.changed = changed.tv_sec * 1_000_000_000 + changed.tv_nsec
    }

    /// Whether the file was changed so shortly before a moment that another change could leave the same stamp.
    func isFresh(at now: Date) -> Bool {
        Double(max(modified, changed)) / 1e9 > now.timeIntervalSince1970 - 2
    }

    /// As it is kept in the store.
    var description: String { "\(size) \(inode) \(modified) \(changed)" }
}

/// The SHA-256 of files, each computed once as long as its stamp stays the same.
struct FileDigests {
    /// Looks a digest up that was kept under a path and a stamp.
    let known: (_ path: String, _ stamp: String) throws -> ContentHash?
    /// Keeps one.
    let keep: (_ path: String, _ stamp: String, _ digest: ContentHash) throws -> Void

    /// The digest of a file's bytes.
    /// - Throws: ``IncompleteCheckpoint`` when the file changes meanwhile.
    func digest(of url: URL) throws -> ContentHash {
        guard let stamp = FileStamp(url) else { throw CheckpointIdentity.changing(url) }
        if let digest = try known(url.path, "\(stamp)") { return digest }
        let digest = try FileDigests.compute(url)
        guard let after = FileStamp(url), after == stamp else { throw CheckpointIdentity.changing(url) }
        if !stamp.isFresh(at: Date()) { try keep(url.path, "\(stamp)", digest) }
        return digest
    }

    /// Reads a file in pieces and hashes it.
    private static func compute(_ url: URL) throws -> ContentHash {
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            var hasher = ContentHasher()
            while let data = try handle.read(upToCount: 4 << 20), !data.isEmpty {
                data.withUnsafeBytes { hasher.update($0) }
            }
            return hasher.finish()
        } catch {
            throw AssayError.badInput("cannot be read: \(error.localizedDescription)", at: url.path)
        }
    }
}

import AssayCore
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The right to write to a store: held by at most one process, and let go by the system when that process ends,
/// however it ends.
final class StoreLock: Sendable {
    private let descriptor: Guarded<Int32?>

    /// The lock file that belongs to a store: its neighbour with `.lock` appended.
    static func file(of store: URL) -> URL { URL(fileURLWithPath: store.path + ".lock") }

    /// Takes the lock, or says who holds it.
    init(for store: URL) throws {
        let path = StoreLock.file(of: store).path
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else {
            throw AssayError(
                .system, "cannot write beside the store: \(String(cString: strerror(errno)))", at: path,
                remedy: "Check that the folder exists and can be written, or name another store")
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = StoreLock.text(of: opened)
            close(opened)
            guard reason == EWOULDBLOCK else {
                throw AssayError(
                    .system, "the store cannot be locked: \(String(cString: strerror(reason)))", at: path,
                    remedy: "Name a store on a file system with locks, such as a local disk")
            }
            throw AssayError(
                .system, "the store is in use by another run" + (holder.isEmpty ? "" : " (\(holder))"), at: store.path,
                remedy: "Wait until it has ended, or name another store; reading it now is safe")
        }
        descriptor = Guarded(opened)
        let line = Array("process \(ProcessInfo.processInfo.processIdentifier)".utf8)
        _ = ftruncate(opened, 0)
        _ = pwrite(opened, line, line.count, 0)
    }

    deinit { release() }

    /// Lets go of the lock; doing so again does nothing.
    func release() {
        descriptor.withValue { held in
            if let open = held { close(open) }
            held = nil
        }
    }

    private static func text(of descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : ""
    }
}

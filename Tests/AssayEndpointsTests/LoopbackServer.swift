import Foundation

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// An HTTP server on this machine that does what a test says, and misbehaves on command. One request a connection.
final class LoopbackServer: @unchecked Sendable {
    /// What came in.
    struct Request: Sendable {
        let path: String
        let headers: [String: String]
        let body: Data
        /// Which one since the beginning, from 0.
        let number: Int
    }

    /// What goes out.
    enum Reply: Sendable {
        /// A status with a body, and perhaps further headers.
        case status(Int, String, [String: String] = [:])
        /// A reply that breaks off after so many bytes of its body, which it promises whole.
        case cutOff(String, after: Int)
        /// The connection is closed without a word.
        case closed
        /// Nothing for so long, then the connection is closed.
        case silence(seconds: Double)
        /// Bytes as they are, which need not be HTTP.
        case raw([UInt8])
    }

    private let lock = NSLock()
    private let handler: @Sendable (Request) -> Reply
    private let lastRequest: Int?
    private var listener: Int32 = -1
    private var count = 0
    /// The port, the same after a restart.
    private(set) var port: UInt16 = 0

    /// A server that listens, and with `lastRequest` stops listening by itself when it gets the request of that number.
    init(lastRequest: Int? = nil, _ handler: @escaping @Sendable (Request) -> Reply) throws {
        self.handler = handler
        self.lastRequest = lastRequest
        try start()
    }

    deinit { stop() }

    /// The address of the protocol.
    var base: String { "http://127.0.0.1:\(port)/v1" }
    /// Requests so far.
    var requests: Int { lock.withLock { count } }

    /// Listens, at the port of the last time.
    func start() throws {
        #if canImport(Darwin)
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            throw POSIXError(.EADDRINUSE)
        }
        port = UInt16(bigEndian: address.sin_port)
        lock.withLock { listener = descriptor }
        let thread = Thread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0, let self else {
                    if connection >= 0 { close(connection) }
                    return
                }
                let worker = Thread { [weak self] in
                    self?.serve(connection)
                    close(connection)
                }
                worker.start()
            }
        }
        thread.start()
    }

    /// Stops listening: who connects is refused.
    func stop() {
        let descriptor = lock.withLock { () -> Int32 in
            defer { listener = -1 }
            return listener
        }
        guard descriptor >= 0 else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private func serve(_ connection: Int32) {
        #if canImport(Darwin)
            var yes: Int32 = 1
            setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
        #endif
        guard let request = read(connection) else { return }
        if request.number == lastRequest { stop() }
        switch handler(request) {
        case .status(let status, let body, let headers):
            write(connection, Self.head(status, length: body.utf8.count, headers) + Array(body.utf8))
        case .cutOff(let body, let count):
            write(connection, Self.head(200, length: body.utf8.count, [:]) + Array(body.utf8.prefix(count)))
        case .closed: break
        case .silence(let seconds): Thread.sleep(forTimeInterval: seconds)
        case .raw(let bytes): write(connection, bytes)
        }
        shutdown(connection, Int32(SHUT_WR))
    }

    private static func head(_ status: Int, length: Int, _ headers: [String: String]) -> [UInt8] {
        let lines =
            [
                "HTTP/1.1 \(status) X", "Content-Type: application/json", "Content-Length: \(length)",
                "Connection: close",
            ]
            + headers.map { "\($0): \($1)" }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        func more() -> Bool {
            let got = recv(connection, &buffer, buffer.count, 0)
            if got > 0 { bytes += buffer[..<got] }
            return got > 0
        }
        let end = Array("\r\n\r\n".utf8)
        var head: Int?
        while head == nil {
            guard more() else { return nil }
            head = (0..<max(0, bytes.count - 3)).first { bytes[$0..<($0 + 4)].elementsEqual(end) }
        }
        guard let head else { return nil }
        let lines = String(decoding: bytes[..<head], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        let length = headers["content-length"].flatMap(Int.init) ?? 0
        while bytes.count < head + 4 + length { guard more() else { return nil } }
        let number = lock.withLock { () -> Int in
            defer { count += 1 }
            return count
        }
        return Request(
            path: lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? "", headers: headers,
            body: Data(bytes[(head + 4)...]), number: number)
    }

    private func write(_ connection: Int32, _ bytes: [UInt8]) {
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(connection, $0.baseAddress, $0.count, flags) }
            guard count > 0 else { return }
            sent += count
        }
    }
}

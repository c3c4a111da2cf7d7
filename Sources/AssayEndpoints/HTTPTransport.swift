import AssayCore
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A reply of a server, whatever its status.
struct HTTPReply: Sendable {
    let status: Int
    let retryAfter: String?
    let body: Data
}

/// Why there was no reply.
enum HTTPFailure: Error, Sendable {
    case connection(String)
    case timedOut
    case tooLarge
    case stopped
}

/// Makes requests; tests put faults in its place.
protocol HTTPTransport: Sendable {
    /// Posts a body and waits for the reply, but no longer than until it should stop.
    /// - Throws: ``HTTPFailure``.
    func post(
        _ body: Data, to url: URL, headers: [String: String], timeout: Double, shouldStop: @Sendable () -> Bool
    ) throws -> HTTPReply
}

/// Requests by Foundation's `URLSession`. Replies are bounded, and a redirection is a reply like any other: a key is sent to
/// no address that the user did not write.
final class URLSessionTransport: NSObject, HTTPTransport, URLSessionDataDelegate, @unchecked Sendable {
    /// Longest reply that is read, in bytes.
    static let replyLimit = 16 << 20

    /// A request on its way.
    private final class Flight: @unchecked Sendable {
        let done = DispatchSemaphore(value: 0)
        var body = Data()
        var isTooLarge = false
        var error: (any Error)?
    }

    private let lock = NSLock()
    private var flights: [Int: Flight] = [:]
    private var session: URLSession?

    init(parallel: Int) {
        super.init()
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = parallel
        configuration.httpShouldSetCookies = false
        configuration.urlCache = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
    }

    /// Ends the session, which keeps its delegate alive until then.
    func close() { lock.withLock { session.take() }?.invalidateAndCancel() }

    func post(
        _ body: Data, to url: URL, headers: [String: String], timeout: Double, shouldStop: @Sendable () -> Bool
    ) throws -> HTTPReply {
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.httpBody = body
        request.timeoutInterval = timeout
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let flight = Flight()
        guard
            let task = lock.withLock({ () -> URLSessionDataTask? in
                let task = session?.dataTask(with: request)
                if let task { flights[task.taskIdentifier] = flight }
                return task
            })
        else { throw HTTPFailure.connection("the client was closed") }
        task.resume()
        // The interval above counts from the last byte; a server that sends a byte now and then must not hold us either.
        let end = DispatchTime.now() + timeout
        var isDone = false
        while !isDone, DispatchTime.now() < end, !shouldStop() {
            isDone = flight.done.wait(timeout: min(end, .now() + 0.1)) == .success
        }
        lock.withLock { flights[task.taskIdentifier] = nil }
        guard isDone else {
            task.cancel()
            throw DispatchTime.now() < end ? HTTPFailure.stopped : .timedOut
        }
        if flight.isTooLarge { throw HTTPFailure.tooLarge }
        if let error = flight.error { throw HTTPFailure(error) }
        guard let response = task.response as? HTTPURLResponse else {
            throw HTTPFailure.connection("the reply is not HTTP")
        }
        return HTTPReply(
            status: response.statusCode, retryAfter: response.value(forHTTPHeaderField: "Retry-After"),
            body: flight.body)
    }

    private func flight(of task: URLSessionTask) -> Flight? { lock.withLock { flights[task.taskIdentifier] } }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        guard let flight = flight(of: dataTask), !flight.isTooLarge else { return }
        guard flight.body.count + data.count <= Self.replyLimit else {
            flight.isTooLarge = true
            dataTask.cancel()
            return
        }
        flight.body.append(data)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        guard let flight = flight(of: task) else { return }
        flight.error = error
        flight.done.signal()
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}

extension HTTPFailure {
    /// What an error of the session means. Its own text is not told: it can hold the whole request.
    fileprivate init(_ error: any Error) {
        guard let error = error as? URLError else {
            self = .connection("an error of the connection")
            return
        }
        switch error.code {
        case .timedOut: self = .timedOut
        case .cannotFindHost, .dnsLookupFailed: self = .connection("the host is not known")
        case .cannotConnectToHost: self = .connection("the connection is refused")
        case .networkConnectionLost: self = .connection("the connection was lost")
        case .notConnectedToInternet: self = .connection("there is no network")
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateNotYetValid, .serverCertificateHasUnknownRoot:
            self = .connection("the certificate of the server is not valid")
        default: self = .connection("error \(error.code.rawValue) of the connection")
        }
    }
}

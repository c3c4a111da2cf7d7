import Foundation

/// What a run has asked so far, and may ask.
final class EndpointBudget: @unchecked Sendable {
    private let lock = NSLock()
    private let requestLimit: Int
    private let tokenLimit: Int
    private var requestCount = 0
    private var tokenCount = 0

    init(_ settings: EndpointSettings) {
        requestLimit = settings.requestLimit ?? .max
        tokenLimit = settings.tokenLimit ?? .max
    }

    /// Counts a request that is about to be made.
    /// - Throws: ``EndpointError/exhausted(_:)`` when it must not be.
    func takeRequest() throws {
        try lock.withLock {
            guard requestCount < requestLimit else {
                throw EndpointError.exhausted("the \(requestLimit) requests of a run are")
            }
            guard tokenCount < tokenLimit else {
                throw EndpointError.exhausted("the \(tokenLimit) tokens of a run are")
            }
            requestCount += 1
        }
    }

    /// Counts the tokens of a reply.
    func add(tokens: Int) {
        lock.withLock {
            let (sum, isTooLarge) = tokenCount.addingReportingOverflow(max(0, tokens))
            tokenCount = isTooLarge ? .max : sum
        }
    }

    /// Requests, attempts included, and tokens so far.
    var used: (requests: Int, tokens: Int) { lock.withLock { (requestCount, tokenCount) } }
}

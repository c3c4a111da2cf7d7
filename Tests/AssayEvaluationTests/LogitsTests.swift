import Foundation
import Testing

@testable import AssayEvaluation

@Suite struct LogitsTests {
    private func with<T>(_ values: [Float], _ body: (Logits) -> T) -> T {
        values.withUnsafeBufferPointer { body(Logits($0)) }
    }

    @Test func `likelihood, choice and margin are those of the definition`() {
        // Probabilities 1/2, 1/4, 1/8, 1/8.
        let values: [Float] = [3, 2, 1, 1].map { Float($0 * log(2.0)) }
        for (token, bits) in [(0, 1.0), (1, 2), (2, 3), (3, 3)] {
            #expect(abs(with(values) { $0.negativeLogLikelihood(Int32(token)) } - bits * log(2)) < 1e-6)
        }
        #expect(with(values) { $0.argmax } == 0)
        #expect(abs(with(values) { $0.margin } - log(2)) < 1e-6)
        #expect(with([1, 5, 5, 2]) { $0.argmax } == 1)
        #expect(with([1, 5, 5, 2]) { $0.margin } == 0)
        #expect(with([-1000, -2000]) { $0.negativeLogLikelihood(1) } == 1000)
    }

    @Test func `values that are not finite have no choice`() {
        for bad: Float in [.nan, .infinity, -.infinity] { #expect(with([1, bad, 2]) { $0.argmax } == nil) }
    }

    @Test func `divergence is that of the probabilities and zero for equal rows`() {
        let p: [Float] = [3, 2, 1, 1].map { Float($0 * log(2.0)) }
        let q: [Float] = [0, 0, 0, 0]
        // sum p log(p / q) = log 4 - H(p) = (2 - 1.75) bits.
        let divergence = with(p) { p in with(q) { p.divergence(of: $0) } }
        #expect(abs(divergence - 0.25 * log(2)) < 1e-6)
        #expect(with(p) { $0.divergence(of: $0) } == 0)
        let shifted = p.map { $0 + 10 }
        #expect(with(p) { p in with(shifted) { p.divergence(of: $0) } } < 1e-6)
        let difference = with([1, 2, 3]) { a in with([1, 0, 4]) { a.difference(to: $0) } }
        #expect(difference.sum == 3 && difference.maximum == 2)
    }
}

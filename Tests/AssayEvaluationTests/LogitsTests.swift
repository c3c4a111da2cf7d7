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
        #expect(abs(with(values) { $0.compared(to: $0).margin } - log(2)) < 1e-6)
        #expect(with([1, 5, 5, 2]) { $0.argmax } == 1)
        #expect(with([1, 5, 5, 2]) { $0.compared(to: $0).margin } == 0)
        #expect(with([-1000, -2000]) { $0.negativeLogLikelihood(1) } == 1000)
    }

    @Test func `values that are not finite have no choice`() {
        for bad: Float in [.nan, .infinity, -.infinity] { #expect(with([1, bad, 2]) { $0.argmax } == nil) }
    }

    @Test func `divergence is that of the probabilities and zero for equal rows`() {
        let p: [Float] = [3, 2, 1, 1].map { Float($0 * log(2.0)) }
        let q: [Float] = [0, 0, 0, 0]
        // sum p log(p / q) = log 4 - H(p) = (2 - 1.75) bits.
        let comparison = with(p) { p in with(q) { p.compared(to: $0) } }
        #expect(abs(comparison.divergence - 0.25 * log(2)) < 1e-6)
        // sum q log(q / p) = H(q, p) - log 4 = (9 / 4 - 2) bits.
        #expect(abs(comparison.reverseDivergence - 0.25 * log(2)) < 1e-6)
        #expect(comparison.choice == 0 && comparison.otherChoice == 0)
        let same = with(p) { $0.compared(to: $0) }
        #expect(same.divergence == 0 && same.reverseDivergence == 0 && same.differenceMaximum == 0)
        let shifted = p.map { $0 + 10 }
        #expect(with(p) { p in with(shifted) { p.compared(to: $0).divergence } } < 1e-12)
        let difference = with([1, 2, 3]) { a in with([1, 0, 4]) { a.compared(to: $0) } }
        #expect(difference.differenceMean == 1 && difference.differenceMaximum == 2 && difference.otherChoice == 2)
    }

    @Test func `a tiny divergence keeps its digits`() {
        // For p = (1/2, 1/2) and a difference of e between the logits, KL = log cosh(e / 2) = e^2 / 8.
        let comparison = with([3, 3]) { a in with([3, 3.0001]) { a.compared(to: $0) } }
        let e = Double(Float(3.0001)) - 3
        #expect(abs(comparison.divergence - e * e / 8) < 1e-6 * e * e)
        #expect(abs(comparison.reverseDivergence - e * e / 8) < 1e-6 * e * e)
    }

    @Test func `a row that is not finite compares with nothing`() {
        for bad: Float in [.nan, .infinity, -.infinity] {
            #expect(with([1, 2, 3]) { a in with([1, bad, 3]) { !a.compared(to: $0).isFinite } })
            #expect(with([1, 2, bad]) { a in with([1, 2, 3]) { !a.compared(to: $0).isFinite } })
        }
    }
}

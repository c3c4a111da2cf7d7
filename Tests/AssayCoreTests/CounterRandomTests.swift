import Testing

@testable import AssayCore

@Suite("Random numbers from counters")
struct CounterRandomTests {
    @Test("Philox4x32-10 gives the known answers of Random123's kat_vectors")
    func knownAnswers() {
        let zero = CounterRandom.philox(counter: (0, 0, 0, 0), key: (0, 0))
        #expect(zero == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        let ones = CounterRandom.philox(
            counter: (.max, .max, .max, .max), key: (.max, .max))
        #expect(ones == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        let digits = CounterRandom.philox(
            counter: (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: (0xa409_3822, 0x299f_31d0))
        #expect(digits == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test("a stream depends on its name and index alone, and streams differ")
    func streams() {
        func draws(_ domain: String, _ index: UInt64) -> [UInt64] {
            var random = CounterRandom(domain: domain, index: index)
            return (0..<8).map { _ in random.next() }
        }
        #expect(draws("a", 3) == draws("a", 3))
        #expect(draws("a", 3) != draws("a", 4))
        #expect(draws("a", 3) != draws("b", 3))
    }

    @Test("numbers below a bound are uniform: chi-square of 60,000 draws over 6 is below the 0.1 % point")
    func uniform() {
        var random = CounterRandom(domain: "uniform", index: 0)
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0..<60_000 { counts[random.below(6)] += 1 }
        let chiSquare = counts.reduce(0.0) { $0 + Double(($1 - 10_000) * ($1 - 10_000)) / 10_000 }
        #expect(chiSquare < 20.5)
    }

    @Test("distinct numbers are distinct, in range, and every position takes every value")
    func distinct() {
        var random = CounterRandom(domain: "distinct", index: 0)
        var firsts = Set<Int>()
        for _ in 0..<500 {
            let drawn = random.distinct(5, below: 9)
            #expect(Set(drawn).count == 5)
            #expect(drawn.allSatisfy { (0..<9).contains($0) })
            firsts.insert(drawn[0])
        }
        #expect(firsts.count == 9)
    }

    @Test("a shuffle keeps the elements and reaches all orders of three alike")
    func shuffle() {
        var random = CounterRandom(domain: "shuffle", index: 0)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<6_000 {
            var values = [1, 2, 3]
            random.shuffle(&values)
            counts[values, default: 0] += 1
        }
        #expect(counts.count == 6)
        #expect(counts.values.allSatisfy { (850...1_150).contains($0) })
    }
}

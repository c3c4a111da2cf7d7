import Testing

@testable import AssayTensor

@Suite struct TapeTests {
    private func chain(_ length: Int) -> (Tape, Tensor, Tensor) {
        let tape = Tape(layout: ParameterLayout(), recordsGradients: true)
        let input = tape.input([4, 8])
        var x = input
        for _ in 0..<length { x = tape.silu(x) }
        tape.record(WeightedSum([x], seed: 1))
        return (tape, input, x)
    }

    @Test("gradients of activations share memory: a longer chain needs no more of it")
    func gradientsAreShared() {
        func gradientFloats(_ length: Int) -> Int {
            let (tape, _, _) = chain(length)
            tape.bind(weights: FloatBlock(count: 0))
            let before = tape.floatCount
            tape.forward()
            tape.backward()
            return tape.floatCount - before
        }
        #expect(gradientFloats(30) == gradientFloats(3))
    }

    @Test("a second pass takes no more memory, and gives the same bits")
    func steadyState() {
        let (tape, input, _) = chain(5)
        tape.bind(weights: FloatBlock(count: 0))
        for i in 0..<input.count { input.value[i] = Float(i) / 20 }
        tape.forward()
        tape.backward()
        let (count, first) = (tape.floatCount, (0..<input.count).map { input.gradient[$0] })
        for _ in 0..<3 {
            tape.forward()
            tape.backward()
        }
        #expect(tape.floatCount == count)
        #expect(first == (0..<input.count).map { input.gradient[$0] })
    }

    @Test("packed copies of weights follow when weights are bound again")
    func packing() {
        var layout = ParameterLayout()
        layout.declare("w", [2, 2], .constant(0))
        let weights = FloatBlock(count: layout.count)
        let tape = Tape(layout: layout, recordsGradients: false)
        let x = tape.input([1, 2])
        let y = tape.linear(x, tape.parameter("w"))
        (x.value[0], x.value[1]) = (1, 2)
        for factor: Float in [1, 3] {
            for i in 0..<4 { weights.pointer[i] = factor * Float(i) }
            tape.bind(weights: weights)
            tape.forward()
            #expect([y.value[0], y.value[1]] == [2 * factor, 8 * factor])
        }
    }

    @Test("parameters begin on whole cache lines and keep their names")
    func layout() {
        var layout = ParameterLayout()
        layout.declare("a", [3], .constant(0))
        layout.declare("b", [17], .constant(0), decays: false)
        layout.declare("c", [1], .constant(0))
        #expect(layout.specifications.map(\.offset) == [0, 16, 48])
        #expect(layout.count == 64)
        #expect(layout.parameterCount == 21)
        #expect(layout["b"]?.decays == false)
        #expect(layout["d"] == nil)
    }
}

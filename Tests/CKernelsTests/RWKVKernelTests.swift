import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite("RWKV-7") struct RWKVKernelTests {
        private static let shapes = [(1, 1, 1), (4, 2, 5), (3, 3, 16), (2, 1, 35)]

        private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

        @Test(
            "the token shift mixes each token with the one before, in a sequence and from a state",
            arguments: instructionSets)
        func tokenShift(isa: Int32) {
            var random = TestRandom(70)
            withInstructionSet(isa) {
                for (time, width) in [(1, 1), (5, 7), (4, 16), (3, 35)] {
                    let x = Matrix(time, width, stride: width + 1, random: &random)
                    let dy = Matrix(time, width, stride: width + 2, random: &random)
                    let mix = random.floats(width)
                    func reference(_ all: [Double]) -> [Double] {
                        (0..<time * width).map {
                            let before = $0 < width ? 0 : all[$0 - width]
                            return all[$0] + all[time * width + $0 % width] * (before - all[$0])
                        }
                    }
                    let inputs = x.dense + doubles(mix)
                    var y = Matrix(time, width, stride: width + 3)
                    var dx = Matrix(time, width, stride: width + 4)
                    var dmix = [Float](repeating: 0, count: width)
                    ck_token_shift_forward(time, width, nil, x.values, x.stride, mix, &y.values, y.stride)
                    expectClose(y.dense, reference(inputs), tolerance: 1e-6)
                    // The last token again, from its predecessor as a state.
                    if time > 1 {
                        var last = [Float](repeating: 0, count: width)
                        x.values.withUnsafeBufferPointer { x in
                            guard let start = x.baseAddress else { return }
                            let row = start + (time - 1) * (width + 1)
                            ck_token_shift_forward(1, width, row - (width + 1), row, width, mix, &last, width)
                        }
                        #expect(doubles(last) == Array(y.dense.suffix(width)))
                    }
                    for accumulate: Int32 in [0, 1] {
                        ck_token_shift_backward(
                            time, width, x.values, x.stride, mix, dy.values, dy.stride, &dx.values, dx.stride,
                            accumulate, &dmix)
                    }
                    let expected = numericalGradient(inputs) { weighted(reference($0), by: dy.dense) }
                    // The second pass added the same again.
                    expectClose(
                        dx.dense.map { $0 / 2 } + doubles(dmix).map { $0 / 2 }, expected, tolerance: 1e-5)
                    #expect(y.gapsAreIntact && dx.gapsAreIntact)
                }
            }
        }

        @Test("the keys and their gradients follow the definition", arguments: instructionSets)
        func keys(isa: Int32) {
            var random = TestRandom(71)
            withInstructionSet(isa) {
                for (rows, heads, width) in Self.shapes {
                    let (columns, count) = (heads * width, rows * heads * width)
                    let (k, z) = (random.floats(count), random.floats(count, in: -4...4))
                    let (bias, removal, replacement) = (
                        random.floats(columns), random.floats(columns, in: 0.2...1), random.floats(columns)
                    )
                    func reference(_ all: [Double]) -> [Double] {
                        let (z, bias) = (all[count..<2 * count], all[(2 * count)...].prefix(columns))
                        let removal = Array(all[(2 * count + columns)...].prefix(columns))
                        let replacement = Array(all.suffix(columns))
                        let rates = (0..<count).map { sigmoid(z[count + $0] + bias[2 * count + $0 % columns]) }
                        let raw = (0..<count).map { all[$0] * removal[$0 % columns] }
                        let read = (0..<count).map { place in
                            let head = raw[place / width * width..<(place / width + 1) * width]
                            return raw[place] / head.reduce(1e-6) { $0 + $1 * $1 }.squareRoot()
                        }
                        return read + (0..<count).map { read[$0] * rates[$0] }
                            + (0..<count).map { all[$0] * (1 + (rates[$0] - 1) * replacement[$0 % columns]) }
                    }
                    let inputs = [k, z, bias, removal, replacement].flatMap(doubles)
                    let upstream = random.floats(3 * count)
                    let expected = numericalGradient(inputs) {
                        weighted(reference($0), by: doubles(upstream))
                    }
                    let (unset, zeros) = (
                        [Float](repeating: .nan, count: count), [Float](repeating: 0, count: columns)
                    )
                    var (read, write, key, dk, dz) = (unset, unset, unset, unset, unset)
                    var (dbias, dremoval, dreplacement) = (zeros, zeros, zeros)
                    withPointers([k, z, bias, removal, replacement]) { p in
                        var keys = ck_rwkv_keys(
                            rows: rows, heads: heads, width: width, k: p[0], z: p[1], bias: p[2], removal: p[3],
                            replacement: p[4])
                        ck_rwkv_keys_forward(&keys, &read, &write, &key)
                        for accumulate: Int32 in [0, 1] {
                            ck_rwkv_keys_backward(
                                &keys, Array(upstream[..<count]), Array(upstream[count..<2 * count]),
                                Array(upstream[(2 * count)...]), &dk, accumulate, &dz, accumulate, &dbias, &dremoval,
                                &dreplacement)
                        }
                    }
                    expectClose([read, write, key].flatMap(doubles), reference(inputs), tolerance: 2e-6)
                    // The second pass added the same again.
                    expectClose(
                        [dk, dz, dbias, dremoval, dreplacement].flatMap(doubles).map { $0 / 2 }, expected,
                        tolerance: 3e-5)
                }
            }
        }

        @Test(
            "the mixing of values and its gradients follow the definition", arguments: instructionSets)
        func gatedMix(isa: Int32) {
            var random = TestRandom(72)
            withInstructionSet(isa) {
                for (rows, width) in [(1, 1), (4, 7), (3, 16), (2, 35)] {
                    let count = rows * width
                    let parts = [
                        random.floats(count), random.floats(count), random.floats(count, in: -9...9),
                    ]
                    let (bias, dy) = (random.floats(width), random.floats(count))
                    func reference(_ all: [Double]) -> [Double] {
                        (0..<count).map {
                            let gate = sigmoid(all[2 * count + $0] + all[3 * count + $0 % width])
                            return all[$0] + (all[count + $0] - all[$0]) * gate
                        }
                    }
                    let inputs = (parts + [bias]).flatMap(doubles)
                    let expected = numericalGradient(inputs) { weighted(reference($0), by: doubles(dy)) }
                    var y = [Float](repeating: .nan, count: count)
                    var (dv, dfirst, dz) = (y, y, y)
                    var dbias = [Float](repeating: 0, count: width)
                    ck_gated_mix_forward(rows, width, parts[0], parts[1], parts[2], bias, &y)
                    for accumulate: Int32 in [0, 7] {
                        ck_gated_mix_backward(
                            rows, width, parts[0], parts[1], parts[2], bias, dy, &dv, &dfirst, &dz, accumulate,
                            &dbias)
                    }
                    expectClose(doubles(y), reference(inputs), tolerance: 1e-6)
                    expectClose(
                        [dv, dfirst, dz, dbias].flatMap(doubles).map { $0 / 2 }, expected, tolerance: 1e-5)
                }
            }
        }

        @Test(
            "the way out of the heads and its gradients follow the definition", arguments: instructionSets
        )
        func output(isa: Int32) {
            var random = TestRandom(73)
            withInstructionSet(isa) {
                for (rows, heads, width) in Self.shapes {
                    let (columns, count) = (heads * width, rows * heads * width)
                    let parts = (0..<5).map { _ in random.floats(count) }
                    let parameters = (0..<3).map { _ in random.floats(columns) }
                    let dy = random.floats(count)
                    func reference(_ all: [Double]) -> [Double] {
                        func part(_ index: Int, _ place: Int) -> Double { all[index * count + place] }
                        func parameter(_ index: Int, _ place: Int) -> Double {
                            all[5 * count + index * columns + place % columns]
                        }
                        return (0..<count).map { place in
                            let head = place / width * width..<(place / width + 1) * width
                            let mean = head.reduce(0) { $0 + part(0, $1) } / Double(width)
                            let variance = head.reduce(0) {
                                $0 + (part(0, $1) - mean) * (part(0, $1) - mean) / Double(width)
                            }
                            let own = head.reduce(0) { $0 + part(1, $1) * part(2, $1) * parameter(2, $1) }
                            let normal = (part(0, place) - mean) / (variance + 1e-2).squareRoot()
                            let inner = normal * parameter(0, place) + parameter(1, place) + own * part(3, place)
                            return inner * part(4, place)
                        }
                    }
                    let inputs = (parts + parameters).flatMap(doubles)
                    let expected = numericalGradient(inputs) { weighted(reference($0), by: doubles(dy)) }
                    var y = [Float](repeating: .nan, count: count)
                    var gradients = [[Float]](repeating: y, count: 5)
                    var own = [[Float]](repeating: [Float](repeating: 0, count: columns), count: 3)
                    withPointers(parts + parameters) { p in
                        var output = ck_rwkv_output(
                            rows: rows, heads: heads, width: width, o: p[0], q: p[1], k: p[2], v: p[3],
                            gate: p[4],
                            weight: p[5], norm_bias: p[6], bonus: p[7], epsilon: 1e-2)
                        ck_rwkv_output_forward(&output, &y)
                        withMutablePointers(&gradients) { g in
                            withMutablePointers(&own) { parameters in
                                for accumulate: Int32 in [0, 31] {
                                    var target = ck_rwkv_output_gradients(
                                        o: g[0], q: g[1], k: g[2], v: g[3], gate: g[4], weight: parameters[0],
                                        norm_bias: parameters[1], bonus: parameters[2], accumulate: accumulate)
                                    ck_rwkv_output_backward(&output, dy, &target)
                                }
                            }
                        }
                    }
                    expectClose(doubles(y), reference(inputs), tolerance: 3e-6)
                    // The second pass added the same again.
                    expectClose((gradients + own).flatMap(doubles).map { $0 / 2 }, expected, tolerance: 3e-5)
                }
            }
        }

        @Test(
            "tanh and the squared ReLU follow the definition, at their ends too",
            arguments: instructionSets)
        func activations(isa: Int32) {
            withInstructionSet(isa) {
                let x = (-40...40).map { Float($0) / 4 } + [-90, 90, 1e-4, -1e-4]
                let (dy, count) = ([Float](repeating: 0.5, count: x.count), x.count)
                var (y, dx) = (dy, [Float](repeating: .nan, count: count))
                ck_tanh(count, x, &y)
                for accumulate: Int32 in [0, 1] { ck_tanh_backward(count, x, dy, &dx, accumulate) }
                expectClose(doubles(y), doubles(x).map { tanh($0) }, tolerance: 3e-7)
                expectClose(doubles(dx), doubles(x).map { 1 / (cosh($0) * cosh($0)) }, tolerance: 3e-7)
                ck_relu_squared(count, x, &y)
                for accumulate: Int32 in [0, 1] { ck_relu_squared_backward(count, x, dy, &dx, accumulate) }
                #expect(y == x.map { max($0, 0) * max($0, 0) } && dx == x.map { 2 * max($0, 0) })
            }
        }
    }
}

/// Calls with where several arrays lie.
private func withPointers(_ arrays: [[Float]], _ body: ([UnsafePointer<Float>]) -> Void) {
    let pointers = arrays.map { array in
        let pointer = UnsafeMutablePointer<Float>.allocate(capacity: array.count)
        pointer.initialize(from: array, count: array.count)
        return pointer
    }
    body(pointers.map { UnsafePointer($0) })
    pointers.forEach { $0.deallocate() }
}

/// Calls with where several arrays lie, and takes back what was written there.
private func withMutablePointers(
    _ arrays: inout [[Float]], _ body: ([UnsafeMutablePointer<Float>]) -> Void
) {
    let pointers = arrays.map { array in
        let pointer = UnsafeMutablePointer<Float>.allocate(capacity: array.count)
        pointer.initialize(from: array, count: array.count)
        return pointer
    }
    body(pointers)
    for (i, pointer) in pointers.enumerated() {
        arrays[i] = Array(UnsafeBufferPointer(start: pointer, count: arrays[i].count))
        pointer.deallocate()
    }
}

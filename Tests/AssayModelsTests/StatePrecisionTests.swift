import AssayCore
import AssayTensor
import CKernels
import Foundation
import Testing

@testable import AssayModels

@Suite struct StatePrecisionTests {
    private static let capacity = 24

    private func decoder(_ mixer: String, _ precision: StatePrecision = .float32, slots: Int = 3) throws
        -> RecurrentDecoder
    {
        let model = try LanguageModel(ModelChecks.tiny(mixer, shortConvolution: 2))
        return RecurrentDecoder(
            model: model, weights: ModelChecks.weights(model), slots: slots, capacity: Self.capacity, rows: 8,
            precision: precision)
    }

    private func tokens(_ decoder: RecurrentDecoder, _ count: Int, seed: UInt64 = 4) -> [Int32] {
        ModelChecks.tokens(decoder.model, count: count, seed: seed)
    }

    private func logits(_ decoder: RecurrentDecoder, slot: Int, _ tokens: [Int32]) -> [Float] {
        tokens.flatMap { Array(decoder.step(slots: [slot], tokens: [$0])) }
    }

    /// Everything in use of a slot's state, with what is in it.
    private func used(_ decoder: RecurrentDecoder, slot: Int) -> [Float] {
        decoder.slotStates.flatMap { states in
            states.layout.used(position: decoder.position(slot: slot)).joined().map { states.pointer(slot: slot)[$0] }
        }
    }

    @Test("a snapshot in float32 goes on elsewhere bit for bit", arguments: MixerRegistry.names)
    func exactSnapshots(_ mixer: String) throws {
        let (source, target) = (try decoder(mixer), try decoder(mixer, slots: 2))
        let (first, rest) = (tokens(source, 13), tokens(source, 9, seed: 5))
        _ = logits(source, slot: 2, first)
        // The target was in use by a longer sequence.
        _ = logits(target, slot: 1, tokens(target, 20, seed: 6))
        let snapshot = source.snapshot(slot: 2)
        #expect(snapshot.position == 13 && snapshot.bytes.count == 4 * used(source, slot: 2).count)
        target.restore(snapshot, to: 1)
        #expect(target.position(slot: 1) == 13)
        #expect(logits(target, slot: 1, rest) == logits(source, slot: 2, rest))
    }

    @Test(
        "a snapshot holds exactly the bytes of its format, and restores what rounding gives",
        arguments: StateFormat.allCases)
    func snapshotBytes(_ format: StateFormat) throws {
        for mixer in MixerRegistry.names {
            let decoder = try decoder(mixer)
            _ = logits(decoder, slot: 0, tokens(decoder, 11))
            let snapshot = decoder.snapshot(slot: 0, format: format)
            var bytes = 0
            for states in decoder.slotStates {
                for part in states.layout.parts {
                    let rows =
                        part.kind == .cache
                        ? part.shape[0] * min(11 / part.stride, part.shape[1]) : part.count / part.rowCount
                    bytes += rows * ((part.rowCount * format.bitsPerValue + 7) / 8 + (format.hasRowScale ? 4 : 0))
                }
            }
            #expect(snapshot.bytes.count == bytes, "\(mixer)")
            #expect(decoder.model.stateBytes(context: 11, format: format) == bytes, "\(mixer)")
            decoder.restore(snapshot, to: 1)
            // The same rows, rounded in place.
            var expected: [Float] = []
            for states in decoder.slotStates {
                for part in states.layout.parts {
                    for range in part.used(position: 11) {
                        var values = range.map { states.pointer(slot: 0)[$0] }
                        if let kernelFormat = format.kernelFormat {
                            ck_round_rows(
                                kernelFormat, values.count / part.rowCount, part.rowCount, &values, part.rowCount)
                        }
                        expected += values
                    }
                }
            }
            #expect(used(decoder, slot: 1) == expected, "\(mixer)")
        }
    }

    @Test("rounding changes what follows a little, more in coarser formats, and never the first token")
    func coarserIsWorse() throws {
        for mixer in MixerRegistry.names {
            let exact = try decoder(mixer)
            let tokens = tokens(exact, 20)
            let expected = logits(exact, slot: 0, tokens)
            var errors: [StateFormat: Double] = [:]
            for format in StateFormat.allCases {
                let actual = logits(try decoder(mixer, StatePrecision(format)), slot: 0, tokens)
                let vocabulary = exact.model.architecture.vocabularyCount
                #expect(actual[..<vocabulary] == expected[..<vocabulary], "\(mixer) \(format)")
                errors[format] = zip(actual, expected).map { abs(Double($0) - Double($1)) }.reduce(0, +)
            }
            #expect(errors[.float32] == 0)
            let (half, brain, eight) = (errors[.float16] ?? 0, errors[.bfloat16] ?? 0, errors[.fp8] ?? 0)
            #expect(0 < half && half < brain && brain < eight, "\(mixer) \(errors)")
            #expect((errors[.int8] ?? 0) < errors[.int4] ?? 0, "\(mixer) \(errors)")
            #expect(eight < 0.5 * expected.map { abs(Double($0)) }.reduce(0, +), "\(mixer) \(errors)")
        }
    }

    @Test("every part is in the format after every step, and only then", arguments: MixerRegistry.names)
    func everyPartIsRounded(_ mixer: String) throws {
        let decoder = try decoder(mixer, StatePrecision(.bfloat16))
        for token in tokens(decoder, 10) {
            _ = decoder.step(slots: [1], tokens: [token])
            #expect(used(decoder, slot: 1).allSatisfy { $0.bitPattern & 0xffff == 0 })
        }
        let every4 = try self.decoder(mixer, StatePrecision(.bfloat16, .every(4)))
        for (index, token) in tokens(every4, 13).enumerated() {
            _ = every4.step(slots: [1], tokens: [token])
            let isRound = used(every4, slot: 1).allSatisfy { $0.bitPattern & 0xffff == 0 }
            #expect(isRound == ((index + 1) % 4 == 0), "after \(index + 1) tokens")
        }
    }

    @Test("a step of several tokens rounds once, when it is over", arguments: MixerRegistry.names)
    func severalTokens(_ mixer: String) throws {
        let decoder = try decoder(mixer, StatePrecision(.float16, .every(3)))
        let tokens = tokens(decoder, 8)
        let mixed = decoder.step(
            slots: [0, 1, 0, 0, 1, 0], tokens: [tokens[0], 3, tokens[1], tokens[2], 4, tokens[3]])
        #expect(mixed.count == 6 * decoder.model.architecture.vocabularyCount)
        #expect(decoder.position(slot: 0) == 4 && decoder.position(slot: 1) == 2)
        // Four tokens reach a multiple of three, two do not.
        func isRound(_ slot: Int, _ kind: StateLayout.Kind, entries: Range<Int>) -> Bool {
            decoder.slotStates.allSatisfy { states in
                states.layout.parts.filter { $0.kind == kind && $0.stride == 1 }.allSatisfy { part in
                    (0..<(part.shape.count == 3 ? part.shape[0] : 1)).allSatisfy { head in
                        let rows = kind == .cache ? entries : 0..<part.shape[part.shape.count - 2]
                        let start = part.offset + head * part.shape[part.shape.count - 2] * part.rowCount
                        return (rows.lowerBound * part.rowCount..<rows.upperBound * part.rowCount).allSatisfy {
                            // Eleven bits of precision leave the last thirteen zero; nothing here is subnormal.
                            let value = states.pointer(slot: slot)[start + $0]
                            return value.bitPattern & 0x1fff == 0 || abs(value) < 0x1p-14
                        }
                    }
                }
            }
        }
        for kind in [StateLayout.Kind.recurrence, .history] { #expect(isRound(0, kind, entries: 0..<0)) }
        #expect(isRound(0, .cache, entries: 0..<3))
        let has = Set(decoder.slotStates.flatMap { $0.layout.parts.map(\.kind) })
        if has.contains(.cache) { #expect(!isRound(0, .cache, entries: 3..<4)) }
        for kind in has { #expect(!isRound(1, kind, entries: 0..<2)) }
    }

    @Test("a state's error is that of its definition, head by head")
    func errors() throws {
        for mixer in MixerRegistry.names {
            let (exact, rounded) = (try decoder(mixer), try decoder(mixer, StatePrecision(.int8), slots: 1))
            for token in tokens(exact, 12) {
                _ = exact.step(slots: [2], tokens: [token])
                _ = rounded.step(slots: [0], tokens: [token])
            }
            let error = rounded.stateError(slot: 0, against: exact, slot: 2)
            for (kind, value) in [(StateLayout.Kind.recurrence, error.recurrence), (.cache, error.cache)] {
                var heads: [Double] = []
                for (a, b) in zip(rounded.slotStates, exact.slotStates) {
                    for part in a.layout.parts where part.kind == kind {
                        for head in 0..<part.shape[0] {
                            let size = part.shape[1] * part.shape[2]
                            let count = kind == .cache ? min(12 / part.stride, part.shape[1]) * part.shape[2] : size
                            let range = (part.offset + head * size)..<(part.offset + head * size + count)
                            let norm = range.reduce(0.0) { $0 + pow(Double(b.pointer(slot: 2)[$1]), 2) }
                            let square = range.reduce(0.0) {
                                $0 + pow(Double(a.pointer(slot: 0)[$1]) - Double(b.pointer(slot: 2)[$1]), 2)
                            }
                            if norm > 0 { heads.append((square / norm).squareRoot()) }
                        }
                    }
                }
                if heads.isEmpty {
                    #expect(value == nil)
                } else {
                    let mean = heads.reduce(0, +) / Double(heads.count)
                    #expect(abs((value ?? .nan) - mean) < 1e-6 * mean && mean > 1e-4, "\(mixer) \(kind)")
                }
            }
        }
    }
}

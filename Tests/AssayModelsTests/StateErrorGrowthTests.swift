import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

/// How the error of a rounded state grows with length in the families of recurrences: an undecayed sum adds its errors
/// up, a decayed one forgets them, the delta rule corrects them. (Metrics catalogue N2; measured there on bare
/// recurrences, here on mixers in decoders, over 4,096 random tokens.)
@Suite struct StateErrorGrowthTests {
    private static let length = 4_096
    private static let measured = [64, 256, 1_024, 1_448, 2_048, 2_896, 4_096]

    /// Relative errors of the state of one layer at some lengths. The layer comes after or before one without a
    /// recurrence, because the decay of lightning depends on its place: the last layer hardly forgets.
    private func errors(_ mixers: [String], _ formats: [StateFormat]) throws -> [StateFormat: [Int: Double]] {
        let architecture = Architecture(
            name: "toy", width: 64, heads: 1, headDimension: 64, hiddenWidth: 32,
            layers: mixers.map { LayerConfiguration(mixer: $0) }, vocabularyCount: 256, initialDeviation: 0.1)
        let model = try LanguageModel(architecture)
        let weights = model.initialWeights(seed: 2)
        let tokens = ModelChecks.tokens(model, count: Self.length, seed: 9)
        func decoder(_ format: StateFormat) -> RecurrentDecoder {
            RecurrentDecoder(
                model: model, weights: weights, slots: 1, capacity: Self.length, precision: StatePrecision(format))
        }
        let exact = decoder(.float32)
        let rounded = formats.map { (format: $0, decoder: decoder($0)) }
        var errors: [StateFormat: [Int: Double]] = [:]
        for (index, token) in tokens.enumerated() {
            exact.take(slots: [0], tokens: [token])
            for (format, decoder) in rounded {
                decoder.take(slots: [0], tokens: [token])
                guard Self.measured.contains(index + 1) else { continue }
                let error = decoder.stateError(slot: 0, against: exact, slot: 0)
                errors[format, default: [:]][index + 1] = error.recurrence ?? error.cache
            }
        }
        return errors
    }

    /// The slope of log error in log length over the last two octaves.
    private func growth(_ errors: [Int: Double]) -> Double {
        let tail = errors.filter { 4 * $0.key >= Self.length }
        let x = tail.map { log(Double($0.key)) }
        let y = tail.map { log($0.value) }
        let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
        return zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
            / x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
    }

    @Test func `an undecayed sum adds rounding errors up, decay forgets them, the delta rule corrects them`() throws {
        let formats: [StateFormat] = [.bfloat16, .float16, .int8]
        // Lightning's last layer forgets a factor of e in some ten million tokens, its first in 256.
        let families = [
            (name: "undecayed", mixers: ["gated-convolution", "lightning"]),
            ("decayed", ["lightning", "gated-convolution"]), ("delta", ["gated-convolution", "delta-net"]),
            ("cache", ["gated-convolution", "full"]),
        ]
        var last: [String: [StateFormat: Double]] = [:]
        var slope: [String: [StateFormat: Double]] = [:]
        for (name, mixers) in families {
            let errors = try errors(mixers, formats)
            last[name] = errors.mapValues { $0[Self.length] ?? .nan }
            slope[name] = errors.mapValues(growth)
        }
        for format in formats {
            let grows = try #require(slope["undecayed"]?[format])
            #expect(grows > 0.3 && grows < 1.2, "\(format) undecayed: \(grows)")
            for family in ["decayed", "delta", "cache"] {
                let saturates = try #require(slope[family]?[format])
                #expect(abs(saturates) < 0.2, "\(format) \(family): \(saturates)")
            }
            let undecayed = try #require(last["undecayed"]?[format])
            #expect(undecayed > 2 * (last["decayed"]?[format] ?? .nan), "\(format)")
            #expect(undecayed > 2 * (last["delta"]?[format] ?? .nan), "\(format)")
        }
        // Three more bits of precision are an eighth of the error.
        for (name, _) in families {
            let ratio = (last[name]?[.bfloat16] ?? .nan) / (last[name]?[.float16] ?? .nan)
            #expect(ratio > 4 && ratio < 16, "\(name): \(ratio)")
        }
    }
}

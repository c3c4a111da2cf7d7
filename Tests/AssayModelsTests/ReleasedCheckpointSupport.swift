import AssayCore
import Foundation

@testable import AssayModels

/// Released checkpoints in memory, to be damaged.
enum ReleasedCheckpoint {
    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    /// The bytes of a file of a fixture.
    static func bytes(_ system: String, _ file: String) throws -> Data {
        try Data(contentsOf: fixtures.appendingPathComponent("systems/\(system)/\(file)"))
    }

    /// The members of a configuration.
    static func configuration(_ data: Data) throws -> [String: FieldValue] {
        guard case .object(let members) = try FieldValue.parse(data, location: "config.json") else { return [:] }
        return members
    }

    /// The model of a configuration and of the bytes of a file of weights.
    static func load(_ configuration: [String: FieldValue], _ weights: Data) throws -> LoadedCheckpoint {
        let file = try SafeTensors.parse(weights, location: "model.safetensors")
        return try HuggingFaceFolder.load(
            ConfigurationFields(configuration, location: "config.json"),
            try ShardedTensors([file], location: "folder"))
    }

    /// A fixture whose weights are in one file, of a system.
    static func whole(_ system: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: fixtures.appendingPathComponent("systems").path)
        return names.sorted().first {
            $0.hasPrefix(system + "-")
                && FileManager.default.fileExists(
                    atPath: fixtures.appendingPathComponent("systems/\($0)/model.safetensors").path)
        } ?? ""
    }
}

/// Damage that a seed decides.
struct Mutation {
    private var random: CounterRandom

    init(seed: UInt64) { random = CounterRandom(domain: "mutation", index: seed) }

    /// Bytes changed, cut, doubled or exchanged; the first part, where headers are, more often.
    mutating func bytes(_ data: Data) -> Data {
        var bytes = [UInt8](data)
        for _ in 0...random.below(3) {
            guard !bytes.isEmpty else { break }
            let place = random.below(random.below(2) == 0 ? min(bytes.count, 2_000) : bytes.count)
            switch random.below(6) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.below(256))
            case 1: bytes[place] ^= 1 << UInt8(random.below(8))
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(9)))
            case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 12)], at: place)
            case 4: bytes.removeSubrange(place...)
            default:
                // Numbers at the ends of their ranges.
                let number = [UInt64.max, UInt64(Int64.max), 1 << 62, 1 << 32, 1 << 31, 0][random.below(6)]
                for i in 0..<8 where place + i < bytes.count {
                    bytes[place + i] = UInt8(truncatingIfNeeded: number >> UInt64(8 * i))
                }
            }
        }
        return Data(bytes)
    }

    /// One field of a configuration changed, removed or added.
    mutating func fields(_ fields: [String: FieldValue]) -> [String: FieldValue] {
        var fields = fields
        let keys = fields.keys.sorted()
        let key = keys[random.below(keys.count)]
        let values: [FieldValue] = [
            .null, .boolean(true), .boolean(false), .number(0), .number(-1), .number(1), .number(3), .number(0.5),
            .number(1e300), .number(.infinity), .number(.nan), .number(16_384), .number(1_000_000), .number(256),
            .text("x"), .text("silu"), .list([]), .list([.number(1)]), .object([:]), .object(["a": .null]),
        ]
        switch random.below(5) {
        case 0: fields[key] = nil
        case 1: fields[keys[random.below(keys.count)]] = fields[key]
        default: fields[key] = values[random.below(values.count)]
        }
        return fields
    }
}

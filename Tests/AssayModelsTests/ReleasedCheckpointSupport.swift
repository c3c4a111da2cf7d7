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

    /// A JSON value with one value somewhere in it changed, removed, doubled or exchanged.
    mutating func json(_ value: JSONValue) -> JSONValue {
        switch value {
        case .list(var list) where !list.isEmpty && random.below(8) > 0:
            let (place, other) = (random.below(list.count), random.below(list.count))
            switch random.below(list.count > 4 ? 12 : 6) {
            case 0: list.remove(at: place)
            case 1: list.insert(list[other], at: place)
            case 2: list[place] = list[other]
            default: list[place] = json(list[place])
            }
            return .list(list)
        case .object(var members) where !members.isEmpty && random.below(8) > 0:
            let (place, other) = (random.below(members.count), random.below(members.count))
            switch random.below(12) {
            case 0: members.remove(at: place)
            case 1: members.append(members[place])
            case 2: members[place] = JSONMember(name: members[place].name, value: members[other].value)
            case 3: members[place] = JSONMember(name: members[other].name, value: members[place].value)
            default: members[place] = JSONMember(name: members[place].name, value: json(members[place].value))
            }
            return .object(members)
        case .text(let text) where random.below(3) > 0:
            let scalars = Array(text.unicodeScalars)
            let cut = random.below(scalars.count + 1)
            var changed = String.UnicodeScalarView(scalars[..<cut])
            changed +=
                ["", "a", "(", "[", "*", "{9}", "\\", "\u{0}", "▁", "<0x0A>", "|", "?<="][random.below(12)]
                .unicodeScalars
            changed += scalars[min(scalars.count, cut + random.below(2))...]
            return .text(String(changed))
        default:
            let values: [JSONValue] = [
                .null, .boolean(true), .boolean(false), .integer(0), .integer(-1), .integer(1), .integer(.max),
                .integer(.min), .integer(1 << 31), .integer(65_536), .number(0.5), .number(-1e300), .text(""),
                .text("x"),
                .list([]), .list([.integer(1)]), .object([]), .object([JSONMember(name: "type", value: .text("x"))]),
            ]
            return values[random.below(values.count)]
        }
    }

    /// One thing of a vocabulary changed.
    mutating func vocabulary(_ sound: GGUFVocabulary) -> GGUFVocabulary {
        var vocabulary = sound
        let place = random.below(vocabulary.tokens.count)
        let number = [-1, 0, 1, place, 1 << 31, .max, .min][random.below(7)]
        switch random.below(12) {
        case 0: vocabulary.tokens[place] = vocabulary.tokens[random.below(vocabulary.tokens.count)]
        case 1: vocabulary.tokens[place] = ["", " ", "\u{0}", "<0x0A>", "ab", "▁▁"][random.below(6)]
        case 2: vocabulary.tokens.remove(at: place)
        case 3: vocabulary.scores = vocabulary.scores?.map { $0 * [.nan, .infinity, 0, -1][random.below(4)] }
        case 4: vocabulary.tokenTypes?[place] = number
        case 5: vocabulary.merges?.append(["", " ", "a", "a a", "ab ab", "a  b", "b a b"][random.below(7)])
        case 6: vocabulary.beginID = number
        case 7: vocabulary.endID = number
        case 8: vocabulary.unknownID = number
        case 9: vocabulary.model = ["", "bert", "gpt2", "llama"][random.below(4)]
        case 10: vocabulary.preTokenizer = [nil, "", "qwen2", "x"][random.below(4)]
        default:
            (vocabulary.addsBegin, vocabulary.addsEnd, vocabulary.addsSpacePrefix) = (true, true, random.below(2) == 0)
        }
        return vocabulary
    }
}

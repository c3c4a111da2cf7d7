import AssayCore
import AssayEndpoints
import AssayStore

/// An arm of a model that is served. What its weights are is not known: what stands for them is where it is served, and
/// under which name.
public struct ServedArm: Sendable {
    /// Where, and how much may be asked.
    public let settings: EndpointSettings
    /// The seed that it stands beside in comparisons.
    public let seed: UInt64
    /// The identity of what for a trained arm is a training run.
    public let run: ContentHash
    /// What stands for the hash of the weights.
    public let checkpoint: ContentHash

    /// The version of the kernels of cells that are whole; of others it tells what was lost, too, so that a cell in which more
    /// is answered later has a name of its own.
    static let kernelVersion = "served/1"

    init(_ entry: ServedArmEntry, arm: String, seeds: [UInt64]) throws {
        settings = entry.settings
        seed = entry.seed?.value ?? seeds.first ?? 1
        let source = try CanonicalJSON.text(ServedRunSource(settings))
        run = ContentHash(of: "served run\n\(arm)\n\(source)\n\(seed)")
        checkpoint = ContentHash(of: "served model\n\(source)")
    }

    /// The version of the kernels of a cell with responses.
    static func kernelVersion(_ responses: [ResponseRecord]) -> String {
        let lost = responses.filter { $0.status != .graded }
        guard !lost.isEmpty else { return kernelVersion }
        let hash = ContentHash(of: lost.map { "\($0.item.rawValue) \($0.output)" }.joined(separator: "\n"))
        return "\(kernelVersion) lost \(hash.short)"
    }

    /// Whether a cell was made by asking a served model.
    static func made(_ cell: CellRecord) -> Bool { cell.key.kernelVersion.hasPrefix(kernelVersion) }
}

/// What stands for the recipe in the record of a served run.
struct ServedRunSource: Codable, Hashable {
    /// The address.
    let endpoint: String
    /// The name of the model there.
    let model: String
    /// What the user calls its weights.
    let revision: String?
    /// The protocol.
    let dialect: String

    init(_ settings: EndpointSettings) {
        endpoint = settings.base.absoluteString
        model = settings.model
        revision = settings.revision
        dialect = settings.dialect.rawValue
    }
}

extension RunRecord {
    /// Whether its answers come from a served model: neither the model nor its training is known.
    var isServed: Bool { (try? CanonicalJSON.value(ServedRunSource.self, from: recipe)) != nil }

    /// Whether it was trained here.
    var isTrained: Bool { !isLoaded && !isServed }
}

/// The replies that a store keeps.
final class StoredReplies: ReplyArchive {
    private let store: Store

    init(_ store: Store) { self.store = store }

    func answer(to question: ContentHash) throws -> ServedAnswer? {
        try store.reply(to: question).map { try CanonicalJSON.value(ServedAnswer.self, from: $0) }
    }

    func keep(_ answer: ServedAnswer, to question: ContentHash) throws {
        try store.keepReply(try CanonicalJSON.text(answer), to: question)
    }
}

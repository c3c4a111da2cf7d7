import AssayStatistics
import Foundation

/// What is known of a proxy: how valid it is for a target, under which conditions that was found out, and when.
public struct ProxyCard: Sendable, Codable, Hashable {
    /// What the runs had in common when the proxy was held against the target.
    public struct Conditions: Sendable, Codable, Hashable {
        /// The tasks of every training mixture, with their weights, as text.
        public var mixtures: [String]
        /// Parameters of the largest model.
        public var parameters: Int
        /// Training tokens of the longest run.
        public var tokens: Int

        /// Conditions.
        public init(mixtures: [String], parameters: Int, tokens: Int) {
            self.mixtures = mixtures
            self.parameters = parameters
            self.tokens = tokens
        }
    }

    /// How well the proxy orders the runs.
    public var validity: ProxyValidity
    /// Whether the proxy tells arms apart by more than it wavers along a run (P3): spread over noise within runs for more than
    /// 8 runs, range over noise for fewer. Nil where runs have fewer than three checkpoints or no noise.
    public var signalToNoise: Double?
    /// Where that holds.
    public var conditions: Conditions
    /// When the target was measured last; nil where no record says so.
    public var validated: Date?

    /// A card.
    public init(validity: ProxyValidity, signalToNoise: Double?, conditions: Conditions, validated: Date?) {
        self.validity = validity
        self.signalToNoise = signalToNoise
        self.conditions = conditions
        self.validated = validated
    }

    /// How many times larger or longer other runs may be.
    public static let largestExtrapolation = 4

    /// Why the card says nothing of runs under other conditions; nil while it holds. A card expires with another mixture, with
    /// models of four times the parameters, and with four times the training.
    public func expiry(under other: Conditions) -> String? {
        let factor = ProxyCard.largestExtrapolation
        if let mixture = other.mixtures.first(where: { !conditions.mixtures.contains($0) }) {
            return "expired: another mixture, \(mixture)"
        }
        if other.parameters >= factor * conditions.parameters {
            return "expired: \(other.parameters) parameters, validated at \(conditions.parameters)"
        }
        return other.tokens >= factor * conditions.tokens
            ? "expired: \(other.tokens) training tokens, validated at \(conditions.tokens)" : nil
    }
}

import Foundation

/// How the rotary frequencies of a model are changed so that it reads longer texts than it was trained on. `f` is a
/// frequency, `d` the number of elements that turn, `s` the factor and `L` the original length.
public enum RotaryScaling: Sendable, Hashable {
    /// `f / s` (position interpolation).
    case linear(factor: Double)
    /// Llama 3: frequencies of wavelengths above `L / low` are divided by s, those below `L / high` stay, and those
    /// between are mixed.
    case llama3(factor: Double, low: Double, high: Double, length: Double)
    /// YaRN (Peng et al., "YaRN: Efficient Context Window Extension of Large Language Models", 2023): frequencies are
    /// divided by s where a pair turns less than `slow` times over the original length, stay where it turns more than
    /// `fast` times, and are mixed between; `truncates` widens the mixed range to whole pairs. Cosines and sines are
    /// multiplied with `attention`.
    case yarn(factor: Double, fast: Double, slow: Double, length: Double, truncates: Bool, attention: Double)
    /// No pair turns at all: attention without positions. Cosines, which are 1, are multiplied with `attention`.
    case still(attention: Double)

    /// What YaRN multiplies cosines and sines with for a factor: `0.1 weight ln(s) + 1`, and 1 up to s = 1.
    public static func attention(factor: Double, weight: Double = 1) -> Double {
        factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1
    }

    /// What multiplies cosines and sines.
    var magnitude: Double {
        switch self {
        case .linear, .llama3: 1
        case .yarn(_, _, _, _, _, let attention), .still(let attention): attention
        }
    }

    /// The frequencies that take the place of `base^(-2 i / dimension)`.
    func scaled(_ frequencies: [Double], dimension: Int, base: Double) -> [Double] {
        switch self {
        case .still: return frequencies.map { _ in 0 }
        case .linear(let factor): return frequencies.map { $0 / factor }
        case .llama3(let factor, let low, let high, let length):
            return frequencies.map { frequency in
                let wavelength = 2 * Double.pi / frequency
                if wavelength > length / low { return frequency / factor }
                if wavelength < length / high { return frequency }
                let share = (length / wavelength - low) / (high - low)
                return (1 - share) * frequency / factor + share * frequency
            }
        case .yarn(let factor, let fast, let slow, let length, let truncates, _):
            /// The pair that turns this many times over the original length.
            func pair(turns: Double) -> Double {
                Double(dimension) * log(length / (turns * 2 * Double.pi)) / (2 * log(base))
            }
            var (first, last) = (pair(turns: fast), pair(turns: slow))
            if truncates { (first, last) = (first.rounded(.down), last.rounded(.up)) }
            (first, last) = (max(first, 0), min(last, Double(dimension - 1)))
            if first == last { last += 0.001 }
            return frequencies.enumerated().map { i, frequency in
                let share = min(max((Double(i) - first) / (last - first), 0), 1)
                return frequency / factor * share + frequency * (1 - share)
            }
        }
    }
}

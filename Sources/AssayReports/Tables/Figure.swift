import Foundation

/// Numbers for people: as many digits as can be read at a glance.
public enum Figure {
    /// A value: three digits after the point below 10, fewer above, powers of ten for what is tiny or huge.
    public static func value(_ value: Double?) -> String {
        guard let value, !value.isNaN else { return "-" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        let size = abs(value)
        switch size {
        case 0: return "0.000"
        case ..<0.001: return String(format: "%.1e", value)
        case ..<10: return String(format: "%.3f", value)
        case ..<100: return String(format: "%.2f", value)
        case ..<1000: return String(format: "%.1f", value)
        case ..<1e9: return grouped(Int(value.rounded()))
        default: return String(format: "%.2e", value)
        }
    }

    /// A difference: as a value, with its sign.
    public static func difference(_ value: Double?) -> String {
        guard let value, !value.isNaN else { return "-" }
        return (value > 0 ? "+" : "") + Figure.value(value)
    }

    /// A p value.
    public static func p(_ value: Double?) -> String {
        guard let value, !value.isNaN else { return "-" }
        return value < 0.0001 ? "<0.0001" : String(format: "%.4f", value)
    }

    /// A whole number with its digits in groups of three.
    public static func grouped(_ value: Int) -> String {
        var digits = Array(String(value.magnitude))
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: index)
            index -= 3
        }
        return (value < 0 ? "-" : "") + String(digits)
    }

    /// A span of time, such as `1 h 05 min`, `2 min 10 s`, `8 s`.
    public static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "-" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
        return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min"
    }

    private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
}

/// How many columns of a terminal a text takes.
enum TextWidth {
    /// Columns of a text.
    static func columns(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
        return text.reduce(0) { $0 + columns($1) }
    }

    /// Columns of one character as a person sees it, with its accents and joiners.
    private static func columns(_ character: Character) -> Int {
        let widths = character.unicodeScalars.map(columns)
        let hasEmojiForm = character.unicodeScalars.contains { $0.value == 0xFE0F }
        return hasEmojiForm ? 2 : min(2, widths.max() ?? 0)
    }

    private static func columns(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        // East Asian wide and fullwidth blocks (Unicode Standard Annex 11).
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}

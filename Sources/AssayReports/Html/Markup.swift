/// A piece of a page that is well-formed XML and HTML at once: texts and attributes can only come in escaped.
public struct Markup: Sendable, Hashable {
    /// The piece as it stands in the file.
    public let source: String

    /// An attribute of an element.
    public typealias Attribute = (name: String, value: String)

    private init(source: String) { self.source = source }

    /// Nothing.
    public static let empty = Markup(source: "")

    /// A text.
    public static func text(_ text: String) -> Markup { Markup(source: escaped(text)) }

    /// Pieces one after the other.
    public static func sequence(_ parts: [Markup]) -> Markup { Markup(source: parts.map(\.source).joined()) }

    /// An element with its content; one that HTML closes by itself, such as `br`, has none.
    /// - Parameters:
    ///   - name: the element's name, which comes from the program, never from data.
    ///   - attributes: in their order; names come from the program.
    ///   - content: what is inside.
    public static func element(_ name: String, _ attributes: [Attribute] = [], _ content: [Markup] = []) -> Markup {
        var source = "<" + name
        for (name, value) in attributes {
            source += " \(name)=\"" + escaped(value) + "\""
        }
        if content.isEmpty, voidElements.contains(name) { return Markup(source: source + "/>") }
        source += ">"
        for part in content { source += part.source }
        return Markup(source: source + "</\(name)>")
    }

    /// An element with a text inside.
    public static func element(_ name: String, _ attributes: [Attribute] = [], _ text: String) -> Markup {
        element(name, attributes, [.text(text)])
    }

    /// An element whose content is style or script: a language of its own, in which HTML reads no escapes.
    ///
    /// - Precondition: the text has neither `<` nor `&`, so that it means the same to readers of XML and of HTML.
    static func raw(_ name: String, _ text: String) -> Markup {
        precondition(!text.contains("<") && !text.contains("&"), "a \(name) that XML would read otherwise")
        return Markup(source: "<\(name)>\n\(text)</\(name)>")
    }

    /// Elements that never have content. All others are closed by a tag, which HTML needs.
    private static let voidElements: Set<String> = [
        "br", "meta", "input", "line", "path", "rect", "circle", "polyline", "polygon",
    ]

    /// A text that cannot break out of its element or attribute; what XML does not allow becomes U+FFFD.
    static func escaped(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && !"<>&\"'".utf8.contains($0) }
        if isPlain { return text }
        var result = ""
        result.unicodeScalars.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x26: result += "&amp;"
            case 0x3C: result += "&lt;"
            case 0x3E: result += "&gt;"
            case 0x22: result += "&quot;"
            case 0x27: result += "&#39;"
            case 0x09, 0x0A, 0x0D: result += "&#\(scalar.value);"
            case 0..<0x20, 0x7F..<0xA0, 0xFFFE, 0xFFFF: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// An element of a page or XML file, as a parser sees it.
final class Element {
    let name: String
    let attributes: [String: String]
    fileprivate(set) var children: [Element] = []
    fileprivate var ownText = ""

    fileprivate init(_ name: String, _ attributes: [String: String]) {
        self.name = name
        self.attributes = attributes
    }

    /// The text of the element itself.
    var text: String { ownText }
    /// The text of the element and all below it.
    var wholeText: String { ownText + children.map(\.wholeText).joined() }

    /// All elements below of a name, in their order.
    func all(_ name: String) -> [Element] {
        children.flatMap { ($0.name == name ? [$0] : []) + $0.all(name) }
    }

    /// The element below with an identity.
    func element(id: String) -> Element? {
        for child in children {
            if child.attributes["id"] == id { return child }
            if let found = child.element(id: id) { return found }
        }
        return nil
    }

    /// Everything below.
    var descendants: [Element] { children.flatMap { [$0] + $0.descendants } }
}

/// Reads well-formed XML; nil otherwise.
func parseXML(_ text: String) -> Element? {
    final class Delegate: NSObject, XMLParserDelegate {
        let root = Element("", [:])
        lazy var stack = [root]

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            let element = Element(name, attributes)
            stack[stack.count - 1].children.append(element)
            stack.append(element)
        }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
        ) { stack.removeLast() }

        func parser(_ parser: XMLParser, foundCharacters string: String) { stack[stack.count - 1].ownText += string }
    }
    let delegate = Delegate()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = delegate
    return parser.parse() ? delegate.root : nil
}

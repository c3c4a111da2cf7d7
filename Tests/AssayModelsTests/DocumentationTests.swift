import Foundation
import Testing

@testable import AssayModels

@Suite struct DocumentationTests {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("the worked example of docs/add-a-mixer.md is the code that is compiled and checked")
    func workedExample() throws {
        let page = try String(contentsOf: root.appendingPathComponent("docs/add-a-mixer.md"), encoding: .utf8)
        let source = try String(
            contentsOf: root.appendingPathComponent("Sources/AssayModels/Mixers/SigmoidAttention.swift"),
            encoding: .utf8)
        let blocks = page.components(separatedBy: "```swift\n").dropFirst()
            .compactMap { $0.components(separatedBy: "```").first }.filter { $0.contains("public func") }
        #expect(blocks.count == 4)
        for block in blocks { #expect(source.contains(block), "\(block.prefix(80))... is not in the file") }
    }
}

import AssayCore
import AssayTasks
import Foundation
import Testing

@testable import AssayRendering

/// Worlds in English: what is said must be what the world means, and only calls that are calls may be taken for such.
@Suite struct AgentTextTests {
    static let worlds = TaskRegistry.kinds.filter { $0.family == .agent }.map(\.name)

    private func text(_ name: String, shots: Int = 1) throws -> AgentText {
        guard case .episodes(let world) = try TaskText(TaskRegistry.make(name), shots: shots) else {
            throw AssayError(.defect, "no world")
        }
        return world
    }

    @Test(arguments: worlds)
    func `an expert who speaks JSON solves every episode`(name: String) throws {
        let world = try text(name)
        for index in 0..<6 {
            let template = AgentText.template(ofCluster: index)
            var environment = world.generator.environment(.evaluation(seed: 1), index: index)
            while !environment.isOver {
                let action = environment.expertAction
                let line = try #require(world.text(ofAction: action, template))
                // The line is JSON, of ordinary words, and stands for the action alone. No word is the name of something else.
                #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
                #expect(line.range(of: #""s\d+""#, options: .regularExpression) == nil)
                #expect(try world.action(line, template) == action)
                #expect(try world.action(" \(line)", template) == action)
                let answer = world.text(of: environment.act(action), template)
                #expect(answer.range(of: #""s\d+""#, options: .regularExpression) == nil)
            }
            #expect(environment.isSolved)
        }
    }

    @Test func `what is no call is refused`() throws {
        let world = try text("tool-world")
        let lines = [
            "", "open", #"{"tool":"open"}"#, #"{"tool":"open","arguments":{"handle":"s3"}}"#,
            #"{"tool":"fly","arguments":{}}"#, #"{"tool":"open","arguments":{"handle":"nonsense"}}"#,
            #"{"tool":"open","arguments":{"handle":"apple"}} and more"#,
            #"{"tool":"open","arguments":{"handle":"apple","why":"lamp"}}"#,
        ]
        for line in lines { #expect(throws: InvalidCall.self, "\(line)") { try world.action(line, 0) } }
        #expect(try world.action(#"{"arguments": {"handle": "apple"}, "tool": "open"}"#, 0).count == 3)
    }

    @Test func `the rules name the tools, and demonstrations come from the training stream`() throws {
        for name in Self.worlds {
            let world = try text(name, shots: 2)
            let opening = world.opening(1)
            #expect(opening.components(separatedBy: "\n\nEpisode:").count == 4)
            for signature in world.generator.callForm?.signatures ?? [] {
                #expect(opening.contains(signature.tool + "("))
            }
            #expect(world.opening(0) != opening && world.identity != world.generator.identity)
        }
    }
}

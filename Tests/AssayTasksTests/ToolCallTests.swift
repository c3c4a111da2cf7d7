import AssayCore
import Testing

@testable import AssayTasks

@Suite struct ToolCallTests {
    private static let names = [
        "tool-world", "key-value-service", "file-tree", "warehouse", "ticket-desk", "grid-maze",
    ]

    private func form(_ name: String) throws -> (task: any AgentTaskGenerator, form: ToolCallForm) {
        let task = try #require(try TaskRegistry.make(name) as? any AgentTaskGenerator)
        return (task, try #require(task.callForm))
    }

    @Test("every legal action of an episode is the same after being written as JSON and read", arguments: names)
    func roundTrip(_ name: String) throws {
        let (task, form) = try form(name)
        for index in 0..<10 {
            var world = task.environment(.evaluation(seed: 1), index: index)
            #expect(form.text(ofPrompt: world.prompt).hasPrefix("{\"prompt\":[\""))
            while !world.isOver {
                for action in world.legalActions {
                    let text = try #require(form.text(of: action))
                    #expect(try form.action(text.utf8) == action)
                }
                let said = form.text(of: world.act(world.expertAction))
                #expect(said.hasPrefix("{\"observation\":[") && !said.contains("\">\""))
            }
            #expect(world.isSolved)
        }
    }

    @Test("a call is read strictly, and says what is wrong with it")
    func strictness() throws {
        let form = try form("key-value-service").form
        let right = ToolSignature.call(Vocabulary.put, 70, 80)
        let same = [
            #"{"tool":"put","arguments":{"key":"s6","value":"s16"}}"#,
            #" { "arguments" : {"value":"s16", "key":"s\u0036"} ,"tool":"p\u0075t" } "#,
        ]
        for text in same { #expect(try form.action(text.utf8) == right) }
        let wrong: [(String, InvalidCall)] = [
            ("", .notJSON), ("put s6 s16", .notJSON), (#"{"tool":"put""#, .notJSON), ("[]", .notJSON),
            (#"{"tool":"put","arguments":{"key":"s6","value":"s16"}} x"#, .notJSON),
            (#"{"tool":"put","tool":"put","arguments":{}}"#, .notJSON), (#"{"tool":"put",}"#, .notJSON),
            (#"{"tool":"put","arguments":{"key":01}}"#, .notJSON), (#"{"tool":"\ud800"}"#, .notJSON),
            (#"{"tool":"put","arguments":{"a":{"b":{"c":{"d":1}}}}}"#, .notJSON),
            (#"{"tool":"put"}"#, .wrongShape), (#"{"tool":1,"arguments":{}}"#, .wrongShape),
            (#"{"tool":"put","arguments":[]}"#, .wrongShape), (#"{"tool":"put","arguments":{},"x":null}"#, .wrongShape),
            (#"{"tool":"PUT","arguments":{}}"#, .unknownTool("PUT")),
            (#"{"tool":"put","arguments":{"key":"s6"}}"#, .missingArgument("value")),
            (#"{"tool":"put","arguments":{"key":"s6","value":"s16","x":-1.5e3}}"#, .unknownArgument("x")),
            (#"{"tool":"put","arguments":{"key":"s6","value":"nine"}}"#, .unknownValue("value")),
            (#"{"tool":"put","arguments":{"key":true,"value":"s1"}}"#, .unknownValue("key")),
            (String(repeating: " ", count: 5_000), .tooLong),
        ]
        for (text, reason) in wrong {
            #expect(throws: reason, "\(text)") { try form.action(text.utf8) }
        }
        #expect(form.text(of: [Vocabulary.put, 70]) == nil && form.text(of: []) == nil)
    }

    @Test("random bytes and mangled calls are read or refused with a reason, and the world takes what was read")
    func mangled() throws {
        for (number, name) in Self.names.enumerated() {
            let (task, form) = try form(name)
            var random = CounterRandom(key: 77, index: UInt64(number))
            var world = task.environment(.evaluation(seed: 2), index: 0)
            var (read, refused) = (0, 0)
            for round in 0..<3_000 {
                var bytes = Array((form.text(of: random.pick(world.legalActions)) ?? "").utf8)
                if round % 3 == 0 { bytes = (0..<random.below(60)).map { _ in UInt8(random.below(256)) } }
                for _ in 0..<random.below(3) where !bytes.isEmpty {
                    let place = random.below(bytes.count)
                    switch random.below(4) {
                    case 0: bytes[place] = UInt8(random.below(256))
                    case 1: bytes.remove(at: place)
                    case 2: bytes.insert(random.pick(Array("{}\",:\\u0s1".utf8)), at: place)
                    default: bytes.swapAt(place, random.below(bytes.count))
                    }
                }
                do {
                    let action = try form.action(bytes)
                    #expect(action.last == Vocabulary.end && action.count <= 4)
                    var copy = world
                    _ = copy.act(action)
                    read += 1
                } catch { refused += 1 }
                if world.steps < 3, round % 500 == 499 { _ = world.act(world.expertAction) }
            }
            #expect(read > 300 && refused > 1_000, "\(name) \(read) \(refused)")
        }
    }
}

import AssayCore
import Testing

@testable import AssayTasks

@Suite struct ParameterTests {
    private func failure(_ name: String, _ parameters: [String: Int]) -> AssayError? {
        do {
            _ = try TaskRegistry.make(name, parameters: parameters)
            return nil
        } catch { return error as? AssayError }
    }

    @Test("an unknown generator or parameter is refused with the near name")
    func unknownNames() {
        #expect(failure("asociative-recall", [:])?.remedy == "Did you mean 'associative-recall'?")
        #expect(failure("frobnicate", [:])?.remedy?.contains("tool-world") == true)
        let error = failure("successor", ["hop": 2])
        #expect(error?.problem.contains("'hop'") == true)
        #expect(error?.remedy == "Did you mean 'hops'?")
        #expect(error?.exitStatus == 65)
    }

    @Test(
        "every parameter refuses values outside its range and names itself and the bound", arguments: TaskCase.defaults)
    func ranges(_ testCase: TaskCase) throws {
        let kind = try TaskRegistry.kind(named: testCase.name)
        for parameter in kind.parameters {
            let low = try #require(failure(kind.name, [parameter.name: parameter.range.lowerBound - 1]))
            #expect(low.problem.contains("'\(parameter.name)'") && low.problem.contains("below"))
            let high = try #require(failure(kind.name, [parameter.name: parameter.range.upperBound + 1]))
            #expect(high.problem.contains("above \(parameter.range.upperBound)"))
            #expect(failure(kind.name, [parameter.name: Int.min]) != nil)
            #expect(failure(kind.name, [parameter.name: Int.max]) != nil)
            #expect(parameter.range.contains(parameter.defaultValue) && !parameter.meaning.isEmpty)
        }
    }

    @Test(
        "contradictory parameters are refused at construction, with the parameter to change",
        arguments: [
            ("associative-recall", ["pairs": 40], "symbols", "40"),
            ("associative-recall", ["pairs": 4, "queries": 5], "queries", "4"),
            ("associative-recall", ["length": 65], "length", "66"),
            ("multi-value-recall", ["keys": 8, "values": 8], "symbols", "64"),
            ("multi-value-recall", ["length": 57], "length", "58"),
            ("needle", ["length": 36], "length", "37"),
            ("successor", ["hops": 3], "hops", "power of two"),
            ("successor", ["hops": 16], "facts", "19"),
            ("successor", ["questions": 17], "questions", "16"),
            ("successor", ["length": 80], "length", "81"),
            ("variable-tracking", ["chains": 16], "symbols", "64"),
            ("variable-tracking", ["length": 64], "length", "65"),
            ("updated-recall", ["keys": 16], "symbols", "48"),
            ("updated-recall", ["keys": 4, "queries": 5], "queries", "4"),
            ("updated-recall", ["length": 69], "length", "70"),
            ("parity", ["length": 20], "length", "21"),
            ("parity", ["questions": 31], "questions", "30"),
            ("modular-arithmetic", ["length": 21], "length", "22"),
            ("modular-arithmetic", ["brackets": 1], "questions", "1"),
            ("group-word", ["length": 18], "length", "21"),
            ("group-word", ["questions": 40], "questions", "30"),
            ("tool-world", ["records": 4], "records", "5"),
            ("tool-world", ["budget": 4], "budget", "5"),
            ("tool-world", ["length": 57], "length", "58"),
            ("key-value-service", ["writes": 5], "writes", "4"),
            ("key-value-service", ["stages": 32, "decoys": 1], "stages", "31"),
            ("file-tree", ["edits": 20], "length", "667"),
            ("warehouse", ["rooms": 4], "rooms", "5"),
            ("warehouse", ["orders": 1, "rooms": 5, "slack": 100], "slack", "0.99"),
            ("file-tree", ["slack": 256], "slack", "0.99"),
            ("boxes", ["operations": 1], "operations", "0.99"),
            ("ticket-desk", ["gap": 200], "length", "at least"),
            ("grid-maze", ["passages": 8], "passages", "7"),
            ("grid-maze", ["size": 6], "horizon", "12"),
        ])
    func contradictions(_ name: String, _ parameters: [String: Int], _ parameter: String, _ bound: String) throws {
        let error = try #require(failure(name, parameters))
        #expect(error.problem.contains("'\(parameter)'") && error.problem.contains(bound), "\(error)")
    }

    @Test("contradictory parameters of the retrieval tasks are refused too", arguments: RetrievalContradictions.all)
    func retrievalContradictions(
        _ name: String, _ parameters: [String: Int], _ parameter: String, _ bound: String
    ) throws {
        try contradictions(name, parameters, parameter, bound)
    }

    @Test("the smallest length that is accepted is enough", arguments: TaskCase.defaults)
    func tightLength(_ testCase: TaskCase) throws {
        let length = try #require((16...512).first { failure(testCase.name, ["length": $0]) == nil })
        let task = try TaskRegistry.make(testCase.name, parameters: ["length": length])
        for index in 0..<300 {
            #expect(task.cluster(.evaluation(seed: 1), index: index).allSatisfy { task.check($0).isEmpty })
            #expect(task.check(task.trainingSequence(.training(seed: 1), index: index)).isEmpty)
        }
    }

    @Test("all corners of the parameter ranges either refuse or work", arguments: TaskCase.defaults)
    func corners(_ testCase: TaskCase) throws {
        let parameters = try TaskRegistry.kind(named: testCase.name).parameters
        // Of very many corners an even share: an odd stride meets every value of every parameter.
        let stride = max(1, (1 << parameters.count) / 192) | 1
        for corner in Swift.stride(from: 0, to: 1 << parameters.count, by: stride) {
            var given: [String: Int] = [:]
            for (bit, parameter) in parameters.enumerated() {
                given[parameter.name] = corner >> bit & 1 == 1 ? parameter.range.upperBound : parameter.range.lowerBound
            }
            guard let task = try? TaskRegistry.make(testCase.name, parameters: given) else { continue }
            #expect((0..<1).contains(task.statedFloor), "\(given)")
            for index in 0..<2 {
                #expect(task.cluster(.evaluation(seed: 1), index: index).allSatisfy { task.check($0).isEmpty })
                #expect(task.check(task.trainingSequence(.training(seed: 1), index: index)).isEmpty)
            }
        }
    }

    @Test("identities spell out every parameter, given or not")
    func identity() throws {
        let task = try TaskRegistry.make("needle", parameters: ["distractors": 3])
        #expect(task.identity.text == "needle/v1?distractors=3&gap=8&length=128&symbols=32")
    }

    @Test("control tokens have names, all different, below the symbols")
    func vocabulary() {
        #expect(Vocabulary.controlNames.count <= Int(Vocabulary.firstSymbol))
        let names = (0..<Int32(Vocabulary.count)).map(Vocabulary.name(of:))
        #expect(Set(names).count == Vocabulary.count)
        #expect(names.allSatisfy { !$0.contains(" ") })
        #expect(Vocabulary.controlNames.count == Int(Vocabulary.equals) + 1)
        #expect(Vocabulary.name(of: Vocabulary.submit) == "submit")
        #expect(Vocabulary.name(of: Vocabulary.assign) == "let")
        #expect(Vocabulary.name(of: Vocabulary.firstHop + 2) == "x4")
        #expect(Vocabulary.name(of: Vocabulary.notKnown) == "not-known")
        #expect(Vocabulary.text([Vocabulary.start, 64, 255]) == "<s> s0 s191")
        #expect(Vocabulary.name(of: -1) == "<invalid--1>")
    }
}

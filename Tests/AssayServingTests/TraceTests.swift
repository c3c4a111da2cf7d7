import AssayCore
import Testing

@testable import AssayServing

@Suite struct TraceTests {
    @Test("a trace is the same each time, and another for another seed")
    func determinism() throws {
        var parameters = TraceParameters.chat
        let trace = try ConversationTrace(parameters)
        #expect(try ConversationTrace(parameters) == trace)
        parameters.seed = 2
        #expect(try ConversationTrace(parameters) != trace)
    }

    @Test("a conversation does not depend on how many there are")
    func independence() throws {
        var parameters = TraceParameters.chat
        let all = try ConversationTrace(parameters)
        parameters.sessions = 10
        let some = try ConversationTrace(parameters)
        #expect(some.requests == all.requests.filter { $0.session < 10 })
    }

    @Test("every class of request is there, in order of time and within the context")
    func classes() throws {
        for var parameters in [TraceParameters.chat, .agent] {
            parameters.sessions = 150
            let trace = try ConversationTrace(parameters)
            #expect(Set(trace.requests.map(\.kind)) == Set(RequestClass.allCases))
            for (a, b) in zip(trace.requests, trace.requests.dropFirst()) { #expect(a.time <= b.time) }
            #expect(trace.longest <= parameters.contextLimit)
            for request in trace.requests {
                #expect(request.inputCount == request.input.reduce(0) { $0 + $1.count })
                #expect(request.turnEnds == request.turnEnds.sorted())
                #expect(request.input.allSatisfy { $0.count > 0 } && request.output.count > 0)
            }
        }
    }

    /// Tokens that two contexts share at their start.
    private func shared(_ a: [TextSpan], _ b: [TextSpan]) -> Int {
        var count = 0
        for (x, y) in zip(a, b) {
            guard x.text == y.text, x.start == y.start else { break }
            count += min(x.count, y.count)
            if x.count != y.count { break }
        }
        return count
    }

    @Test("each class shares with earlier requests what its name says")
    func sharing() throws {
        var parameters = TraceParameters.chat
        parameters.sessions = 150
        parameters.inheritShare = 1
        let trace = try ConversationTrace(parameters)
        for (_, requests) in Dictionary(grouping: trace.requests, by: \.session) {
            for (index, request) in requests.enumerated() {
                let before = requests.prefix(index)
                let best = before.map { shared(request.input, $0.input + [$0.output]) }.max() ?? 0
                let last = request.turnEnds.dropLast().last ?? 0
                switch request.kind {
                case .first: #expect(before.isEmpty)
                // All but the new message was there.
                case .turn, .return, .subagent, .branch: #expect(best >= last)
                case .regenerate: #expect(best == request.inputCount)
                case .edit: #expect(best >= last && best < request.inputCount)
                case .tool: #expect(best >= last)
                }
            }
        }
        let firsts = trace.requests.filter { $0.kind == .first }
        #expect(Set(firsts.map { $0.input[0] }).count == parameters.systemPrompts)
    }

    @Test("the means are those that were asked for")
    func means() throws {
        var parameters = TraceParameters.chat
        parameters.sessions = 2_000
        parameters.toolShare = 0
        parameters.subagentShare = 0
        parameters.contextLimit = 1 << 20
        let requests = try ConversationTrace(parameters).requests
        let perSession = Double(requests.count) / Double(parameters.sessions)
        #expect(abs(perSession - parameters.turns) < 0.4)
        let answers = requests.map(\.output.count).sorted()
        #expect(abs(Double(answers[answers.count / 2]) / Double(parameters.answerLength) - 1) < 0.05)
        let edits = Double(requests.count { $0.kind == .edit }) / Double(requests.count { $0.kind != .first })
        #expect(abs(edits - parameters.editShare) < 0.01)
    }

    @Test("parameters that no trace can have are refused by name")
    func refusals() {
        var parameters = TraceParameters.chat
        parameters.toolShare = 1.5
        #expect(throws: AssayError.self) { try ConversationTrace(parameters) }
        parameters = .chat
        parameters.editShare = 0.6
        parameters.branchShare = 0.6
        #expect(throws: AssayError.self) { try ConversationTrace(parameters) }
        parameters = .chat
        parameters.sessions = 0
        do {
            try parameters.validate()
            Issue.record("no sessions were taken")
        } catch { #expect("\(error)".contains("sessions")) }
    }
}

import AssayCore
import Foundation

/// How a question to a served model ended.
public enum ServedOutcome: Sendable, Hashable {
    /// With an answer.
    case answered(ServedAnswer)
    /// Without one, for a reason of its own; to be asked again another time.
    case lost(EndpointError)
}

extension EndpointClient {
    /// Asks questions, several at a time, and tells each outcome when it is there: in any order, but one after another.
    /// - Parameters:
    ///   - shouldStop: asked before every request and while it waits.
    ///   - tell: gets the place of the question in the list. When it throws, nothing more is asked.
    /// - Returns: why it ended before all were asked (``EndpointError/isFinal``); nil when none is left.
    /// - Throws: what `tell` threw.
    public func ask(
        _ questions: [ServedQuestion], shouldStop: @escaping @Sendable () -> Bool = { false },
        tell: (Int, ServedOutcome) throws -> Void
    ) throws -> EndpointError? {
        let queue = QuestionQueue(questions, patience: settings.parallel + 10)
        let workers = min(settings.parallel, questions.count)
        let isOver: @Sendable () -> Bool = { shouldStop() || queue.reason != nil }
        for _ in 0..<workers {
            let thread = Thread { [self] in
                while let (place, question) = queue.next() {
                    do throws(EndpointError) {
                        let answer = try answer(question, queue: queue, shouldStop: isOver)
                        queue.add(place, .answered(answer))
                    } catch {
                        queue.add(place, error)
                    }
                }
                queue.leave()
            }
            thread.stackSize = 1 << 20
            queue.enter()
            thread.start()
        }
        defer { queue.end() }
        while let (place, outcome) = queue.wait() { try tell(place, outcome) }
        return queue.reason
    }

    /// Asks for an answer, and for the likelihood of the right one while that is offered.
    private func answer(
        _ question: ServedQuestion, queue: QuestionQueue, shouldStop: @Sendable () -> Bool
    ) throws(EndpointError) -> ServedAnswer {
        do {
            let reply = try ask(try settings.generation(question), shouldStop: shouldStop)
            var answer = ServedAnswer(text: Self.cut(reply.text, at: question.stops), isCut: reply.isCut)
            if let gold = question.gold, settings.wantsLikelihood, settings.dialect == .completions,
                queue.offersLikelihood,
                let likelihood = try likelihood(question, gold: gold, queue: queue, shouldStop: shouldStop)
            {
                (answer.goldNLL, answer.goldTokens) = (likelihood.total, likelihood.tokens)
            }
            return answer
        } catch let error as EndpointError {
            throw error
        } catch {
            throw .malformed("the question cannot be written as JSON")
        }
    }

    /// The likelihood of the right answer; nil, and not asked again, where the server does not tell it.
    private func likelihood(
        _ question: ServedQuestion, gold: String, queue: QuestionQueue, shouldStop: @Sendable () -> Bool
    ) throws -> CompletionReply.Likelihood? {
        do {
            let reply = try ask(try settings.likelihood(question, gold: gold), shouldStop: shouldStop)
            if let likelihood = try reply.likelihood(of: gold, after: question.prompt) { return likelihood }
        } catch EndpointError.rejected {
            // Servers that know no echo say so.
        }
        queue.offersLikelihood = false
        return nil
    }

    /// What is before the first of the stops, which some servers leave in the text.
    private static func cut(_ text: String, at stops: [String]) -> String {
        let ends = stops.filter { !$0.isEmpty }.compactMap { text.range(of: $0)?.lowerBound }
        return ends.min().map { String(text[..<$0]) } ?? text
    }
}

/// The questions that are left and the outcomes that are not told yet, between workers and their caller.
private final class QuestionQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private let questions: [ServedQuestion]
    private var following = 0
    private var outcomes: [(Int, ServedOutcome)] = []
    private var workers = 0
    private var ending: EndpointError?
    private var offers = true
    /// Questions that may be lost one after another before the server is taken to be at fault.
    private let patience: Int
    private var lost = 0

    init(_ questions: [ServedQuestion], patience: Int) {
        self.questions = questions
        self.patience = patience
    }

    private func locked<T>(_ body: () -> T) -> T {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }

    /// Whether the server told a likelihood whenever it was asked.
    var offersLikelihood: Bool {
        get { locked { offers } }
        set { locked { offers = newValue } }
    }

    /// Why it ended early.
    var reason: EndpointError? { locked { ending } }

    func enter() { locked { workers += 1 } }

    func leave() {
        locked {
            workers -= 1
            condition.signal()
        }
    }

    /// The next question, unless all is over.
    func next() -> (Int, ServedQuestion)? {
        locked {
            guard ending == nil, following < questions.count else { return nil }
            following += 1
            return (following - 1, questions[following - 1])
        }
    }

    func add(_ place: Int, _ outcome: ServedOutcome) {
        locked {
            outcomes.append((place, outcome))
            lost = 0
            condition.signal()
        }
    }

    /// A failure ends everything, or only this question.
    func add(_ place: Int, _ error: EndpointError) {
        locked {
            if error.isFinal {
                ending = ending ?? error
            } else {
                outcomes.append((place, .lost(error)))
                if case .rejected = error { lost = 0 } else { lost += 1 }
                if lost >= patience { ending = ending ?? error }
            }
            condition.signal()
        }
    }

    /// The next outcome; nil when there is none and no worker is left.
    func wait() -> (Int, ServedOutcome)? {
        locked {
            while outcomes.isEmpty, workers > 0 { condition.wait() }
            return outcomes.isEmpty ? nil : outcomes.removeFirst()
        }
    }

    /// Nothing more is asked; returns when the workers are gone.
    func end() {
        locked {
            if following < questions.count { ending = ending ?? .stopped }
            following = questions.count
            while workers > 0 { condition.wait() }
        }
    }
}

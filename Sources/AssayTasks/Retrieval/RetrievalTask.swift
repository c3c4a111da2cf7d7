import AssayCore

/// A retrieval task, made in a frame.
protocol RetrievalTask: TaskGenerator {
    /// What it shares with the others.
    var frame: RetrievalFrame { get }
}

extension RetrievalTask {
    /// Everything that identifies the items.
    public var identity: TaskIdentity { frame.identity }
    /// Tokens of every sequence.
    public var length: Int { frame.length }
    /// Retrieval.
    public var family: TaskFamily { .retrieval }
    /// Answers are right when all their tokens are, each after the right ones: nothing is generated freely.
    public var generates: Bool { false }
}

/// A task whose sequences tell facts among noise and then ask about them.
protocol RecallTask: RetrievalTask {
    /// How much a sequence tells, such as the number of pairs.
    associatedtype Size

    /// The token that marks its sequences.
    static var token: Int32 { get }
    /// How much an evaluation sequence tells.
    var size: Size { get }
    /// Questions in an evaluation sequence.
    var queries: Int { get }

    /// How much a training sequence tells: as much half of the time, less otherwise.
    func trainingSize(_ random: inout CounterRandom) -> Size
    /// What a sequence of a size takes: the different things that can be asked, the tokens of all facts, and those of a
    /// question.
    func extent(of size: Size) -> (asked: Int, facts: Int, question: Int)
    /// Draws the facts of a sequence with so many questions.
    func sheet(of size: Size, queries: Int, _ random: inout CounterRandom) -> FactSheet
}

extension RecallTask {
    /// One sequence a cluster.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        [
            frame.sequence(stream, .cluster, index, task: Self.token) { random in
                (sheet(of: size, queries: queries, &random), queries)
            }
        ]
    }

    /// A sequence that tells as much as an evaluation sequence half of the time, less otherwise; and with questions instead
    /// of noise, round after round over what can be asked, half of the time as many as fit. Filling sequences with questions
    /// makes recall appear after some hundred steps; with the questions of an evaluation sequence alone, it does not appear
    /// in ten times as many.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        frame.sequence(stream, .training, index, task: Self.token) { random in
            let size = trainingSize(&random)
            let (asked, facts, question) = extent(of: size)
            let most = frame.questions(of: question, beside: facts)
            let queries = random.difficulty(min(queries, asked)...most)
            return (sheet(of: size, queries: queries, &random), queries)
        }
    }
}

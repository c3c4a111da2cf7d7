import AssayCore

/// A question about a world of facts.
struct HopQuestion: Sendable {
    /// The tokens between `?` and the answer.
    let ask: [Int32]
    /// The gold answer, with its end token where it is generated freely.
    let gold: [Int32]
    let grading: Grading
    let hops: Int
    /// The numbers of the facts that it rests on.
    let support: [Int]
    /// Makes the single hops of its path; none for a single hop. Only evaluation asks for them.
    let steps: @Sendable () -> [HopQuestion]

    init(
        ask: [Int32], gold: [Int32], grading: Grading = .exact, hops: Int = 1, support: [Int],
        steps: @escaping @Sendable @autoclosure () -> [HopQuestion] = []
    ) {
        (self.ask, self.gold, self.grading) = (ask, gold, grading)
        (self.hops, self.support, self.steps) = (hops, support, steps)
    }

    /// Tokens of the question, its mark and its answer.
    var width: Int { 1 + ask.count + gold.count }
}

/// Facts to reason about.
protocol HopWorld: Sendable {
    /// The tokens of each fact, in order of appearance.
    var facts: [[Int32]] { get }
    /// What the state has to hold.
    var load: Int { get }
}

/// A task whose sequences are facts among noise and then questions about them, each a number of hops: `<s> task n fact n n fact
/// ... n ? ask answer ? ask answer`.
///
/// Numbers of facts, length and gap stay fixed while hops vary: the questions of a sequence ask for 1, 2, ... hops as
/// often as each other, in random order. A cluster is the main sequence and its twins: the same context, with the
/// single hops of the main questions as questions; each twin item names its multi-hop parent.
protocol HopTask: TaskGenerator {
    associatedtype World: HopWorld
    /// What it shares with the others.
    var frame: HopFrame { get }
    /// How facts and questions are told apart from their tokens.
    var grammar: HopGrammar { get }
    /// The floor of the multi-hop questions and of their single hops, the larger of the two.
    var statedFloor: Double { get }

    /// A world of full size.
    func evaluationWorld(_ random: inout CounterRandom) -> World
    /// The questions of an evaluation sequence, none of which gives away a later one.
    func mainQuestions(about world: World, _ random: inout CounterRandom) -> [HopQuestion]
    /// A world that allows questions of so many hops: of full size half of the time.
    func trainingWorld(hops: Int, _ random: inout CounterRandom) -> World
    /// Any question of so many hops.
    func trainingQuestion(about world: World, hops: Int, _ random: inout CounterRandom) -> HopQuestion

    /// Understands the facts of a sequence, by another route than the generator.
    func solver(_ reading: HopReading) -> HopSolver
    /// The answers among which a guesser chooses, by order of appearance.
    func candidates(_ asked: HopReading.Asked, _ reading: HopReading) -> [Int32]
    /// Shortcuts of this task besides those of all.
    var ownBaselines: [ShortcutBaseline] { get }
    /// A fact for a person.
    func text(fact: [Int32]) -> String
    /// A question for a person.
    func text(ask: [Int32]) -> String
    /// A token for a person.
    func text(token: Int32) -> String
}

/// What the tasks of facts and hops have in common.
struct HopFrame: Sendable {
    let identity: TaskIdentity
    let length: Int
    let gap: Int
    /// Most hops of a question.
    let hops: Int
    /// Questions in an evaluation sequence.
    let questions: Int
    /// Tokens that they take, at most.
    let room: Int
    /// The second token.
    let task: Int32
    let source: ItemSource

    /// Checks that facts, gap and questions fit.
    /// - Parameters:
    ///   - facts: tokens of the facts of an evaluation sequence, at most.
    ///   - questions: how many an evaluation sequence has.
    ///   - question: tokens of a question, at most.
    ///   - content: what takes the room, for the message.
    init(
        _ generator: String, _ p: ParameterValues, task: Int32, hops: Int, facts: Int, questions: Int, question: Int,
        content: String
    ) throws {
        room = questions * question
        try p.require(
            "length", atLeast: 2 + facts + p["gap"] + room,
            because: "\(content), a gap of \(p["gap"]) and \(questions) questions need the room")
        identity = TaskIdentity(generator: generator, version: 1, parameters: p.all)
        (length, gap, self.questions) = (p["length"], p["gap"], questions)
        (self.hops, self.task) = (hops, task)
        source = ItemSource(identity)
    }

    /// Hops for `count` questions: 1, 2, ... as often as each other, the rest drawn, in random order.
    func balancedHops(_ count: Int, _ random: inout CounterRandom) -> [Int] {
        var drawn = random.rounds(count, of: hops).map { $0 + 1 }
        random.shuffle(&drawn)
        return drawn
    }

    /// Lays facts out over the room that the questions leave, so that every arrangement is equally likely.
    func layOut(_ facts: [[Int32]], beside questions: Int, _ random: inout CounterRandom) -> HopContext {
        let room = length - 2 - gap - questions
        // Every fact counts as one place here, and takes its tokens when it is written.
        let places = room - facts.reduce(0) { $0 + $1.count - 1 }
        let context = NoisyContext(
            task: task, facts: facts.count, width: 1, room: places, gap: gap, random: &random
        ) { $1.append(contentsOf: facts[$0]) }
        return HopContext(
            tokens: context.tokens, starts: context.starts, widths: facts.map(\.count), region: 2..<2 + room)
    }
}

/// Facts among noise: a sequence before its first question.
struct HopContext: Sendable {
    let tokens: [Int32]
    /// Where each fact begins.
    let starts: [Int]
    let widths: [Int]
    /// Where facts can lie.
    let region: Range<Int>
}

extension HopTask {
    /// Everything that identifies the items.
    public var identity: TaskIdentity { frame.identity }
    /// Tokens of every sequence.
    public var length: Int { frame.length }
    /// Multi-hop reasoning.
    public var family: TaskFamily { .multiHop }
    /// One token is asked for; nothing is generated freely.
    public var generates: Bool { false }
    /// None.
    var ownBaselines: [ShortcutBaseline] { [] }
    /// Symbols by their roles as keys and values.
    func text(token: Int32) -> String { RetrievalReading.name(token) }

    /// The main sequence, then the twins that ask for the single hops of its questions.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        var (drawn, random) = frame.source.draw(stream, .cluster, index) { random in
            let world = evaluationWorld(&random)
            return (world, ContentBits.fast(world.facts.joined()))
        }
        let questions = mainQuestions(about: drawn, &random)
        let context = frame.layOut(drawn.facts, beside: frame.room, &random)
        var steps: [(question: HopQuestion, parent: ItemID?)] = []
        for (number, question) in questions.enumerated() {
            let parent = ItemID(cluster: index, sequence: 0, question: number)
            steps += question.steps().map { ($0, parent) }
        }
        random.shuffle(&steps)
        let main: [(question: HopQuestion, parent: ItemID?)] = questions.map { ($0, nil) }
        return ([main] + twins(steps)).enumerated().map { number, asked in
            write(drawn, context, asked, cluster: index, sequence: number)
        }
    }

    /// Distributes single hops over sequences of as many questions as the main one, so that none asks for the same hop
    /// twice: its second answer could be copied from the first.
    private func twins(
        _ steps: [(question: HopQuestion, parent: ItemID?)]
    ) -> [[(question: HopQuestion, parent: ItemID?)]] {
        var twins: [[(question: HopQuestion, parent: ItemID?)]] = []
        for step in steps {
            let place = twins.firstIndex { twin in
                twin.count < frame.questions && !twin.contains { $0.question.ask == step.question.ask }
            }
            if let place { twins[place].append(step) } else { twins.append([step]) }
        }
        return twins
    }

    /// A sequence with a world of full size half of the time, a smaller one otherwise, and with questions instead of noise:
    /// half of the time as many as fit. Half of the sequences ask for single hops only, half of the rest for one or two,
    /// and so on: longer paths are learned from shorter ones.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        var most = 1
        var (world, random) = frame.source.draw(stream, .training, index) { random in
            most = random.rung(of: frame.hops)
            let world = trainingWorld(hops: most, &random)
            return (world, ContentBits.fast(world.facts.joined()))
        }
        let room = frame.length - 2 - frame.gap - world.facts.reduce(0) { $0 + $1.count }
        let questions = fill(random.difficulty(room / 2...room), world, hops: most, &random)
        let context = frame.layOut(world.facts, beside: questions.reduce(0) { $0 + $1.width }, &random)
        return write(world, context, questions.map { ($0, nil) }, cluster: index, sequence: 0)
    }

    /// Draws questions into a room, evenly over the hops, but none of several hops twice, whose answer could be copied:
    /// single hops take the place of those.
    private func fill(
        _ room: Int, _ world: World, hops most: Int, _ random: inout CounterRandom
    ) -> [HopQuestion] {
        var questions: [HopQuestion] = []
        var asked: Set<[Int32]> = []
        var left = room
        while questions.count < 1024 {
            var question = trainingQuestion(about: world, hops: 1 + random.below(most), &random)
            if question.hops > 1, !asked.insert(question.ask).inserted {
                question = trainingQuestion(about: world, hops: 1, &random)
            }
            guard question.width <= left || questions.isEmpty else { break }
            left -= question.width
            questions.append(question)
        }
        return questions
    }

    private func write(
        _ world: World, _ context: HopContext, _ asked: [(question: HopQuestion, parent: ItemID?)], cluster: Int,
        sequence: Int
    ) -> TaskSequence {
        var builder = SequenceBuilder(context.tokens, length: length)
        let facts = world.facts.count
        for (question, parent) in asked {
            builder.append(Vocabulary.query)
            builder.append(question.ask)
            let farthest = question.support.min { context.starts[$0] < context.starts[$1] } ?? 0
            let start = context.starts[farthest]
            builder.answer(
                question.gold, grading: question.grading,
                .init(
                    hops: question.hops, facts: facts, distance: builder.position - start - 1, load: world.load,
                    position: NoisyContext.position(start, in: context.region, width: context.widths[farthest]),
                    parent: parent))
        }
        return builder.finish(cluster: cluster, sequence: sequence)
    }
}

import ArgumentParser
import AssayCore
import AssayPipeline
import AssayRendering
import AssayTasks

/// `assay sample`.
struct SampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Show items of a task as a person reads them.",
        discussion: """
            The task is a generator (assay list tasks) with its defaults, changed by name=value, for instance:
              assay sample successor hops=4 facts=12
            """)

    @Argument(help: "The generator.")
    var task: String

    @Argument(help: "Parameters as name=value.")
    var parameters: [String] = []

    @Option(help: "How many clusters of items.")
    var count = 1

    @Option(help: "The first cluster.")
    var from = 0

    @Flag(help: "Items of the training stream.")
    var training = false

    @Flag(help: "Instead, print the token numbers, questions and covariates of each sequence as a line of JSON.")
    var json = false

    @Flag(help: "Besides, run the shortcuts and print the floor.")
    var floors = false

    @Flag(help: "Show the items in English, as models with a tokenizer of their own read them.")
    var text = false

    @Option(help: "With --text, the number of examples before an item.")
    var shots: Int?

    func run() throws {
        guard count > 0, from >= 0 else {
            throw AssayError(.usage, "--count is at least 1 and --from at least 0")
        }
        guard !json || !floors else { throw AssayError(.usage, "--json prints items alone: leave --floors out") }
        guard !text || !(floors || training) else {
            throw AssayError(.usage, "--text shows evaluation items alone: leave --floors and --training out")
        }
        let generator = try TaskRegistry.make(task, assignments: parameters)
        if text { return try sample(TaskText(generator, shots: shots)) }
        if !json {
            Output.line("\(generator.identity.text)  (\(generator.family.rawValue), \(generator.length) tokens)")
        }
        for index in from..<(from + count) {
            let sequences =
                training
                ? [generator.trainingSequence(.training(seed: 1), index: index)]
                : generator.cluster(.evaluation(seed: 1), index: index)
            if json {
                for sequence in sequences { Output.line(try CanonicalJSON.text(sequence)) }
                continue
            }
            for (number, sequence) in sequences.enumerated() {
                Output.line("\ncluster \(index), sequence \(number)\(number > 0 ? " (single-hop twin)" : "")")
                Output.line(generator.describe(sequence))
            }
        }
        if floors {
            Output.line("\nfloor, stated: \(generator.statedFloor)")
            for floor in Display.floors(of: generator) {
                Output.line("floor, measured: \(floor.baseline) \(floor.score)")
            }
        }
    }

    private func sample(_ text: TaskText) throws {
        switch text {
        case .items(let task): try sampleText(task)
        case .episodes(let world):
            for index in from..<(from + count) {
                let template = AgentText.template(ofCluster: index)
                let environment = world.generator.environment(.evaluation(seed: 1), index: index)
                Output.line("--- episode \(index), template \(template), as an expert plays it")
                Output.line(world.opening(template) + world.play(byExpert: environment, template))
            }
        }
    }

    /// Prints each text, and what is asked of it.
    private func sampleText(_ task: TextTask) throws {
        for index in from..<(from + count) {
            for (number, sequence) in task.cluster(.evaluation(seed: 1), index: index).enumerated() {
                if json {
                    for question in sequence.questions {
                        Output.line(try CanonicalJSON.text(TextSample(sequence, question)))
                    }
                    continue
                }
                Output.line("--- cluster \(index), sequence \(number), template \(sequence.template)")
                Output.line(sequence.text)
                for question in sequence.questions where !question.branch.isEmpty {
                    Output.line("... after \(question.place) bytes:\(question.branch)\(question.answer)")
                }
            }
        }
    }

    /// A question of a text, for programs.
    private struct TextSample: Encodable {
        let prompt: String
        let answer: String
        let stop: String
        let choices: [String]
        let item: ItemRecord

        init(_ sequence: TextSequence, _ question: TextQuestion) {
            (prompt, answer) = (sequence.prompt(question), question.answer)
            (stop, choices, item) = (question.stop.rawValue, question.choices, question.item)
        }
    }
}

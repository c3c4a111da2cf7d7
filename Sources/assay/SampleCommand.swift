import ArgumentParser
import AssayCore
import AssayPipeline
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

    func run() throws {
        guard count > 0, from >= 0 else {
            throw AssayError(.usage, "--count is at least 1 and --from at least 0")
        }
        guard !json || !floors else { throw AssayError(.usage, "--json prints items alone: leave --floors out") }
        let generator = try TaskRegistry.make(task, assignments: parameters)
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
}

import ArgumentParser
import AssayPipeline
import AssayReports
import AssayServing
import Foundation

extension ServingPhase: ExpressibleByArgument {}
extension ServingLoad: ExpressibleByArgument {}

/// `assay time`.
struct TimeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "time",
        abstract: "Time prefill or decoding of an architecture over the length of the context.",
        discussion: """
            Lengths are timed in turns, in time of one thread, so that load on the machine hits all alike. With \
            --against, the two architectures are timed in turns, and the length is found from which on the first is \
            faster for good, beside the one where its operations become fewer.
            """)

    @Argument(help: "The architecture, by name or path.")
    var architecture: String

    @Option(help: ArgumentHelp("The architecture that it is held against.", valueName: "architecture"))
    var against: String?

    @Option(help: "What is timed: prefill or decode.")
    var phase = ServingPhase.decode

    @Option(help: "How many sequences together, with --against: batch-1, or batch-memory for as many as fit.")
    var load = ServingLoad.single

    @Option(help: "Lengths, separated by commas, ascending.")
    var lengths = "256,1024,4096,16384"

    @Option(help: "Timings at each length.")
    var repeats = 9

    @Option(help: "Steps that are timed together in decoding.")
    var steps = 8

    @Option(help: ArgumentHelp("Memory for the states and caches of batch-memory.", valueName: "MiB"))
    var memory = 64.0

    @Option(help: ArgumentHelp("The folder of architectures, recipes, suites and batches.", valueName: "folder"))
    var evals = "evals"

    func validate() throws {
        let parts = lengths.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let numbers = parts.compactMap { $0 }
        guard numbers.count == parts.count, !numbers.isEmpty, numbers.allSatisfy({ (1...(1 << 20)).contains($0) }),
            zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 })
        else { throw ValidationError("--lengths are whole numbers from 1 to 1048576, ascending, such as 256,1024.") }
        guard (1...1_000).contains(repeats), (1...1_024).contains(steps) else {
            throw ValidationError("--repeats is from 1 to 1000, --steps from 1 to 1024.")
        }
        guard memory > 0, memory <= 1e6 else { throw ValidationError("--memory is above 0 and at most 1000000 MiB.") }
        if against == nil, load != .single {
            throw ValidationError("--load batch-memory compares two architectures: name the other with --against.")
        }
    }

    func run() throws {
        var timing = ServingTables.Timing()
        timing.phase = phase
        timing.load = load
        timing.settings.lengths = lengths.split(separator: ",").compactMap { Int($0) }
        timing.settings.repeats = repeats
        timing.settings.steps = steps
        timing.settings.memory = Int(memory * Double(1 << 20))
        let folder = URL(fileURLWithPath: evals, isDirectory: true)
        let bar = ProgressReporter()
        let report: (String) -> Void = { bar.update(title: "time", fraction: 0, detail: $0, secondsLeft: nil) }
        let text =
            try against.map {
                try ServingTables.crossover(architecture, against: $0, timing, evals: folder, progress: report)
            } ?? ServingTables.times(architecture, timing, evals: folder, progress: report)
        bar.finish()
        Output.write(text)
    }
}

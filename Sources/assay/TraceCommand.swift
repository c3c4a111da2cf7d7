import ArgumentParser
import AssayCore
import AssayPipeline
import AssayServing
import Foundation

/// `assay trace`.
struct TraceCommand: ParsableCommand {
    /// Kinds of conversations.
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case chat
        case agent

        var parameters: TraceParameters { self == .chat ? .chat : .agent }
    }

    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Make a trace of conversations and serve it from a prefix cache, for some architectures.",
        discussion: """
            Without an architecture the trace is described. A hit ends where keys and values and a copy of every \
            recurrent state are there; 'recomputed' are tokens whose keys and values were there in vain.
            """)

    @Argument(help: "Architectures, by name or path.")
    var architectures: [String] = []

    @Option(help: "Chats, or coding agents with tools and sub-agents.")
    var kind = Kind.chat

    @Option(help: "Conversations.")
    var sessions: Int?

    @Option(help: "What the random numbers depend on.")
    var seed: UInt64 = 1

    @Option(help: "Tokens of a block.")
    var block = 64

    @Option(help: "When copies of states are kept: turns, every-512, turns+every-512 or none; may be repeated.")
    var policy: [String] = ["turns", "every-512", "every-4096"]

    @Option(help: ArgumentHelp("Bytes of the cache; no limit when not given; may be repeated.", valueName: "MiB"))
    var capacity: [Double] = []

    @Option(help: "The format of caches and states, such as bfloat16 or bfloat16+float32.")
    var formats = "bfloat16+float32"

    @Flag(help: "A line for each class of request.")
    var classes = false

    @Option(name: .shortAndLong, help: ArgumentHelp("Write the requests to a CSV file.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("The folder of architectures, recipes, suites and batches.", valueName: "folder"))
    var evals = "evals"

    func validate() throws {
        guard (1...65_536).contains(block) else { throw ValidationError("--block is from 1 to 65536.") }
        guard capacity.allSatisfy({ $0 >= 0 && $0 <= 1e9 }) else {
            throw ValidationError("--capacity is from 0 to 1000000000 MiB.")
        }
    }

    func run() throws {
        var plan = ServingPlan.Trace()
        plan.parameters = kind.parameters
        if let sessions { plan.parameters.sessions = sessions }
        plan.parameters.seed = seed
        plan.block = block
        plan.policies = try policy.map(SnapshotPolicy.init(named:))
        plan.formats = try ServingFormats(named: formats)
        if !capacity.isEmpty { plan.capacities = capacity.map { Int($0 * Double(1 << 20)) } }
        let trace = try ConversationTrace(plan.parameters)
        if let output {
            try AtomicFile.write(ServingTables.csv(trace), to: URL(fileURLWithPath: output))
        }
        if architectures.isEmpty {
            Output.write(ServingTables.description(of: trace))
        } else {
            Output.write(
                try ServingTables.prefixCache(
                    architectures, trace, plan, byClass: classes, evals: URL(fileURLWithPath: evals, isDirectory: true))
            )
        }
    }
}

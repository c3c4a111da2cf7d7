import ArgumentParser
import AssayCore
import AssayEvaluation
import AssayModels
import AssayPipeline
import Foundation

extension LogitProbe.Path: ExpressibleByArgument {}

/// `assay logits`.
struct LogitsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logits",
        abstract: "Compute the logits of a checkpoint for given tokens, to hold it against another implementation.",
        discussion: """
            CHECKPOINT is a checkpoint that was trained here, a folder of the Hugging Face libraries (config.json with \
            model.safetensors or its shards), or a GGUF file. Weights are widened to float32.

            The table shows the most likely tokens after each position. With --output, a safetensors file gets all: \
            'logits' [positions, vocabulary] in float32, and 'greedy' [N] in int64, the continuation.
            """)

    @Argument(help: "The checkpoint: a folder, or a GGUF file.")
    var checkpoint: String

    @Option(help: ArgumentHelp("The tokens, as numbers separated by commas.", valueName: "id,id,..."))
    var ids: String

    @Option(
        help: "Which form of the model computes: parallel (the whole row at once) or recurrent (token after token).")
    var path = LogitProbe.Path.parallel

    @Option(
        help: ArgumentHelp(
            "Changes of the model that need no training, such as window=256+4:no-rotary.", valueName: "swap:swap..."))
    var swaps: String?

    @Option(help: ArgumentHelp("Tokens to go on for, each the most likely one.", valueName: "n"))
    var greedy = 0

    @Option(help: ArgumentHelp("Where everything is written, as safetensors.", valueName: "file"))
    var output: String?

    @Option(help: "Tokens shown for each position.")
    var top = 5

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    func validate() throws {
        if greedy < 0 { throw ValidationError("--greedy is \(greedy); it must not be negative.") }
        if top < 1 { throw ValidationError("--top is \(top); it must be at least 1.") }
        _ = try tokens()
        do {
            _ = try swaps.map { try Swap.list($0) }
        } catch let error as AssayError {
            throw ValidationError("--swaps: \(error)")
        }
    }

    func run() throws {
        let loaded = try CheckpointReader.read(URL(fileURLWithPath: checkpoint))
            .swapping(try swaps.map { try Swap.list($0) } ?? [])
        let probe = try LogitProbe(loaded, ids: try tokens(), path: path, greedy: greedy)
        if let output { try SafeTensors.write(probe.tensors, to: URL(fileURLWithPath: output)) }
        Output.write(try Listing.text(probe.table(top: top), as: format))
        if format == .table, !probe.greedy.isEmpty {
            Output.line("greedy: \(probe.greedy.map(String.init).joined(separator: " "))")
        }
    }

    private func tokens() throws -> [Int32] {
        try ids.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let id = Int32(part.trimmingCharacters(in: .whitespaces)) else {
                throw ValidationError("--ids: '\(part)' is no whole number.")
            }
            return id
        }
    }
}

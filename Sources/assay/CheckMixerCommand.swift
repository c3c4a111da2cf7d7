import ArgumentParser
import AssayCore
import AssayModels

/// `assay check-mixer`.
struct CheckMixerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-mixer",
        abstract: "Hold a mixer to everything that a mixer must hold to: forms, gradients, causality, state.",
        discussion: "Exit status 0 if all checks hold, 1 if one does not.")

    @Argument(help: "The mixer's name, as in architecture files.")
    var mixer: String

    @Option(
        name: .customLong("option"),
        help: ArgumentHelp("An option of the mixer; may be given several times.", valueName: "name=value"))
    var options: [String] = []

    @Option(help: "Query heads.")
    var heads = 2

    @Option(help: "Key and value heads; as many as query heads if not given.")
    var keyValueHeads: Int?

    @Option(help: "Kernel of the short convolution on queries, keys and values; 0 for none.")
    var shortConvolution = 0

    func run() throws {
        var values: [String: MixerOption] = [:]
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw ValidationError("'\(option)' is not NAME=VALUE, such as window=8")
            }
            values[parts[0]] =
                Bool(parts[1]).map { .boolean($0) } ?? Double(parts[1]).map { .number($0) } ?? .text(parts[1])
        }
        let report = try MixerConformance.check(
            mixer: mixer, options: values, heads: heads, keyValueHeads: keyValueHeads,
            shortConvolution: shortConvolution)
        Output.line("\(report)")
        if !report.isSound { throw ExitCode(1) }
    }
}

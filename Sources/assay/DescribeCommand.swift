import ArgumentParser
import AssayPipeline

/// `assay describe`.
struct DescribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract:
            "Say what a metric or a task is: formula, direction, range, source and traps, or parameters and floors.")

    @Argument(help: "A metric (hop-decay), a number of the catalogue (Q2), or a task (successor).")
    var name: String

    func run() throws { Output.write(try Display.entry(named: name)) }
}

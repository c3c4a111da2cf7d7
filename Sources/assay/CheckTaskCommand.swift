import ArgumentParser
import AssayCore
import AssayPipeline
import AssayTasks

/// `assay check-task`.
struct CheckTaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-task",
        abstract: "Hold a task to everything that a task must hold to: answers, order, disjoint streams, floors.",
        discussion: """
            The task is a generator (assay list tasks) with its defaults, changed by name=value, for instance:
              assay check-task successor hops=8 facts=20
              assay check-task --all
            Exit status 0 if all checks hold, 1 if one does not.
            """)

    @Argument(help: "The generator.")
    var task: String?

    @Argument(help: "Parameters as name=value.")
    var parameters: [String] = []

    @Flag(help: "Every generator at its defaults instead, several at a time.")
    var all = false

    @Option(help: "Questions of evaluation that are checked.")
    var items = TaskConformance.usualItems

    @Option(help: "The seed of the streams.")
    var seed: UInt64 = 1

    func validate() throws {
        if all != (task == nil) { throw ValidationError("give a task, or --all") }
        if items < 1 { throw ValidationError("--items is at least 1") }
    }

    func run() throws {
        let reports: [TaskConformance.Report]
        if let task {
            let generator = try TaskRegistry.make(task, assignments: parameters)
            reports = [TaskConformance.check(generator, items: items, seed: seed)]
            Output.line("\(reports[0])")
            Output.write(Display.floors(of: reports[0]))
        } else {
            reports = try TaskConformance.checkAll(items: items, seed: seed) { report in
                Output.notice("\(report.isSound ? "ok   " : "WRONG") \(report.subject)")
            }
            Output.write(Display.table(of: reports))
        }
        if !reports.allSatisfy(\.isSound) { throw ExitCode(1) }
    }
}

import ArgumentParser
import AssayPipeline
import AssayReports
import AssayStore

/// What all commands take that work for long, record what they do, and go on where they stopped.
struct WorkOptions: ParsableArguments {
    @Option(help: "Worker threads; as many as there are cores, when not given.")
    var jobs: Int?

    @OptionGroup var results: ResultsOptions

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs is from 1 to 256.") }
    }

    /// What a runner needs to work under the eyes of a person.
    struct Watch {
        let store: Store
        let workers: Int
        let progress: (StageProgress) -> Void
        let notice: (String) -> Void
        let shouldStop: @Sendable () -> Bool
    }

    /// Works with progress on the terminal; Ctrl-C stops at the next safe point, with exit status 130.
    func work<Runner>(_ make: (Watch) throws -> Runner, _ run: (Runner, _ command: String) throws -> Void) throws
        -> Runner
    {
        let interruption = Interruption {
            Output.notice(
                "\nStopping at the next safe point. Press Ctrl-C again to end at once; nothing recorded is lost.")
        }
        let bar = ProgressReporter()
        let runner = try make(
            Watch(
                store: try Store(url: results.storeFile, mode: .readWrite), workers: jobs ?? Machine.cores,
                progress: {
                    bar.update(title: $0.title, fraction: $0.fraction, detail: $0.detail, secondsLeft: $0.secondsLeft)
                },
                notice: { bar.note($0) }, shouldStop: { interruption.isRaised }))
        do {
            try run(runner, CommandLine.arguments.joined(separator: " "))
        } catch is Interrupted {
            bar.finish()
            Output.notice("Stopped. Everything up to here is recorded; the same command goes on from here.")
            throw ExitCode(130)
        }
        bar.finish()
        return runner
    }
}

import AssayCore
import Foundation

/// Measures how fast Assay is, and how fast PyTorch is at the same thing in the same minutes.
@main
enum AssayBenchmarks {
    static func main() {
        do {
            let options = try Options(Array(CommandLine.arguments.dropFirst()))
            let session = try Session(options)
            if options.checks { exit(try check(session) ? 0 : 1) }
            try session.printHeading()
            try TrainingBenchmark.run(session)
            try ReinforcementBenchmark.run(session)
            try MixerBenchmark.run(session)
            try SystemBenchmark.run(session)
            try ReleasedBenchmark.run(session)
            try MatrixProductBenchmark.run(session)
            try DecodingBenchmark.run(session)
            try GenerationBenchmark.run(session)
            try EvaluationBenchmark.run(session)
            try StoreBenchmark.run(session)
            try VerdictBenchmark.run(session)
            try OverheadBenchmark.run(session)
            try session.write()
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit((error as? AssayError)?.exitStatus ?? 70)
        }
    }

    private static func check(_ session: Session) throws -> Bool {
        guard let peer = session.peer else {
            throw AssayError(.usage, "--check compares with the peer", remedy: "Leave --no-peer away")
        }
        let agrees = try SameMathsCheck.run(peer)
        print(agrees ? "Both sides compute the same." : "The two sides differ.")
        return agrees
    }
}

import AssayCore
import AssayStore
import Foundation
import Testing

@testable import AssayPipeline

/// The program is really killed, at moments drawn from a seed, and must end with the same bits.
@Suite(.serialized) struct InterruptionTests {
    private static let batch = "evals/batches/tiny.yaml"

    /// Seconds of a batch that nobody disturbs.
    private static let duration = Result {
        let bench = try Workbench()
        let start = Date()
        _ = try Command.run("run", batch, in: bench.folder)
        return -start.timeIntervalSinceNow
    }

    @Test(arguments: 0..<4)
    func aKilledBatchEndsWithTheSameBits(repetition: Int) throws {
        let undisturbed = try Finished.tiny.get().digest()
        let bench = try Workbench()
        var random = CounterRandom(domain: "kill", index: UInt64(repetition))
        var longest = try Self.duration.get()
        var attempts = 0
        var kills = 0
        while attempts < 4 || kills == 0 {
            attempts += 1
            let command = try Command(["run", Self.batch, "--jobs", "2"], in: bench.folder)
            Thread.sleep(forTimeInterval: longest * random.unit())
            command.send(SIGKILL)
            if command.wait().wasKilled {
                kills += 1
            } else if kills > 0 {
                break
            } else {
                // Faster than thought: from the start, and the next kill comes earlier.
                longest /= 2
                try FileManager.default.removeItem(at: bench.results)
            }
        }
        let last = try Command.run("run", Self.batch, in: bench.folder)
        #expect(last.status == 0, "\(last.errors)")
        #expect(try bench.digest() == undisturbed)
        #expect(try bench.checkpointFiles().count == 12)
        #expect(try bench.store().check().allSatisfy(\.isSound))
        let leftovers = try FileManager.default.subpathsOfDirectory(atPath: bench.results.path)
            .filter { $0.hasSuffix(".tmp") || $0.contains("state.safetensors") }
        #expect(leftovers.isEmpty)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalStopsAtASafePointAndSaysHowToGoOn(signal: Int32) throws {
        let bench = try Workbench()
        // Long enough that the signal finds the program at work.
        try bench.edit("evals/recipes/tiny.yaml", "steps: 12", "steps: 100000")
        try bench.edit(
            "evals/recipes/tiny.yaml", "warm-up-steps: 2", "warm-up-steps: 2\nfinal-learning-rate-fraction: 1")
        let command = try Command(["run", Self.batch], in: bench.folder)
        let start = Date()
        while !FileManager.default.fileExists(atPath: bench.storeFile.path), start.timeIntervalSinceNow > -20 {
            Thread.sleep(forTimeInterval: 0.01)
        }
        Thread.sleep(forTimeInterval: 0.3)
        command.send(signal)
        let stopped = command.wait()
        #expect(stopped.status == 130)
        #expect(!stopped.wasKilled)
        #expect(stopped.errors.contains("Stopping at the next safe point"))
        #expect(stopped.errors.contains("the same command goes on from here"))
        #expect(try bench.store().provenance().last?.outcome == "stopped")
    }

    @Test func aStoppedBatchGoesOnToTheSameBits() throws {
        let undisturbed = try Finished.tiny.get().digest()
        let bench = try Workbench()
        var random = CounterRandom(domain: "interrupt", index: 0)
        var longest = try Self.duration.get()
        var attempts = 0
        var stops = 0
        while attempts < 5 || (stops == 0 && attempts < 50) {
            attempts += 1
            let command = try Command(["run", Self.batch], in: bench.folder)
            Thread.sleep(forTimeInterval: longest * (0.1 + 0.6 * random.unit()))
            command.send(SIGINT)
            let result = command.wait()
            // Before the program listens, the signal ends it; after the last safe point, nothing is left to stop.
            #expect(result.wasKilled || [0, 130].contains(result.status), "\(result.errors)")
            if result.status == 130, !result.wasKilled {
                stops += 1
            } else if result.wasKilled {
                longest *= 1.5
            } else if stops > 0 {
                break
            } else {
                longest /= 2
                try FileManager.default.removeItem(at: bench.results)
            }
        }
        #expect(stops > 0)
        #expect(try Command.run("run", Self.batch, in: bench.folder).status == 0)
        #expect(try bench.digest() == undisturbed)
    }
}

import AssayCore
import CKernels
import Foundation

/// One run of the benchmark: the peer, the peak of a core, and the rows so far.
final class Session {
    /// What was asked for.
    let options: Options
    /// PyTorch's side, if it takes part.
    let peer: PeerProcess?
    /// The most operations a second that one core was seen to do in registers.
    let peak: Double
    /// What was measured so far.
    private(set) var rows: [BenchmarkRow] = []

    /// Starts the peer and measures the peak.
    init(_ options: Options) throws {
        self.options = options
        peer = options.usesPeer ? try PeerProcess(python: options.python, script: options.script) : nil
        peak = (0..<5).map { _ in ck_fma_peak_probe(0.1) }.max() ?? .nan
    }

    /// Prints a row as soon as it is known, and keeps it for the file.
    func add(_ row: BenchmarkRow) {
        rows.append(row)
        print(BenchmarkTable.line(row))
        fflush(nil)
    }

    /// The rate of an earlier row.
    func rate(of name: String, width: Int, length: Int, threads: Int) -> Double? {
        rows.first { $0.case == name && $0.width == width && $0.length == length && $0.threads == threads }?.ours
    }

    /// What the figures were measured on.
    func printHeading() throws {
        let isa = String(cString: ck_isa_name())
        print(String(format: "One core does %.1f GFLOP/s in registers; kernels for %@.", peak * 1e-9, isa))
        var loads = [0.0]
        if getloadavg(&loads, 1) == 1, loads[0] > 0.5 {
            print(String(format: "Others use the machine (load %.1f): figures and ratios mean little.", loads[0]))
        }
        if let peer {
            let hello = try peer.ask(PeerRequest.Hello(), for: PeerAnswer.Hello.self)
            print("Peer: PyTorch \(hello.torch) (\(hello.capability)), Python \(hello.python), eager, float32.")
        }
        print(BenchmarkTable.heading)
    }

    /// Writes all rows.
    func write() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let url = URL(fileURLWithPath: options.output)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try encoder.encode(rows).write(to: url, options: .atomic)
        print("\(rows.count) rows in \(options.output)")
    }
}

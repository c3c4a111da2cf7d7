import AssayCore
import AssayModels
import AssayStore
import CKernels
import Foundation

/// Looks whether the machine and a store are sound.
public enum Doctor {
    /// One thing that was looked at.
    public struct Finding: Sendable {
        /// What was looked at.
        public let check: String
        /// What was found.
        public let detail: String
        /// Whether it is as it should be.
        public let isSound: Bool
    }

    /// The machine: kernels against a plain computation, and room on the disk.
    public static func machine(results: URL) -> [Finding] {
        [
            Finding(
                check: "processor",
                detail: "\(Machine.processorName), \(Machine.cores) cores, kernels for "
                    + Assay.instructionSet, isSound: true),
            products(), room(results),
        ]
    }

    /// A store and the checkpoints that it names.
    public static func store(_ store: Store) throws -> [Finding] {
        let findings = try store.check().map {
            Finding(
                check: $0.check, detail: $0.isSound ? "sound" : $0.problems.joined(separator: "; "), isSound: $0.isSound
            )
        }
        return findings + [try checkpoints(store)]
    }

    /// A product of odd size by the kernels, held against sums in double precision.
    private static func products() -> Finding {
        let (rows, columns, inner) = (37, 53, 71)
        var random = CounterRandom(domain: "doctor", index: 0)
        let a = (0..<rows * inner).map { _ in Float(random.unit() * 2 - 1) }
        let b = (0..<columns * inner).map { _ in Float(random.unit() * 2 - 1) }
        var c = [Float](repeating: 0, count: rows * columns)
        ck_gemm(0, 1, rows, columns, inner, 1, a, inner, b, inner, 0, &c, columns)
        var worst = 0.0
        for i in 0..<rows {
            for j in 0..<columns {
                let exact = (0..<inner).reduce(0.0) { $0 + Double(a[i * inner + $1]) * Double(b[j * inner + $1]) }
                worst = max(worst, abs(exact - Double(c[i * columns + j])))
            }
        }
        return Finding(
            check: "matrix products", detail: "within \(String(format: "%.1e", worst)) of double precision",
            isSound: worst < 1e-4)
    }

    private static func room(_ results: URL) -> Finding {
        let folder = FileManager.default.fileExists(atPath: results.path) ? results.path : "."
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        let free = (attributes?[.systemFreeSize] as? NSNumber)?.doubleValue ?? 0
        return Finding(
            check: "room on the disk", detail: "\(Listing.bytes(free)) free", isSound: free > 1e9)
    }

    private static func checkpoints(_ store: Store) throws -> Finding {
        var problems: [String] = []
        let all = try store.checkpoints()
        let trained = Set(try store.runs().filter(\.isTrained).map(\.identity))
        // Those that were loaded are held against their identity whenever they are evaluated, and may go after that; those of
        // served models are not here.
        for checkpoint in all where trained.contains(checkpoint.run) {
            let url = URL(fileURLWithPath: checkpoint.path, isDirectory: true)
            guard FileManager.default.fileExists(atPath: url.path) else {
                problems.append("\(checkpoint.path) is gone (a batch that needs it trains it again)")
                continue
            }
            do {
                let stored = try CheckpointFolder.read(url)
                if stored.contentHash != checkpoint.hash { problems.append("\(checkpoint.path) holds other weights") }
            } catch { problems.append("\(error)") }
        }
        return Finding(
            check: "checkpoints",
            detail: problems.isEmpty ? "\(all.count), all sound" : problems.joined(separator: "; "),
            isSound: problems.isEmpty)
    }
}

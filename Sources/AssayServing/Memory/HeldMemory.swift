import AssayModels
import Foundation

/// What decoders really hold, by the process's own memory: the check on what the layouts say.
public enum HeldMemory {
    /// Bytes that a measurement fills, so that other things do not matter.
    static let filling = 48 << 20

    #if os(Linux)
        /// `malloc_trim` of the C library, which its Swift module leaves out.
        private static let trim: (@convention(c) (Int) -> Int32)? = dlsym(nil, "malloc_trim").map {
            unsafeBitCast($0, to: (@convention(c) (Int) -> Int32).self)
        }
    #endif

    /// Bytes of this process that are in the machine's memory; nil where the system does not tell.
    public static func resident() -> Int? {
        #if os(Linux)
            // Freed memory that the allocator keeps would hide what is allocated next.
            _ = trim?(0)
            guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
            let fields = text.split(separator: " ")
            guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
            return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
        #else
            var usage = rusage_info_current()
            let status = withUnsafeMutablePointer(to: &usage) { pointer in
                pointer.withMemoryRebound(to: rusage_info_t?.self, capacity: 1) {
                    proc_pid_rusage(getpid(), RUSAGE_INFO_CURRENT, $0)
                }
            }
            return status == 0 ? Int(usage.ri_phys_footprint) : nil
        #endif
    }

    /// Bytes that a decoder holds for each sequence with room for so many tokens; nil where the system does not tell.
    public static func bytesPerSequence(_ side: WeightedModel, length: Int) -> Double? {
        let bytes = side.model.cacheBytes(tokens: length, ServingFormats(.float32)).reduce(0, +)
        let sequences = min(65_536, max(4, filling / max(1, bytes)))
        func decoder(_ slots: Int) -> RecurrentDecoder {
            RecurrentDecoder(model: side.model, weights: side.weights, slots: slots, capacity: length, rows: 1)
        }
        // What does not depend on the number of sequences is in both.
        guard let empty = resident() else { return nil }
        let small = decoder(1)
        guard let before = resident() else { return nil }
        let large = decoder(1 + sequences)
        guard let after = resident() else { return nil }
        return withExtendedLifetime((small, large)) {
            Double((after - before) - (before - empty)) / Double(sequences)
        }
    }
}

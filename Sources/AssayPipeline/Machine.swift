import AssayCore
import AssayStore
import Foundation

/// The machine that a batch runs on, for provenance.
public enum Machine {
    /// Cores that the system offers.
    public static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// Processes that ran or waited to run in the last minute, in the mean; nil where the system does not tell.
    public static var load: Double? {
        var load = 0.0
        return getloadavg(&load, 1) == 1 ? load : nil
    }

    /// The processor's model name, as the system tells it.
    public static var processorName: String {
        #if os(Linux)
            let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
            return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? architecture
        #else
            var size = 0
            sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
            var bytes = [UInt8](repeating: 0, count: size)
            sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0)
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        #endif
    }

    /// `x86_64` or `arm64`.
    public static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "arm64"
        #else
            "other"
        #endif
    }

    /// The compiler that this program was built with, by its language version.
    public static var swiftVersion: String {
        #if swift(>=6.4)
            "6.4 or later"
        #elseif swift(>=6.3)
            "6.3"
        #elseif swift(>=6.2)
            "6.2"
        #else
            "6.1"
        #endif
    }

    static func provenance(batch: ContentHash, command: String) -> ProvenanceRecord {
        ProvenanceRecord(
            batch: batch, assayVersion: Assay.version,
            machine: "\(ProcessInfo.processInfo.operatingSystemVersionString), \(architecture)",
            processor: "\(processorName), \(cores) cores", kernels: Assay.kernelVersion, swiftVersion: swiftVersion,
            command: command, started: Date())
    }
}

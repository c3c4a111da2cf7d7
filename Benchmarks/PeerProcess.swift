import AssayCore
import Foundation

/// PyTorch in a long-lived Python process: one line of JSON for each request, one for each answer.
final class PeerProcess {
    private let process = Process()
    private let requests = Pipe()
    private let answers = Pipe()
    private var pending = Data()

    /// Starts the process.
    /// - Parameters:
    ///   - python: an interpreter that has PyTorch.
    ///   - script: `peer.py`.
    init(python: String, script: String) throws {
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw AssayError.badInput(
                "there is no Python interpreter", at: python, remedy: "Run 'make bench', or give --no-peer")
        }
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-u", script]
        process.standardInput = requests
        process.standardOutput = answers
        var environment = ProcessInfo.processInfo.environment
        // PyTorch allocates every activation anew: without this glibc gives the pages back each time, which costs it
        // up to a quarter of its speed.
        environment["GLIBC_TUNABLES"] =
            "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=17179869184"
            + ":glibc.malloc.top_pad=268435456"
        // Its threads sleep between our turns.
        environment["OMP_WAIT_POLICY"] = nil
        process.environment = environment
        signal(SIGPIPE, SIG_IGN)
        try process.run()
    }

    deinit { try? requests.fileHandleForWriting.close() }

    /// Asks, and waits for the answer.
    func ask<Answer: Decodable>(_ request: some Encodable, for type: Answer.Type = Answer.self) throws -> Answer {
        var line = try JSONEncoder().encode(request)
        line.append(UInt8(ascii: "\n"))
        try requests.fileHandleForWriting.write(contentsOf: line)
        let answer = try readLine()
        if let failure = try? JSONDecoder().decode(Failure.self, from: answer) {
            throw AssayError(.system, "PyTorch's side failed: \(failure.error)")
        }
        return try JSONDecoder().decode(type, from: answer)
    }

    private func readLine() throws -> Data {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(pending[pending.startIndex..<end])
                pending = Data(pending[(end + 1)...])
                return line
            }
            let more = answers.fileHandleForReading.availableData
            guard !more.isEmpty else {
                throw AssayError(.system, "PyTorch's process ended", remedy: "Its message is above")
            }
            pending.append(more)
        }
    }

    private struct Failure: Decodable {
        let error: String
    }
}

/// What the peer is asked.
enum PeerRequest {
    struct Hello: Encodable {
        let command = "hello"
    }
    struct Open: Encodable {
        let command = "open"
        let shape: TrainingShape
    }
    struct Steps: Encodable {
        let command = "steps"
        let count: Int
    }
    struct Gemm: Encodable {
        let command = "gemm"
        let products: [MatrixProduct]
        let repeats: Int
    }
    struct OpenMixer: Encodable {
        let command = "open_mixer"
        let shape: MixerShape
        let manifest: String
    }
    struct MixerSteps: Encodable {
        let command = "mixer_steps"
        let kind: String
        let count: Int
    }
    struct OpenSystem: Encodable {
        let command = "open_system"
        let shape: TrainingShape
        let manifest: String
    }
    struct OpenReleased: Encodable {
        let command = "open_released"
        let file: String
        let tokens: [Int32]
        let threads: Int
    }
    struct SystemSteps: Encodable {
        let command = "system_steps"
        let kind: String
        let count: Int
    }
    struct Check: Encodable {
        let command = "check"
        let shape: TrainingShape
        let manifest: String
    }
}

/// What the peer answers.
enum PeerAnswer {
    struct Hello: Decodable {
        let torch: String
        let python: String
        let capability: String
    }
    struct Open: Decodable {
        let parameters: Int
        let linearFLOPs: Double
        let settings: String
        let tried: [String: Double]
    }
    struct Seconds: Decodable {
        let seconds: [Double]
    }
    struct OpenMixer: Decodable {
        let settings: String
        let output: [Float]
        let inputGradient: [Float]
    }
    struct OpenSystem: Decodable {
        let logits: [Float]
    }
    struct OpenReleased: Decodable {
        let logits: [Float]
        let loadSeconds: Double
    }
    struct Check: Decodable {
        struct Result: Decodable {
            let loss: Double
            let gradientNorm: Double
            let gradients: [String: Double]
        }
        let answers: [String: Result]
        let parameters: Int
    }
}

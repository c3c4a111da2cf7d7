import AssayCore

/// What the command line asked for.
struct Options {
    /// A subset that takes about a minute.
    var isQuick = false
    /// Compare loss and gradients of both sides, and time nothing.
    var checks = false
    /// Whether PyTorch runs too.
    var usesPeer = true
    /// Only cases whose name starts with one of these; all if empty.
    var only: [String] = []
    /// The interpreter that has PyTorch.
    var python = ".build/bench-venv/bin/python"
    /// The peer's script.
    var script = "Benchmarks/peer/peer.py"
    /// Where the figures go.
    var output = "results/bench.json"

    /// The line for a usage error.
    static let usage = """
        AssayBenchmarks [--quick] [--check] [--no-peer] [--only PREFIX,...] [--python PATH] [--script PATH] \
        [--output PATH]
        """

    /// Reads the arguments after the command's name.
    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            func value() throws -> String {
                guard let value = rest.popFirst() else {
                    throw AssayError(.usage, "\(argument) needs a value", remedy: Options.usage)
                }
                return value
            }
            switch argument {
            case "--quick": isQuick = true
            case "--check": checks = true
            case "--no-peer": usesPeer = false
            case "--only": only = try value().split(separator: ",").map(String.init)
            case "--python": python = try value()
            case "--script": script = try value()
            case "--output": output = try value()
            default:
                throw AssayError(.usage, "\(argument) is not an option", remedy: Options.usage)
            }
        }
    }

    /// Whether a case is wanted.
    func wants(_ name: String) -> Bool { only.isEmpty || only.contains { name.hasPrefix($0) } }
}

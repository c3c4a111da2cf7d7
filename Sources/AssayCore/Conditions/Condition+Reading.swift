extension Condition {
    /// Reads the textual form. Every condition has one form only: what means the same as another text is refused.
    /// - Throws: ``AssayError`` saying what is wrong and what to write.
    public init(_ text: String) throws {
        self = try ConditionReader(text).condition()
        guard name == text else {
            throw AssayError.badInput("'\(text)' has another form", remedy: "Write '\(name)'")
        }
    }
}

/// Takes a condition's text apart: `path[@number][*number][~temperature][:format[/when]][:swap]...`.
private struct ConditionReader {
    private let text: String
    private let path: String
    /// What follows `@`.
    private let number: String?
    /// What follows `*`.
    private let batch: String?
    /// What follows `~`.
    private let temperature: String?
    /// What follows the first `:`, unless that is a swap.
    private let format: String?
    /// What follows the others.
    private let swaps: [String]

    init(_ text: String) {
        self.text = text
        var rest = text
        func cut(_ mark: Character) -> String? {
            guard let place = rest.firstIndex(of: mark) else { return nil }
            defer { rest = String(rest[..<place]) }
            return String(rest[rest.index(after: place)...])
        }
        // From the end, so that each mark belongs to what is before it.
        var parts = cut(":")?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
        format = parts.first.flatMap { Swap.isMeant(by: $0) ? nil : $0 }
        if format != nil { parts.removeFirst() }
        swaps = parts
        temperature = cut("~")
        batch = cut("*")
        number = cut("@")
        path = rest
    }

    private func failure(_ problem: String, remedy: String) -> AssayError {
        .badInput("'\(text)' is not a condition: \(problem)", remedy: remedy)
    }

    func condition() throws -> Condition {
        let plain = try plainCondition()
        if let late = swaps.first(where: { !Swap.isMeant(by: $0) }) {
            throw failure("'\(late)' comes after a swap", remedy: "Write the format of the state before the swaps")
        }
        do {
            return plain.swapping(try Swap.list(swaps))
        } catch let error as AssayError {
            throw failure(error.problem, remedy: error.remedy ?? "")
        }
    }

    private func plainCondition() throws -> Condition {
        guard let path = KernelPath(rawValue: path) else {
            throw AssayError.badInput(
                "'\(text)' is not a condition",
                remedy: Suggestion.remedy(for: path, among: KernelPath.allCases.map(\.rawValue)))
        }
        if batch != nil, path != .divergence {
            throw failure("only a divergence has a batch", remedy: "Leave '*\(batch ?? "")' out")
        }
        if temperature != nil, path != .sampled {
            throw failure("only what is sampled has a temperature", remedy: "Leave '~\(temperature ?? "")' out")
        }
        switch path {
        case .sampled:
            let precision = try self.precision()
            guard precision.rounding != .atRestore else {
                throw failure("nothing is restored", remedy: "Leave '/restore' out")
            }
            return .sampled(
                trials: try integer(number, in: Condition.trialCounts, "trials") ?? Condition.defaultTrials,
                hundredths: try hundredths() ?? 100, precision)
        case .parallel:
            try refusePrecision("the parallel form keeps no state")
            return try chunk().map(Condition.parallel(chunk:)) ?? .parallel
        case .recurrent:
            try refuseNumber()
            let precision = try self.precision()
            guard precision.rounding != .atRestore else {
                throw failure(
                    "rounding at restore needs a restore", remedy: "Write '\(resumedName(precision.format))'")
            }
            return .recurrent(precision)
        case .resumed:
            try refuseNumber()
            let precision = try self.precision()
            guard precision.rounding == .everyStep else {
                throw failure(
                    "it rounds when it restores and at no other time",
                    remedy: "Write '\(resumedName(precision.format))'")
            }
            return .resumed(precision.format)
        case .speculative:
            try refusePrecision("drafts are verified in full precision")
            return .speculative(draft: try integer(number, in: Condition.drafts, "a draft") ?? Condition.defaultDraft)
        case .divergence:
            return .divergence(
                chunk: try chunk(), batch: try integer(batch, in: Condition.batches, "a batch"),
                try precision())
        case .stateError:
            try refuseNumber()
            let precision = try self.precision()
            guard precision.format != .float32, precision.rounding != .atRestore else {
                throw failure(
                    "it needs a format that is rounded to in every step or every few",
                    remedy: "Write 'state-error:bfloat16' or 'state-error:bfloat16/16'")
            }
            return .stateError(precision)
        }
    }

    private func resumedName(_ format: StateFormat) -> String { Condition.resumed(format).name }

    private func refuseNumber() throws {
        guard number == nil else {
            throw failure("'@' stands for a chunk or a draft, which it has not", remedy: "Leave '@\(number ?? "")' out")
        }
    }

    private func refusePrecision(_ why: String) throws {
        guard format == nil else { throw failure(why, remedy: "Leave ':\(format ?? "")' out") }
    }

    private func integer(_ text: String?, in range: ClosedRange<Int>, _ what: String) throws -> Int? {
        guard let text else { return nil }
        guard let value = Int(text), range.contains(value), "\(value)" == text else {
            throw failure(
                "\(what) of '\(text)'", remedy: "Write a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The temperature: a number with at most two decimals.
    private func hundredths() throws -> Int? {
        guard let temperature else { return nil }
        guard let value = Condition.temperatures.first(where: { Condition.text(hundredths: $0) == temperature }) else {
            throw failure(
                "a temperature of '\(temperature)'",
                remedy: "Write a number from 0.05 to 2 such as '~0.7', or nothing for 1")
        }
        return value
    }

    private func chunk() throws -> Int? {
        guard let number else { return nil }
        guard let value = Condition.chunks.first(where: { "\($0)" == number }) else {
            let known = Condition.chunks.map { "@\($0)" }.joined(separator: ", ")
            throw failure("a chunk of '\(number)'", remedy: "Write one of \(known)")
        }
        return value
    }

    private static let aliases = [
        "bf16": "bfloat16", "fp16": "float16", "f16": "float16", "half": "float16", "fp32": "float32",
        "f32": "float32", "float": "float32", "e4m3": "fp8", "float8": "fp8", "i8": "int8", "i4": "int4", "q4": "int4",
    ]

    private func precision() throws -> StatePrecision {
        guard let text = format else { return .float32 }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let format = StateFormat(rawValue: parts[0]) else {
            let alias = Self.aliases[parts[0]].map { "Write '\($0)'" }
            throw failure(
                "'\(parts[0])' is no format of a state",
                remedy: alias ?? Suggestion.remedy(for: parts[0], among: StateFormat.allCases.map(\.rawValue)))
        }
        guard parts.count > 1 else { return StatePrecision(format) }
        if parts[1] == "restore" { return StatePrecision(format, .atRestore) }
        guard let steps = Int(parts[1]), (1...1_048_576).contains(steps), "\(steps)" == parts[1] else {
            throw failure(
                "'/\(parts[1])' does not say when to round",
                remedy: "Write '/16' for every 16 tokens, '/restore' for when the state is restored, or nothing")
        }
        return StatePrecision(format, steps > 1 ? .every(steps) : .everyStep)
    }
}

import AssayCore
import Foundation
import Testing

@testable import AssayPipeline

/// A plan with one thing wrong, and what is to be said about it.
struct MalformedPlan: Sendable, CustomTestStringConvertible {
    /// What is wrong.
    let what: String
    /// The file under `evals/`.
    let file: String
    /// The piece of it that is replaced.
    let old: String
    /// What stands there instead; `¶` marks the line that the error is to name, otherwise it is the first changed one.
    let new: String
    /// What the error must say.
    let words: [String]

    init(_ what: String, _ file: String, _ old: String, _ new: String, says words: String...) {
        (self.what, self.file, self.old, self.new, self.words) = (what, file, old, new, words)
    }

    var testDescription: String { what }

    private static let batch = "batches/tiny.yaml"
    private static let suite = "suites/tiny.yaml"
    private static let recipe = "recipes/tiny.yaml"
    private static let window = "architectures/window.yaml"

    static let keys: [MalformedPlan] = [
        .init("mistyped batch key", batch, "control:", "contorl:", says: "Did you mean 'control'?"),
        .init("mistyped arm key", batch, "full, recipe", "full, recipee", says: "Did you mean 'recipe'?"),
        .init("mistyped margin", batch, "accuracy:", "acuracy:", says: "Did you mean 'accuracy'?"),
        .init("unknown key of a comparison", batch, "alpha:", "power:", says: "'power'", "Known: alpha"),
        .init("mistyped recipe key", recipe, "steps: 12", "stesp: 12", says: "Did you mean 'steps'?"),
        .init("mistyped architecture key", window, "hidden:", "hiden:", says: "Did you mean 'hidden'?"),
        .init(
            "key that is there twice", recipe, "warm-up-steps: 2", "warm-up-steps: 2\n¶warm-up-steps: 3", says: "twice"),
        .init("missing suite", batch, "suite: tiny\n", "", says: "has no 'suite'"),
        .init("missing seeds", batch, "seeds: [1]\n", "", says: "has no 'seeds'"),
        .init("missing steps", recipe, "steps: 12\n", "", says: "has no 'steps'"),
        .init("missing width", window, "width: 16\n", "", says: "has no 'width'"),
        .init("task without generator", suite, "{generator: tool-world, depth", "{depth", says: "has no 'generator'"),
        .init(
            "arm without recipe", batch, "{architecture: full, recipe: tiny}", "{architecture: full}", says: "recipe"),
    ]

    static let values: [MalformedPlan] = [
        .init("text for a number", recipe, "steps: 12", "steps: many", says: "'steps'", "whole number"),
        .init("quoted number", recipe, "steps: 12", "steps: \"12\"", says: "quotes"),
        .init("fraction for a whole number", recipe, "steps: 12", "steps: 1.5", says: "whole number"),
        .init("list for a number", recipe, "learning-rate: 0.02", "learning-rate: [0.02]", says: "a list"),
        .init("map for a list", batch, "seeds: [1]", "seeds: {a: 1}", says: "'seeds'", "a list"),
        .init("number for a map", suite, "    clusters: 8\n", "    clusters: {a: 1}\n", says: "a map"),
        .init("no steps", recipe, "steps: 12", "steps: 0", says: "from 1 to"),
        .init("negative rate", recipe, "learning-rate: 0.02", "learning-rate: -1", says: "above 0"),
        .init("rate that is no number", recipe, "learning-rate: 0.02", "learning-rate: .nan", says: "not a number"),
        .init("infinite rate", recipe, "learning-rate: 0.02", "learning-rate: 1e999", says: "not a number"),
        .init("decay of one", recipe, "warm-up-steps: 2", "beta1: 1", says: "beta1"),
        .init("negative seed", batch, "seeds: [1]", "seeds: [-1]", says: "seed"),
        .init("no seeds", batch, "seeds: [1]", "seeds: []", says: "at least one seed"),
        .init("seed twice", batch, "seeds: [1]", "seeds: [1, 1]", says: "once"),
        .init("margin above one", batch, "accuracy: 0.02", "accuracy: 20", says: "from 0 to 1"),
        .init("alpha of zero", batch, "alpha: 0.05", "alpha: 0", says: "above 0"),
        .init("no clusters", suite, "    clusters: 8\n", "    clusters: 0\n", says: "from 1"),
        .init("too wide a convolution", window, "short-convolution: 2", "short-convolution: 9", says: "from 0 to 8"),
        .init("width of nothing", window, "width: 16", "width:", says: "'width'", "empty"),
        .init("unknown report format", batch, "[csv, json", "[cvs, json", says: "Did you mean 'csv'?"),
        .init("report format twice", batch, "[csv, json", "[csv, csv", says: "once"),
        .init("unknown condition", batch, "[parallel, rec", "[paralel, rec", says: "Did you mean 'parallel'?"),
        .init("name with a slash", batch, "  hybrid: {", "  hy/brid: {", says: "is no name"),
        .init("empty description", batch, "A batch for tests.", "\"\"", says: "is empty"),
    ]

    static let references: [MalformedPlan] = [
        .init("unknown suite", batch, "suite: tiny", "suite: tinny", says: "no suite 'tinny'", "Did you mean 'tiny'?"),
        .init("unknown recipe", batch, "full, recipe: tiny", "full, recipe: tny", says: "Did you mean 'tiny'?"),
        .init("unknown architecture", batch, "architecture: hybrid", "architecture: hybird", says: "'hybrid'?"),
        .init("path that is not there", batch, "suite: tiny", "suite: ../no/suite.yaml", says: "../no/suite.yaml"),
        .init("control that is no arm", batch, "control: full", "control: ful", says: "Did you mean 'full'?"),
        .init(
            "task of the mixture that is not there", recipe, "  recall: 1", "  recal: 1", says: "Did you mean 'recall'?"
        ),
        .init("weight of zero", recipe, "  recall: 1", "  recall: 0", says: "above 0"),
        .init("unknown generator", suite, "generator: needle", "generator: nedle", says: "'nedle'", "'needle'?"),
        .init("unknown parameter", suite, "    pairs: 4", "    piars: 4", says: "Did you mean 'pairs'?"),
        .init("parameter out of range", suite, "    pairs: 4", "    pairs: 1", says: "'pairs' is 1", "2 ... 64"),
        .init("sequence too short", suite, "    length: 40", "    length: 16", says: "'length' is 16"),
        .init("more questions than pairs", suite, "    queries: 2", "    queries: 5", says: "'queries' is 5"),
        .init("hops that are no power of two", suite, "hops: 2,", "hops: 3,", says: "'hops' is 3"),
        .init(
            "condition that the task has not", suite, "    clusters: 8\n",
            "    clusters: 8\n  one:\n    generator: tool-world\n    ¶conditions: [divergence]\n",
            says: "cannot be evaluated under 'divergence'"),
        .init("unknown mixer", window, "sliding-window x2", "sliding-windw x2", says: "Did you mean 'sliding-window'?"),
        .init("unknown mixer option", window, "    window: 8", "    widow: 8", says: "Did you mean 'window'?"),
        .init("mixer option out of range", window, "    window: 8", "    window: 0", says: "'window'"),
        .init("mixer option of a wrong type", window, "    window: 8", "    window: wide", says: "'window'"),
        .init(
            "options of an absent mixer", window, "  sliding-window:\n", "  lightning:\n", says: "'lightning'",
            "no layer"),
        .init(
            "pattern that does not end", window, "\"sliding-window x2\"", "\"[sliding-window x2\"", says: "pattern",
            "character"),
        .init("pattern of no layers", window, "\"sliding-window x2\"", "\"sliding-window x0\"", says: "pattern"),
        .init("too many layers", window, "\"sliding-window x2\"", "\"sliding-window x9999\"", says: "pattern"),
    ]

    static let contradictions: [MalformedPlan] = [
        .init("checkpoint after the end", recipe, "[0, 6, 10]", "[0, 6, 13]", says: "13", "ends at 12"),
        .init("checkpoint twice", recipe, "[0, 6, 10]", "[0, 6, 6]", says: "once"),
        .init("warm-up beyond the end", recipe, "warm-up-steps: 2", "warm-up-steps: 13", says: "ends at 12"),
        .init("micro-batches that do not divide", recipe, "per-step: 6", "per-step: 7", says: "multiple of 2"),
        .init("heads that do not divide", window, "key-value-heads: 2", "key-value-heads: 3", says: "divisor of 2"),
        .init(
            "width that heads do not divide", window, "heads: 2\nkey-value-heads: 2\nhead-dimension: 8",
            "heads: 3\nkey-value-heads: 3", says: "divisor of 16", "head-dimension"),
        .init("name of another file", recipe, "steps: 12", "name: other\nsteps: 12", says: "'other'", "tiny.yaml"),
        .init("tabs", recipe, "  recall: 1", "\trecall: 1", says: "not valid YAML"),
        .init("open bracket", batch, "seeds: [1]\n", "seeds: [1\n¶", says: "not valid YAML"),
    ]
}

@Suite struct MalformedPlanTests {
    /// Reads the plan with the fault in it, and holds the one error against what it must say.
    private func check(_ fault: MalformedPlan) throws {
        let bench = try Workbench()
        let path = "evals/\(fault.file)"
        if fault.old.contains("generator: needle") {
            try bench.edit(path, "tasks:\n", "tasks:\n  needle: {generator: needle, clusters: 6}\n")
        }
        let before = try String(contentsOf: bench.url(path), encoding: .utf8)
        try bench.edit(path, fault.old, fault.new)
        let marked = try String(contentsOf: bench.url(path), encoding: .utf8)
        try bench.write(path, marked.replacing("¶", with: ""))

        let error = try #require(throws: AssayError.self) { try BatchPlan.read(bench.batch) }
        #expect(error.kind == .badInput, "\(error)")
        let location = try #require(error.location, "\(error)")
        let parts = location.split(separator: ":")
        #expect(parts.count == 2 && parts[0].hasSuffix(fault.file), "\(error)")
        if !fault.new.isEmpty {
            let line = try #require(parts.last.flatMap { Int($0) })
            #expect(line == MalformedPlanTests.line(of: before, marked), "\(error)")
        }
        #expect(error.remedy?.isEmpty == false, "\(error)")
        #expect(!"\(error)".contains("\n"))
        for words in fault.words { #expect("\(error)".contains(words), "\(error)") }
        #expect(!FileManager.default.fileExists(atPath: bench.results.path))
    }

    /// The line with the mark, or the first that differs.
    private static func line(of before: String, _ after: String) -> Int {
        let lines = after.components(separatedBy: "\n")
        if let marked = lines.firstIndex(where: { $0.contains("¶") }) { return marked + 1 }
        let old = before.components(separatedBy: "\n")
        return 1 + (lines.indices.first { $0 >= old.count || lines[$0] != old[$0] } ?? 0)
    }

    @Test(arguments: MalformedPlan.keys) func wrongKeysAreRefused(_ fault: MalformedPlan) throws { try check(fault) }

    @Test(arguments: MalformedPlan.values) func wrongValuesAreRefused(_ fault: MalformedPlan) throws {
        try check(fault)
    }

    @Test(arguments: MalformedPlan.references)
    func namesOfWhatIsNotThereAreRefused(_ fault: MalformedPlan) throws { try check(fault) }

    @Test(arguments: MalformedPlan.contradictions)
    func contradictionsAreRefused(_ fault: MalformedPlan) throws { try check(fault) }

    @Test func theUnchangedPlanIsSound() throws {
        let bench = try Workbench()
        let plan = try BatchPlan.read(bench.batch)
        #expect(plan.arms.map(\.name) == ["full", "hybrid", "window"])
        #expect(plan.tasks.map(\.name) == ["recall", "values", "successor", "tools"])
    }

    @Test(arguments: [
        ("", "empty"), ("- a\n- b\n", "a list"), ("arms", "single value"), ("a: 1\n---\nb: 2\n", "YAML"),
        ("\u{FEFF}", "empty"), ("suite: &a [*a]\n", "YAML"),
        ("arms: {}\nsuite: tiny\ncontrol: full\nseeds: [1]\n", "at least one arm"),
        (String(repeating: "[", count: 100_000), "YAML"),
    ])
    func textsThatAreNoPlanAreRefused(text: String, words: String) throws {
        let bench = try Workbench()
        try bench.write("evals/batches/tiny.yaml", text)
        let error = try #require(throws: AssayError.self) { try BatchPlan.read(bench.batch) }
        #expect(error.kind == .badInput)
        #expect(error.location?.contains("tiny.yaml") == true)
        #expect("\(error)".contains(words), "\(error)")
    }

    @Test func aFileThatIsNotUTF8IsRefused() throws {
        let bench = try Workbench()
        try Data([0x61, 0x3A, 0x20, 0xFF, 0xFE]).write(to: bench.batch)
        let error = try #require(throws: AssayError.self) { try BatchPlan.read(bench.batch) }
        #expect("\(error)".contains("UTF-8"))
    }

    @Test func aMissingBatchFileIsRefusedWithTheNearestName() throws {
        let bench = try Workbench()
        let url = bench.url("evals/batches/tiney.yaml")
        let error = try #require(throws: AssayError.self) { try BatchPlan.read(url) }
        #expect(error.exitStatus == 65)
        #expect("\(error)".contains("Did you mean 'tiny.yaml'?"))
    }
}

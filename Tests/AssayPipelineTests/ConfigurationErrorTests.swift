import Testing

@testable import AssayPipeline

/// One thing that a user may get wrong, and what he is told.
struct Mistake: Sendable, CustomTestStringConvertible {
    let file: String
    let find: String
    let replacement: String
    let place: String
    let problem: String
    let remedy: String

    init(_ file: String, _ find: String, _ replacement: String, _ line: Int, _ problem: String, _ remedy: String) {
        self.file = file
        self.find = find
        self.replacement = replacement
        place = "\(file):\(line)"
        self.problem = problem
        self.remedy = remedy
    }

    var testDescription: String { "\(place): \(problem)" }
}

struct ConfigurationErrorTests {
    static let batch = "batches/nightly.yaml"
    static let suite = "suites/core.yaml"
    static let recipe = "recipes/small.yaml"
    static let architecture = "architectures/hybrid.yaml"

    static let batchMistakes = [
        Mistake(
            batch, "control: full", "contrl: full", 4, "'contrl' is not a key of a batch", "Did you mean 'control'?"),
        Mistake(
            batch, "control: full", "control: fulll", 4, "the control 'fulll' is not among the arms",
            "Did you mean 'full'?"),
        Mistake(batch, "control: full\n", "", 1, "the batch has no 'control'", "Add a line 'control: ...'"),
        Mistake(batch, "suite: core", "suite:", 3, "'suite' is empty", "Write a text"),
        Mistake(batch, "suite: core", "suite: [core]", 3, "'suite' is a list, not text", "Write text"),
        Mistake(
            batch, "suite: core", "suite: cor", 3,
            "there is no suite 'cor': looked for 'suites/cor.yaml' or 'batches/cor.yaml'", "Did you mean 'core'?"),
        Mistake(
            batch, "suite: core", "suite: ../suites/cord.yaml", 3,
            "there is no suite '../suites/cord.yaml': looked for 'suites/cord.yaml'", "Did you mean 'core'?"),
        Mistake(
            batch, "name: nightly", "name: a/b", 1, "'name' is no name: 'a/b'",
            "Use letters, digits, '-', '_' and '.', a letter or digit first"),
        Mistake(
            batch, "name: nightly", "name: -x", 1, "'name' is no name: '-x'",
            "Use letters, digits, '-', '_' and '.', a letter or digit first"),
        Mistake(batch, "[1, 2, 3]", "[1, 2, 1]", 5, "'seeds[2]' names seed 1 again", "Name each seed once"),
        Mistake(batch, "[1, 2, 3]", "[]", 5, "'seeds' is empty", "Name at least one seed"),
        Mistake(batch, "[1, 2, 3]", "3", 5, "'seeds' is the single value '3', not a list", "Write a list"),
        Mistake(batch, "[1, 2, 3]", "[1, -2]", 5, "'seeds[1]' is '-2', not a seed", "Write a whole number from 0"),
        Mistake(
            batch, "[1, 2, 3]", "[1, \"2\"]", 5, "'seeds[1]' is the text '2', not a whole number",
            "Leave the quotes out"),
        Mistake(
            batch, "recipe: small}", "recipe: smal}", 7,
            "there is no recipe 'smal': looked for 'recipes/smal.yaml' or 'batches/smal.yaml'",
            "Did you mean 'small'?"),
        Mistake(batch, "    recipe: small\n", "", 9, "'arms.hybrid' has no 'recipe'", "Add a line 'recipe: ...'"),
        Mistake(
            batch, "    architecture: hybrid", "    architecture: hibrid", 9,
            "there is no architecture 'hibrid': looked for 'architectures/hibrid.yaml' or 'batches/hibrid.yaml'",
            "Did you mean 'hybrid'?"),
        Mistake(
            batch, "    recipe: small", "    receipe: small", 10, "'receipe' is not a key of an arm",
            "Did you mean 'recipe'?"),
        Mistake(batch, "  hybrid:", "  full:", 8, "'full' is there twice, first on line 7", "Keep one of them"),
        Mistake(
            batch, "  hybrid:", "  my arm:", 8, "'arms.my arm' is no name: 'my arm'",
            "Use letters, digits, '-', '_' and '.', a letter or digit first"),
        Mistake(
            batch, "[parallel, recurrent]", "[paralel]", 11, "'conditions[0]': 'paralel' is not a condition",
            "Did you mean 'parallel'?"),
        Mistake(
            batch, "[parallel, recurrent]", "[parallel, parallel]", 11, "'conditions[1]' names 'parallel' again",
            "Name each condition once"),
        Mistake(
            batch, "[parallel, recurrent]", "[{state: bfloat16}]", 11,
            "'conditions[0]' is a map of keys and values, not text", "Write text"),
        Mistake(
            batch, "alpha: 0.01", "alpha: 0.9", 12, "'compare.alpha' is 0.9", "Write a number above 0 and at most 0.5"),
        Mistake(
            batch, "alpha: 0.01", "alpha: high", 12, "'compare.alpha' is 'high', not a number",
            "Write a number above 0 and at most 0.5"),
        Mistake(
            batch, "accuracy: 0.03", "acuracy: 0.03", 12, "'acuracy' is not a key of a map of margins",
            "Did you mean 'accuracy'?"),
        Mistake(
            batch, "accuracy: 0.03", "accuracy: .nan", 12, "'compare.margins.accuracy' is '.nan', not a number",
            "Write a number from 0 to 1"),
        Mistake(
            batch, "[csv, markdown]", "[csv, xlsx]", 13, "'reports[1]' cannot be 'xlsx'",
            "Known: csv, html, json, junit, markdown"),
        Mistake(
            batch, "reports: [csv, markdown]", "reports: [csv, csv]", 13, "'reports[1]' names 'csv' again",
            "Name each format once"),
    ]

    static let fileMistakes = [
        Mistake(suite, "generator: successor", "hop: 2", 7, "task 'hops' has no 'generator'", "Add 'generator: NAME'"),
        Mistake(
            suite, "pairs: 16", "pairs: many", 5, "'tasks.recall.pairs' is 'many', not a whole number",
            "Write a whole number from -1000000000 to 1000000000"),
        Mistake(
            suite, "pairs: 16", "pairs: 16.5", 5, "'tasks.recall.pairs' is '16.5', not a whole number",
            "Write a whole number from -1000000000 to 1000000000"),
        Mistake(
            suite, "clusters: 200", "clusters: 0", 6, "'tasks.recall.clusters' is 0",
            "Write a whole number from 1 to 1000000"),
        Mistake(suite, "clusters: 200", "pairs: 17", 6, "'pairs' is there twice, first on line 5", "Keep one of them"),
        Mistake(
            suite, "[parallel, divergence]", "[]", 10, "'tasks.hops.conditions' is empty", "Name at least one condition"
        ),
        Mistake(
            suite, "description: retrieval and hops", "title: x", 1, "'title' is not a key of a suite",
            "Known: description, name, tasks"),
        Mistake(
            suite, "description: retrieval and hops", "name: other", 1,
            "'name' is 'other', but the file is called 'core.yaml'",
            "Batches name a suite by its file: make both the same, or leave 'name' out"),
        Mistake(
            recipe, "steps: 2_000", "steps: 400", 9, "'checkpoint-steps' names step 500, training ends at 400",
            "Name steps from 0 to 400"),
        Mistake(
            recipe, "steps: 2_000", "steps: 1e3", 1, "'steps' is '1e3', not a whole number",
            "Write a whole number from 1 to 10000000"),
        Mistake(recipe, "steps: 2_000\n", "", 1, "the recipe has no 'steps'", "Add a line 'steps: ...'"),
        Mistake(
            recipe, "warm-up-steps: 50", "warm-up-steps: 5000", 6, "'warm-up-steps' is 5000, training ends at 2000",
            "Write a whole number from 0 to 2000"),
        Mistake(
            recipe, "warm-up-steps: 50", "warmup-steps: 50", 6, "'warmup-steps' is not a key of a recipe",
            "Did you mean 'warm-up-steps'?"),
        Mistake(
            recipe, "learning-rate: 3e-3", "learning-rate: 0", 4, "'learning-rate' is 0",
            "Write a number above 0 and at most 10"),
        Mistake(
            recipe, "learning-rate: 3e-3", "learning-rate: true", 4, "'learning-rate' is 'true', not a number",
            "Write a number above 0 and at most 10"),
        Mistake(
            recipe, "learning-rate: 3e-3", "learning-rate: ~", 4, "'learning-rate' is empty, not a number",
            "Write a number, or leave the key out"),
        Mistake(
            recipe, "sequences-per-step: 32", "sequences-per-step: 30", 2,
            "'sequences-per-step' is 30, no multiple of 'sequences-per-micro-batch', 8", "Write a multiple of 8"),
        Mistake(
            recipe, "[500, 0, 1000]", "[500, 0, 500]", 9, "'checkpoint-steps[2]' names step 500 again",
            "Name each step once"),
        Mistake(
            recipe, "[500, 0, 1000]", "[500, -1]", 9, "'checkpoint-steps[1]' is -1",
            "Write a whole number from 0 to 10000000"),
        Mistake(
            recipe, "recall: 1,", "recal: 1,", 8, "the mixture names 'recal', which is no task of suite 'core'",
            "Did you mean 'recall'?"),
        Mistake(
            recipe, "recall: 1,", "recall: -1,", 8, "'mixture.recall' is -1",
            "Write a number above 0 and at most 1000000000"),
        Mistake(
            recipe, "{recall: 1, hops: 2.5}", "{}", 8, "'mixture' is empty",
            "Name at least one task, or leave the key out for all alike"),
        Mistake(
            recipe, "patience: 5", "patience: 0", 10, "'spike.patience' is 0", "Write a whole number from 1 to 100000"),
        Mistake(
            recipe, "patience: 5", "patients: 5", 10, "'patients' is not a key of a spike rule",
            "Did you mean 'patience'?"),
        Mistake(
            architecture, "width: 64", "width: \"64\"", 3, "'width' is the text '64', not a whole number",
            "Leave the quotes out"),
        Mistake(
            architecture, "width: 64", "width: 66", 4, "'heads' is 4, which does not divide 'width', 66",
            "Write a divisor of 66, or state 'head-dimension'"),
        Mistake(
            architecture, "key-value-heads: 2", "key-value-heads: 3", 5,
            "'key-value-heads' is 3, which does not divide 'heads', 4", "Write a divisor of 4"),
        Mistake(
            architecture, "key-value-heads: 2", "keyValueHeads: 2", 5,
            "'keyValueHeads' is not a key of an architecture", "Did you mean 'key-value-heads'?"),
        Mistake(
            architecture, "tied-head: true", "tied-head: yes", 11, "'tied-head' is 'yes', not true or false",
            "Write true or false"),
        Mistake(
            architecture, "pattern: \"[gated-delta-net x3, full] x1\"", "pattern: [full]", 7,
            "'pattern' is a list, not text", "Write text"),
        Mistake(
            architecture, "full: {rotary-fraction: 0.25, query-key-norm: true}", "full: 3", 9,
            "'options.full' is the single value '3', not a map of keys and values", "Write a map of keys and values"),
        Mistake(
            architecture, "rotary-fraction: 0.25", "rotary-fraction: [1]", 9,
            "'options.full.rotary-fraction' is a list, not a single value", "Write a single value"),
        Mistake(
            architecture, "rotary-fraction: 0.25", "rotary-fraction: ~", 9, "'options.full.rotary-fraction' is empty",
            "Write a value, or leave the key out"),
    ]

    @Test(arguments: batchMistakes + fileMistakes)
    func `a mistake is told with file, line and remedy`(mistake: Mistake) throws {
        let folder = try ConfigurationFolder()
        let url = folder.file(mistake.file)
        let text = try String(contentsOf: url, encoding: .utf8)
        #expect(text.contains(mistake.find))
        try folder.write(mistake.file, text.replacing(mistake.find, with: mistake.replacement, maxReplacements: 1))
        let failure = try #require(folder.failure())
        #expect(failure.place == mistake.place)
        #expect(failure.problem == mistake.problem)
        #expect(failure.remedy == mistake.remedy)
    }

    @Test(arguments: [
        ("", 1, "the batch is empty"), ("# nothing\n", 1, "the batch is empty"),
        ("- a\n- b\n", 1, "the file is a list, not a map of keys and values"),
        ("just words\n", 1, "the file is the single value 'just words', not a map of keys and values"),
        ("name: a\n  suite: b\n", 2, "not valid YAML: mapping values are not allowed in this context"),
        ("name: [a\nsuite: b\n", 2, "not valid YAML: did not find expected ',' or ']'"),
        ("name: a\n\tsuite: b\n", 2, "not valid YAML: found a tab character that violates indentation"),
        ("name: *nowhere\n", 1, "not valid YAML: found undefined alias"),
        ("name: a\n---\nname: b\n", 2, "not valid YAML: but found another document"),
        ("name: a\nname: b\n", 2, "'name' is there twice, first on line 1"),
        ("{name: a, name: b}\n", 1, "'name' is there twice"), ("[a, b]: c\n", 1, "a key is not a plain word"),
        ("name: \"a\u{1}b\"\n", 1, "not valid YAML: control characters are not allowed"),
    ])
    func `what is no batch at all is told with its line`(text: String, line: Int, problem: String) throws {
        let folder = try ConfigurationFolder()
        try folder.write(ConfigurationErrorTests.batch, text)
        let failure = try #require(folder.failure())
        #expect(failure.place == "\(ConfigurationErrorTests.batch):\(line)")
        #expect(failure.problem == problem)
        #expect(!failure.remedy.isEmpty)
    }
}

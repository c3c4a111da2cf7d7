import AssayCore
import Foundation
import Testing

@testable import AssayPipeline

struct ConfigurationTests {
    @Test func `a batch is read with everything that it names`() throws {
        let folder = try ConfigurationFolder()
        let files = try BatchFiles.read(folder.file("batches/nightly.yaml"))
        let batch = files.batch
        #expect(batch.name == "nightly")
        #expect(batch.seeds.map(\.value) == [1, 2, 3])
        #expect(batch.arms.map(\.name) == ["full", "hybrid"])
        #expect(batch.arms.map(\.mark.line) == [7, 8])
        #expect(batch.arms[1].trained?.architecture.mark.line == 9)
        #expect(batch.conditions?.map(\.value) == [.parallel, .recurrent])
        #expect(batch.compare.accuracyMargin == 0.03)
        #expect(batch.compare.nllMargin == 0.01)
        #expect(batch.compare.relativeMargin == nil)
        #expect(batch.compare.alpha == 0.01)
        #expect(batch.compare.fdr == 0.2)
        #expect(batch.reports == [.csv, .markdown])
        let tasks = files.suite.tasks
        #expect(files.suite.name == "core")
        #expect(tasks.map(\.name) == ["recall", "hops"])
        #expect(tasks[0].generator.value == "associative-recall")
        #expect(tasks[0].parameters.mapValues(\.value) == ["pairs": 16])
        #expect(tasks[0].clusters?.value == 200)
        #expect(tasks[0].mark(ofParameter: "pairs").line == 5)
        #expect(tasks[0].mark(ofParameter: "length").line == 3)
        #expect(tasks[1].conditions?.map(\.value) == [.parallel, .divergence])
        let recipe = try #require(files.recipes["hybrid"])
        #expect(recipe.name == "small")
        #expect(recipe.steps.value == 2000)
        #expect(recipe.learningRate?.value == 0.003)
        #expect(recipe.beta1 == nil)
        #expect(recipe.mixture?.map(\.task) == ["recall", "hops"])
        #expect(recipe.mixture?.map(\.weight) == [1, 2.5])
        #expect(recipe.checkpointSteps.map(\.value) == [0, 500, 1000])
        #expect(recipe.spike?.factor?.value == 4)
        #expect(recipe.spike?.window == nil)
        let hybrid = try #require(files.architectures["hybrid"])
        #expect(hybrid.system == "Qwen3-Next")
        #expect(hybrid.keyValueHeads?.value == 2)
        #expect(hybrid.pattern.value == "[gated-delta-net x3, full] x1")
        #expect(hybrid.pattern.mark.line == 7)
        #expect(hybrid.options["full"]?.values["rotary-fraction"]?.value == .number(0.25))
        #expect(hybrid.options["full"]?.values["query-key-norm"]?.value == .boolean(true))
        #expect(hybrid.options["gated-delta-net"]?.values["gate"]?.value == .text("silu"))
        #expect(hybrid.tiedHead == true)
        #expect(files.architectures["full"]?.tiedHead == nil)
    }

    @Test func `names can be paths, and the name of a batch defaults to its file`() throws {
        let folder = try ConfigurationFolder()
        try folder.write("elsewhere/fast.yaml", ConfigurationFolder.recipe)
        try folder.write(
            "batches/quick.yaml",
            """
            suite: ../suites/core.yaml
            control: a
            seeds: [7]
            arms:
              a: {architecture: full, recipe: ../elsewhere/fast.yaml}
            """)
        let files = try BatchFiles.read(folder.file("batches/quick.yaml"))
        #expect(files.batch.name == "quick")
        #expect(files.recipes["a"]?.name == "fast")
        #expect(files.batch.conditions == nil)
        #expect(files.batch.reports.isEmpty)
    }

    @Test func `anchors and merges repeat what was written once, and own keys win`() throws {
        let folder = try ConfigurationFolder()
        try folder.write(
            "suites/core.yaml",
            """
            tasks:
              recall: &recall
                generator: associative-recall
                pairs: 16
                clusters: 100
              long:
                <<: *recall
                pairs: 64
              same: *recall
              hops: {generator: successor}
            """)
        let tasks = try BatchFiles.read(folder.file("batches/nightly.yaml")).suite.tasks
        #expect(tasks[1].parameters.mapValues(\.value) == ["pairs": 64])
        #expect(tasks[1].clusters?.value == 100)
        #expect(tasks[1].mark(ofParameter: "pairs").line == 8)
        #expect(tasks[2].parameters.mapValues(\.value) == ["pairs": 16])
    }

    @Test func `Windows line ends and a byte order mark are read like any other`() throws {
        let folder = try ConfigurationFolder()
        let text = "\u{FEFF}" + ConfigurationFolder.batch.replacing("\n", with: "\r\n")
        try folder.write("batches/nightly.yaml", text)
        #expect(folder.failure() == nil)
    }

    @Test func `a missing batch file suggests its neighbours`() throws {
        let folder = try ConfigurationFolder()
        let error = #expect(throws: AssayError.self) { try BatchFiles.read(folder.file("batches/nightli.yaml")) }
        #expect(error?.problem == "there is no such file")
        #expect(error?.remedy == "Did you mean 'nightly.yaml'?")
        #expect(error?.exitStatus == 65)
    }

    @Test func `a file that is not UTF-8, a folder and a huge file are refused`() throws {
        let folder = try ConfigurationFolder()
        try Data([0x6E, 0x61, 0xFF, 0xFE, 0x3A]).write(to: folder.file("batches/nightly.yaml"))
        #expect(folder.failure()?.problem == "the batch is not UTF-8 text")
        try Data(repeating: 0x20, count: 2 << 20).write(to: folder.file("batches/nightly.yaml"))
        #expect(folder.failure()?.problem == "the batch has 2097152 bytes")
        try FileManager.default.removeItem(at: folder.file("suites/core.yaml"))
        try FileManager.default.createDirectory(
            at: folder.file("suites/core.yaml"), withIntermediateDirectories: false)
        try folder.write("batches/nightly.yaml", ConfigurationFolder.batch)
        #expect(folder.failure()?.problem == "cannot read the suite")
    }

    @Test func `deep nesting and alias bombs end with an error, soon`() throws {
        let folder = try ConfigurationFolder()
        try folder.write("batches/nightly.yaml", "name: " + String(repeating: "[", count: 50_000))
        #expect(folder.failure()?.problem.hasPrefix("not valid YAML") == true)
        let lines = (1...40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }
        try folder.write("batches/nightly.yaml", "a0: &a0 x\n" + lines.joined(separator: "\n"))
        #expect(folder.failure()?.problem == "'a0' is not a key of a batch")
    }
}

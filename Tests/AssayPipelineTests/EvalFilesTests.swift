import AssayCore
import Foundation
import Testing

@testable import AssayPipeline

/// The batches and suites that the project comes with: a file that a user is told to run has to be sound.
@Suite struct EvalFilesTests {
    static let folder = PresetTests.folder.deletingLastPathComponent()
    static let batches = ConfigurationLibrary.names(in: folder.appendingPathComponent("batches"))
    static let suites = ConfigurationLibrary.names(in: folder.appendingPathComponent("suites"))

    private static func suite(_ name: String) throws -> SuiteConfiguration {
        try SuiteConfiguration.read(folder.appendingPathComponent("suites/\(name).yaml"))
    }

    /// Batches of models that are not trained need files that are not here; what they say is read all the same.
    @Test(arguments: batches) func everyBatchIsSound(_ name: String) throws {
        let url = Self.folder.appendingPathComponent("batches/\(name).yaml")
        let files = try BatchFiles.read(url)
        if files.batch.arms.allSatisfy({ $0.trained != nil }) {
            let plan = try BatchPlan.read(url)
            #expect(plan.arms.count == files.batch.arms.count && !plan.tasks.isEmpty)
        }
    }

    @Test(arguments: suites) func everyTaskOfASuiteIsSound(_ name: String) throws {
        let suite = try Self.suite(name)
        for task in suite.tasks { _ = try task.makeGenerator() }
    }

    /// The study's proxies are held against a rung of the deep suite's ladder of successors, with the deep suite's own items.
    @Test func theTargetOfTheProxyStudyIsATaskOfTheDeepSuite() throws {
        let target = try #require(try Self.suite("proxy-study").tasks.first { $0.name == "successor" })
        let rung = try #require(try Self.suite("deep").tasks.first { $0.name == "successor-8" })
        #expect(rung.generator.value == target.generator.value)
        #expect(rung.parameters.mapValues(\.value) == target.parameters.mapValues(\.value))
        #expect(rung.clusters?.value == target.clusters?.value)
        #expect(try rung.makeGenerator().identity.text == target.makeGenerator().identity.text)
    }
}

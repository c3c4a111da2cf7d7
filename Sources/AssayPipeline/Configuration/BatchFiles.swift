import AssayCore
import Foundation

/// A batch with every file that it names, read and held against each other.
public struct BatchFiles: Sendable, Hashable {
    /// The batch.
    public var batch: BatchConfiguration
    /// Its suite.
    public var suite: SuiteConfiguration
    /// The architecture of each arm that is trained, by the arm's name.
    public var architectures: [String: ArchitectureConfiguration]
    /// The recipe of each arm that is trained, by the arm's name.
    public var recipes: [String: RecipeConfiguration]

    /// Reads a batch and what it names: from the folders `suites`, `recipes` and `architectures` beside its own folder,
    /// or by path.
    /// - Throws: ``AssayError`` for the first thing that is wrong, with file, line and remedy.
    public static func read(_ url: URL) throws -> BatchFiles {
        let batch = try BatchConfiguration.read(url)
        let library = ConfigurationLibrary(folder: url.standardizedFileURL.deletingLastPathComponent())
        let suite = try SuiteConfiguration.read(try library.find(.suite, batch.suite))
        var files = BatchFiles(batch: batch, suite: suite, architectures: [:], recipes: [:])
        for arm in batch.arms {
            guard let trained = arm.trained else { continue }
            files.architectures[arm.name] = try ArchitectureConfiguration.read(
                try library.find(.architecture, trained.architecture))
            let recipe = try RecipeConfiguration.read(try library.find(.recipe, trained.recipe))
            try files.check(recipe)
            files.recipes[arm.name] = recipe
        }
        return files
    }

    /// Every task of a mixture is a task of the suite.
    private func check(_ recipe: RecipeConfiguration) throws {
        let names = suite.tasks.map(\.name)
        for share in recipe.mixture ?? [] where !names.contains(share.task) {
            throw AssayError.badInput(
                "the mixture names '\(share.task)', which is no task of suite '\(suite.name)'",
                at: share.mark.description, remedy: Suggestion.remedy(for: share.task, among: names))
        }
    }
}

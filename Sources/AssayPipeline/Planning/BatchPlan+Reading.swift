import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayModels
import AssayTasks
import AssayTraining
import Foundation

extension BatchPlan {
    /// Clusters that are scored of a task whose suite does not say.
    static let defaultClusters = 128

    /// Reads a batch file and all that it names, and checks that every part fits the others.
    /// - Throws: ``AssayError`` of kind `badInput` naming file, line and remedy, before any work has begun.
    public static func read(_ url: URL) throws -> BatchPlan {
        let files = try BatchFiles.read(url)
        let batch = files.batch
        var generators: [String: any TaskGenerator] = [:]
        for entry in files.suite.tasks { generators[entry.name] = try entry.makeGenerator() }
        let tasks = try files.suite.tasks.compactMap { entry in
            try generators[entry.name].map { try TaskPlan(entry, generator: $0, batch: batch.conditions) }
        }
        func plan(_ arm: ArmEntry, control: ArmPlan?) throws -> ArmPlan {
            guard let architecture = files.architectures[arm.name], let recipe = files.recipes[arm.name] else {
                throw AssayError(.defect, "arm '\(arm.name)' was not read")
            }
            return try ArmPlan(
                arm.name, architecture: architecture, recipe: recipe, generators: generators,
                seeds: batch.seeds.map(\.value), match: arm.match ?? batch.match, control: control?.model)
        }
        let control = try batch.arms.first { $0.name == batch.control.value }.map { try plan($0, control: nil) }
        let arms = try batch.arms.map { arm in
            if let control, arm.name == control.name { return control }
            return try plan(arm, control: control)
        }
        return try BatchPlan(
            name: batch.name, control: batch.control.value, arms: arms, tasks: tasks,
            comparison: ComparisonOptions(batch.compare),
            serving: try batch.serving?.plan(tasks: files.suite.tasks.map(\.name)), reports: batch.reports)
    }
}

extension TaskEntry {
    /// The generator that the entry asks for.
    func makeGenerator() throws -> any TaskGenerator {
        do {
            return try TaskRegistry.make(generator.value, parameters: parameters.mapValues(\.value))
        } catch let error as AssayError {
            // The message quotes the parameter that is wrong; its line helps more than the task's.
            let named = parameters.keys.first { error.problem.contains("'\($0)'") }
            throw error.located(at: named.map { mark(ofParameter: $0) } ?? generator.mark)
        }
    }
}

extension TaskPlan {
    init(_ entry: TaskEntry, generator: any TaskGenerator, batch: [Marked<Condition>]?) throws {
        let possible = CellEvaluator.paths(for: generator)
        if let wrong = entry.conditions?.first(where: { !CellEvaluator.supports($0.value, for: generator) }) {
            throw AssayError.badInput(
                "task '\(entry.name)' cannot be evaluated under '\(wrong.value.name)'", at: wrong.mark.description,
                remedy: "Possible: " + possible.map(\.rawValue).joined(separator: ", "))
        }
        // What a batch asks of all its tasks is done by those for which it means something.
        let wanted = (entry.conditions ?? batch)?.map(\.value) ?? [.parallel]
        let chosen = possible.flatMap { path in
            wanted.filter { $0.path == path && CellEvaluator.supports($0, for: generator) }
        }
        self.init(
            name: entry.name, generator: generator, clusters: entry.clusters?.value ?? BatchPlan.defaultClusters,
            conditions: chosen.isEmpty ? possible.prefix(1).map { Condition(path: $0) } : chosen)
    }
}

extension ArmPlan {
    init(
        _ name: String, architecture: ArchitectureConfiguration, recipe: RecipeConfiguration,
        generators: [String: any TaskGenerator], seeds: [UInt64], match entry: MatchEntry?, control: LanguageModel?
    ) throws {
        var architecture = try architecture.architecture(vocabulary: Vocabulary.count)
        var match: ArchitectureMatch?
        if let control, let entry, let rule = entry.rule {
            // As it will be trained: with the recipe's convolution.
            if let kernel = recipe.shortConvolution?.value, kernel > 0 { architecture.shortConvolution = kernel }
            do {
                (architecture, match) = try architecture.matched(to: control, by: rule)
            } catch let error as AssayError {
                throw error.located(at: entry.mark)
            }
        }
        let trained = architecture
        let trainings = try seeds.map { seed in
            do {
                return try TrainingPlan(
                    arm: name, architecture: trained, recipe: recipe.recipe(tasks: generators.keys.sorted()),
                    seed: seed, tasks: generators)
            } catch let error as AssayError {
                throw error.located(at: recipe.mark)
            }
        }
        guard let first = trainings.first else { throw AssayError(.defect, "arm '\(name)' has no seeds") }
        self.init(name: name, model: try LanguageModel(first.architecture), trainings: trainings, match: match)
    }
}

extension RecipeConfiguration {
    /// The recipe that the file states; without a mixture all tasks weigh alike.
    func recipe(tasks: [String]) -> Recipe {
        let mixture = mixture?.map { MixtureEntry(task: $0.task, weight: $0.weight) }
        var recipe = Recipe(
            steps: steps.value, mixture: mixture ?? tasks.map { MixtureEntry(task: $0, weight: 1) },
            checkpointSteps: checkpointSteps.map(\.value))
        func set<Value>(_ path: WritableKeyPath<Recipe, Value>, _ value: Marked<Value>?) {
            if let value { recipe[keyPath: path] = value.value }
        }
        set(\.sequencesPerStep, sequencesPerStep)
        set(\.sequencesPerMicroBatch, sequencesPerMicroBatch)
        set(\.learningRate, learningRate)
        set(\.finalLearningRateFraction, finalLearningRateFraction)
        set(\.warmUpSteps, warmUpSteps)
        set(\.weightDecay, weightDecay)
        set(\.beta1, beta1)
        set(\.beta2, beta2)
        set(\.epsilon, epsilon)
        set(\.gradientClip, gradientClip)
        set(\.shortConvolution, shortConvolution)
        set(\.spike.factor, spike?.factor)
        set(\.spike.margin, spike?.margin)
        set(\.spike.window, spike?.window)
        set(\.spike.patience, spike?.patience)
        return recipe
    }
}

extension ComparisonOptions {
    init(_ configuration: CompareConfiguration) {
        self.init()
        if let value = configuration.accuracyMargin { margins.accuracy = value }
        if let value = configuration.nllMargin { margins.nll = value }
        if let value = configuration.relativeMargin { margins.relative = value }
        if let value = configuration.alpha { alpha = value }
        if let value = configuration.fdr { falseDiscoveryRate = value }
        spending = configuration.spending.map {
            SpendingOptions(method: $0.method, looks: $0.looks, metrics: $0.metrics)
        }
    }
}

extension AssayError {
    /// The same error with the place in a file, unless it names one already.
    func located(at mark: SourceMark) -> AssayError {
        location == nil ? AssayError(kind, problem, at: mark.description, remedy: remedy) : self
    }
}

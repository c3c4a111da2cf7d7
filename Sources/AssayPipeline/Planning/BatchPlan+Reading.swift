import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayModels
import AssayRendering
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
        // What is said in English is for models that bring a tokenizer.
        let texts = Set(files.suite.tasks.filter { $0.rendering == .text }.map(\.name))
        let symbolic = generators.filter { !texts.contains($0.key) }
        let folder = url.standardizedFileURL.deletingLastPathComponent()
        let seeds = batch.seeds.map(\.value)
        func plan(_ arm: ArmEntry, control: ArmPlan?) throws -> ArmPlan {
            let trained: TrainedArmEntry
            switch arm.source {
            case .trained(let entry): trained = entry
            case .loaded(let entry):
                let loaded = try LoadedArm(entry, arm: arm.name, folder: folder, seeds: seeds)
                return ArmPlan(name: arm.name, source: .loaded(loaded))
            case .served(let entry):
                return ArmPlan(
                    name: arm.name, source: .served(try ServedArm(entry, arm: arm.name, seeds: seeds)))
            }
            guard let architecture = files.architectures[arm.name], let recipe = files.recipes[arm.name] else {
                throw AssayError(.defect, "arm '\(arm.name)' was not read")
            }
            return try ArmPlan(
                arm.name, architecture: architecture, recipe: recipe, generators: symbolic,
                seeds: seeds, match: trained.match ?? batch.match, control: control?.trained?.model)
        }
        let control = try batch.arms.first { $0.name == batch.control.value }.map { try plan($0, control: nil) }
        let arms = try batch.arms.map { arm in
            if let control, arm.name == control.name { return control }
            return try plan(arm, control: control)
        }
        for condition in files.suite.tasks.flatMap({ $0.conditions ?? [] }) + (batch.conditions ?? []) {
            for arm in arms { try arm.check(condition) }
        }
        for (arm, entry) in zip(arms, batch.arms) {
            try arm.demandTasks(among: tasks, mark: entry.mark)
            // Texts are evaluated whole, and of served models every answer is kept.
            if batch.compare.spending != nil, arm.trained == nil {
                throw AssayError.badInput(
                    "'compare.spending' draws the items of models that are trained here, and arm '\(arm.name)' is not",
                    at: entry.mark.description, remedy: "Leave 'spending' out, or put the arm into a batch of its own")
            }
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

extension TaskEntry {
    /// How the items are said in English, where the entry asks for that.
    func text(of generator: any TaskGenerator) throws -> TaskText? {
        guard rendering == .text else { return nil }
        do {
            return try TaskText(generator, shots: shots?.value)
        } catch let error as AssayError {
            throw error.located(at: mark)
        }
    }
}

extension TaskPlan {
    init(_ entry: TaskEntry, generator: any TaskGenerator, batch: [Marked<Condition>]?) throws {
        let text = try entry.text(of: generator)
        let possible = text == nil ? CellEvaluator.paths(for: generator) : TextEvaluator.paths
        func supports(_ condition: Condition) -> Bool {
            text == nil ? CellEvaluator.supports(condition, for: generator) : TextEvaluator.supports(condition)
        }
        if let wrong = entry.conditions?.first(where: { !supports($0.value) }) {
            throw AssayError.badInput(
                "task '\(entry.name)' cannot be evaluated under '\(wrong.value.name)'", at: wrong.mark.description,
                remedy: "Possible: " + possible.map(\.rawValue).joined(separator: ", "))
        }
        // What a batch asks of all its tasks is done by those for which it means something.
        let wanted = (entry.conditions ?? batch)?.map(\.value) ?? [.parallel]
        let chosen = possible.flatMap { path in
            wanted.filter { $0.path == path && supports($0) }
        }
        self.init(
            name: entry.name, generator: generator, text: text,
            clusters: entry.clusters?.value ?? BatchPlan.defaultClusters,
            conditions: chosen.isEmpty ? possible.prefix(1).map { Condition(path: $0) } : chosen)
    }
}

extension ArmPlan {
    /// Refuses a condition with a swap that a model of the arm cannot take.
    fileprivate func check(_ condition: Marked<Condition>) throws {
        guard !condition.value.swaps.isEmpty else { return }
        do {
            let models =
                try trained.map { [$0.model] }
                ?? (loaded?.runs.compactMap(\.found.first) ?? []).map { try LanguageModel($0.survey.architecture) }
            for model in models { _ = try model.swapping(condition.value.swaps) }
        } catch let error as AssayError {
            throw AssayError(
                error.kind, "arm '\(name)': \(error.problem)", at: condition.mark.description, remedy: error.remedy)
        }
    }

    /// Refuses checkpoints that can read no task of the suite.
    fileprivate func demandTasks(among tasks: [TaskPlan], mark: SourceMark) throws {
        if served != nil, !tasks.contains(where: { $0.isServable && $0.conditions.contains(.recurrent) }) {
            throw AssayError.badInput(
                "arm '\(name)' can answer no task of the suite: a served model reads text and answers under 'recurrent'",
                at: mark.description,
                remedy: "Add 'rendering: text' to tasks that are no worlds, and 'recurrent' to the conditions")
        }
        guard let found = loaded?.found, let first = found.first else { return }
        guard !found.contains(where: { checkpoint in tasks.contains { $0.suits(checkpoint) } }) else { return }
        throw AssayError.badInput(
            "arm '\(name)' can read no task of the suite: \(first.url.lastPathComponent) "
                + (first.readsText ? "brings a tokenizer, and no task is given as text" : "knows no words"),
            at: mark.description,
            remedy: first.readsText ? "Add 'rendering: text' to tasks" : "Add tasks without 'rendering: text'")
    }

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
        let arm = TrainedArm(model: try LanguageModel(first.architecture), trainings: trainings, match: match)
        self.init(name: name, source: .trained(arm))
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

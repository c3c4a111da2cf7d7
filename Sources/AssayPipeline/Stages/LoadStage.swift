import AssayCore
import AssayModels
import AssayStore
import AssayTensor
import Foundation

extension BatchRunner {
    /// Records the checkpoints that were found for loaded arms, as far as they are not recorded already, and what stands for
    /// those of served ones.
    func recordLoadedArms() throws {
        var arms: [BatchArmRecord] = []
        for arm in plan.arms {
            if let served = arm.served {
                try record(served, of: arm)
                arms.append(BatchArmRecord(arm: arm.name, seed: served.seed, run: served.run))
            }
            guard case .loaded(let loaded) = arm.source else { continue }
            for run in loaded.runs {
                try stopIfAsked()
                guard try record(run, of: arm, at: loaded.mark) else { continue }
                arms.append(BatchArmRecord(arm: arm.name, seed: run.seed, run: run.identity))
            }
        }
        try store.record(arms, of: plan.identity)
    }

    /// Records a run with its checkpoints.
    /// - Returns: whether there is anything of it, tonight's or earlier.
    private func record(_ run: LoadedRun, of arm: ArmPlan, at mark: SourceMark) throws -> Bool {
        for checkpoint in run.leftOut { notice(checkpoint.notice(arm: arm.name)) }
        work.leftOut += run.leftOut.count
        let recorded = try store.run(run.identity)
        guard let first = run.found.first else {
            if recorded == nil { try explainNothing(run, of: arm, at: mark) }
            return recorded != nil
        }
        if let recorded {
            let architecture = try CanonicalJSON.value(Architecture.self, from: recorded.architecture)
            guard architecture.anonymous == first.survey.architecture.anonymous else {
                throw AssayError.badInput(
                    "the checkpoints of arm '\(arm.name)' have another architecture than those that were recorded",
                    at: mark.description, remedy: "Give the arm another name: it is another model")
            }
        } else {
            let source = LoadedRunSource(
                checkpoints: run.pattern.path, system: first.survey.system, format: first.survey.format.rawValue)
            try store.record(
                RunRecord(
                    identity: run.identity, arm: arm.name,
                    architecture: try CanonicalJSON.text(first.survey.architecture),
                    recipe: try CanonicalJSON.text(source), seed: run.seed, status: .finished))
        }
        for checkpoint in run.found { try record(checkpoint, run, of: arm) }
        return true
    }

    /// A path without wildcards that means nothing is a mistake; of a pattern the first checkpoint may be on its way.
    private func explainNothing(_ run: LoadedRun, of arm: ArmPlan, at mark: SourceMark) throws {
        if let wrong = run.leftOut.first(where: { !$0.isUnfinished }) {
            throw AssayError.badInput(
                "no checkpoint of arm '\(arm.name)' can be evaluated: \(wrong.reason)", at: mark.description)
        }
        guard run.leftOut.isEmpty else { return }
        guard run.pattern.hasWildcards else {
            throw AssayError.badInput(
                "arm '\(arm.name)': there is no '\(run.pattern.path)'", at: mark.description,
                remedy: "Check the path; 'make models' installs the models of evals/batches/pretrained.yaml")
        }
        notice("\(arm.name): nothing fits '\(run.pattern.path)' yet")
    }

    private func record(_ checkpoint: FoundCheckpoint, _ run: LoadedRun, of arm: ArmPlan) throws {
        try stopIfAsked()
        progress(
            StageProgress(title: "find the checkpoints of \(arm.name)", fraction: 0, detail: "step \(checkpoint.step)"))
        let hash: ContentHash
        do {
            hash = try identity(of: checkpoint)
        } catch let error as IncompleteCheckpoint {
            work.leftOut += 1
            notice(
                LeftOutCheckpoint(url: checkpoint.url, reason: error.reason, isUnfinished: true).notice(arm: arm.name))
            return
        }
        let there = try store.checkpoints(ofRun: run.identity).first { $0.step == checkpoint.step }
        if let there, there.hash != hash {
            work.leftOut += 1
            notice(
                "\(arm.name): \(checkpoint.url.path) is left out: it holds other weights than were recorded of step"
                    + " \(checkpoint.step). If the training was begun anew, give the arm another name")
            return
        }
        // Recorded again where it is there already: it may have moved.
        try store.record(
            CheckpointRecord(
                hash: hash, run: run.identity, arm: arm.name, seed: run.seed, step: checkpoint.step,
                path: checkpoint.url.path))
        if there == nil { work.found += 1 } else { work.foundBefore += 1 }
    }

    /// The identity of a checkpoint that is there; files are hashed once as long as they stay the same.
    private func identity(of checkpoint: FoundCheckpoint) throws -> ContentHash {
        try CheckpointIdentity.hash(
            of: checkpoint.survey, tokenizer: checkpoint.tokenizer,
            FileDigests(known: store.fileDigest(path:stamp:), keep: store.keepFileDigest(path:stamp:digest:)))
    }

    /// A model with its weights, and its tokenizer where it has one.
    struct OpenCheckpoint {
        let model: LanguageModel
        let weights: FloatBlock
        let tokenizer: Tokenizer?
    }

    /// Reads a checkpoint whole, held against the hash that was recorded.
    /// - Throws: ``AssayError`` when it holds other weights or cannot be read.
    func open(_ checkpoint: PlannedCheckpoint) throws -> OpenCheckpoint {
        guard let found = checkpoint.found else {
            let stored = try load(checkpoint)
            return OpenCheckpoint(model: try model(of: checkpoint), weights: stored, tokenizer: nil)
        }
        do {
            guard try identity(of: found) == checkpoint.record.hash else {
                throw IncompleteCheckpoint(reason: "it was written anew since it was found")
            }
            let loaded = try CheckpointReader.read(found.url)
            return OpenCheckpoint(
                model: loaded.model, weights: loaded.weights,
                tokenizer: try found.tokenizerFile.map(CheckpointReader.tokenizer))
        } catch let error as IncompleteCheckpoint {
            throw AssayError.badInput(error.reason, at: found.url.path, remedy: "Run the batch again")
        }
    }

    /// The model of a checkpoint, without its weights.
    func model(of checkpoint: PlannedCheckpoint) throws -> LanguageModel {
        switch checkpoint.arm.source {
        case .trained(let trained): trained.model
        case .loaded: try CellReader.model(ofRun: checkpoint.record.run, in: store)
        case .served: throw AssayError(.defect, "the model of a served arm is not known")
        }
    }
}

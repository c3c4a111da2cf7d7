import AssayCore
import Foundation

@testable import AssayPipeline

/// A folder laid out like `evals`, with a sound batch in it, gone after the test.
final class ConfigurationFolder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("assay-evals-\(UUID().uuidString)")

    static let batch = """
        name: nightly
        description: the whole night
        suite: core
        control: full
        seeds: [1, 2, 3]
        arms:
          full: {architecture: full, recipe: small}
          hybrid:
            architecture: hybrid
            recipe: small
        conditions: [parallel, recurrent]
        compare: {margins: {accuracy: 0.03, nll: 0.01}, alpha: 0.01, fdr: 0.2}
        reports: [csv, markdown]
        """
    static let suite = """
        description: retrieval and hops
        tasks:
          recall:
            generator: associative-recall
            pairs: 16
            clusters: 200
          hops:
            generator: successor
            hops: 4
            conditions: [parallel, divergence]
        """
    static let recipe = """
        steps: 2_000
        sequences-per-step: 32
        sequences-per-micro-batch: 8
        learning-rate: 3e-3
        final-learning-rate-fraction: 0.1
        warm-up-steps: 50
        weight-decay: 0.1
        mixture: {recall: 1, hops: 2.5}
        checkpoint-steps: [500, 0, 1000]
        spike: {factor: 4, patience: 5}
        """
    static let architecture = """
        description: three linear layers to one of attention
        system: Qwen3-Next
        width: 64
        heads: 4
        key-value-heads: 2
        hidden: 160
        pattern: "[gated-delta-net x3, full] x1"
        options:
          full: {rotary-fraction: 0.25, query-key-norm: true}
          gated-delta-net: {gate: "silu"}
        tied-head: true
        short-convolution: 4
        """

    init() throws {
        try write("batches/nightly.yaml", ConfigurationFolder.batch)
        try write("suites/core.yaml", ConfigurationFolder.suite)
        try write("recipes/small.yaml", ConfigurationFolder.recipe)
        try write("architectures/full.yaml", "width: 64\nheads: 4\npattern: full x4\n")
        try write("architectures/hybrid.yaml", ConfigurationFolder.architecture)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func file(_ path: String) -> URL { url.appendingPathComponent(path) }

    func write(_ path: String, _ text: String) throws {
        try FileManager.default.createDirectory(
            at: file(path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file(path))
    }

    /// The error of reading the batch, with the folder's own path left out of the place.
    func failure() -> (place: String, problem: String, remedy: String)? {
        do {
            _ = try BatchFiles.read(file("batches/nightly.yaml"))
            return nil
        } catch let error as AssayError {
            let prefix = url.standardizedFileURL.path + "/"
            func relative(_ text: String?) -> String { (text ?? "").replacing(prefix, with: "") }
            guard error.kind == .badInput else { return ("", "not bad input: \(error)", "") }
            return (relative(error.location), relative(error.problem), relative(error.remedy))
        } catch {
            return ("", "another error: \(error)", "")
        }
    }
}

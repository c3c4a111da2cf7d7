import AssayCore
import AssayMetrics
import AssayTasks
import AssayTensor
import Foundation
import Testing

@testable import AssayEvaluation
@testable import AssayModels

/// Numerical faults of a serving system, planted one at a time: the metrics must see each, and nothing in the sound one.
@Suite struct PlantedFaultTests {
    /// The divergence at which a metric raises its alarm, in nats a token.
    private static let alarm = 1e-3
    private static let recurrent = ["gated-delta-net", "gated-delta-net"]

    private static func plain(_ fault: FaultyDecoder.Fault) -> DecoderFactory {
        { model, weights, shape in
            FaultyDecoder(
                RecurrentDecoder(
                    model: model, weights: weights, slots: shape.slots, capacity: shape.capacity, rows: shape.rows,
                    precision: shape.precision), fault)
        }
    }

    private func measured(
        _ conditions: [String], layers: [String] = recurrent,
        _ makeDecoder: @escaping DecoderFactory = EvaluationWorker.plainDecoder
    ) throws -> [MetricValue] {
        let task = try TaskRegistry.make("associative-recall")
        let (model, weights) = try testModel(layers: layers)
        let evaluator = CellEvaluator(model: model, weights: weights, workers: 1, makeDecoder: makeDecoder)
        return try measure(
            conditions.map { text in
                let condition = try Condition(text)
                let result = try evaluator.evaluate(
                    task: task, stream: .evaluation(seed: 3), clusters: 26, condition: condition)
                return CellData(
                    task: "recall", generator: "associative-recall", family: .retrieval, condition: condition, floor: 0,
                    stateBytes: 1, items: result.scored)
            })
    }

    private func value(_ values: [MetricValue], _ metric: String, _ condition: String) throws -> Double {
        try #require(values.first { $0.metric == metric && $0.condition == condition && $0.slice == "all" }?.value)
    }

    @Test(
        "a sound model raises no alarm, and its conditions agree to the bit",
        arguments: [recurrent, ["full", "lightning"]])
    func sound(_ layers: [String]) throws {
        let values = try measured(
            ["recurrent", "resumed", "speculative", "divergence", "divergence:float32/restore", "divergence@16"],
            layers: layers)
        for condition in ["divergence", "divergence:float32/restore", "divergence@16"] {
            #expect(try value(values, "divergence-kl", condition) < 1e-7)
            #expect(try value(values, "divergence-k3", condition) < 1e-7)
            #expect(try value(values, "divergence-logit-p999", condition) < 1e-2)
            #expect(try value(values, "divergence-flips", condition) < 1)
            #expect(try value(values, "divergence-first", condition) > 0.99)
        }
        for condition in ["resumed", "speculative"] {
            #expect(try value(values, "condition-loss-nll", condition) == 0)
            #expect(try value(values, "condition-loss-accuracy", condition) == 0)
        }
    }

    @Test func `a wrong decay in one head is seen by the divergence`() throws {
        let values = try measured(["divergence"]) { model, weights, shape in
            let wrong = FloatBlock(count: weights.count)
            wrong.pointer.update(from: weights.pointer, count: weights.count)
            let name = Architecture.mixerPrefix(layer: 0) + "A_log"
            if let place = model.layout[name] { wrong.pointer[place.offset + 1] += 0.7 }
            return RecurrentDecoder(model: model, weights: wrong, slots: shape.slots, capacity: shape.capacity)
        }
        #expect(try value(values, "divergence-kl", "divergence") > Self.alarm)
        #expect(try value(values, "divergence-k3", "divergence") > Self.alarm)
    }

    @Test func `a state that is not reset between sequences is seen by the divergence`() throws {
        let values = try measured(["divergence"], Self.plain(.notReset))
        #expect(try value(values, "divergence-kl", "divergence") > Self.alarm)
        // The first sequences find clean slots; the alarm comes from the others.
        #expect(try value(values, "divergence-first", "divergence") < 1)
    }

    @Test(
        "a rollback that forgets a token, or does not happen, is seen by the speculative condition",
        arguments: [
            FaultyDecoder.Fault.rollbackForgetsOne, .noRollback,
        ])
    func rollback(_ fault: FaultyDecoder.Fault) throws {
        let values = try measured(["recurrent", "speculative"], Self.plain(fault))
        #expect(abs(try value(values, "condition-loss-nll", "speculative")) > Self.alarm)
    }

    @Test(
        "a stale or misplaced snapshot is seen by the resumed condition and its divergence",
        arguments: [
            FaultyDecoder.Fault.staleSnapshot, .restoreToWrongSlot,
        ])
    func snapshots(_ fault: FaultyDecoder.Fault) throws {
        let values = try measured(
            ["recurrent", "resumed", "divergence", "divergence:float32/restore"], Self.plain(fault))
        #expect(abs(try value(values, "condition-loss-nll", "resumed")) > Self.alarm)
        #expect(try value(values, "divergence-kl", "divergence:float32/restore") > Self.alarm)
        // Without a restore nothing is wrong.
        #expect(try value(values, "divergence-kl", "divergence") < 1e-7)
    }
}

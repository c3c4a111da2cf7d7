import AssayCore
import AssayTasks
import AssayTensor
import Foundation
import Testing

@testable import AssayTraining

@Suite struct LearningRateScheduleTests {
    private func schedule(steps: Int = 100, warmUp: Int = 10, peak: Double = 1, final: Double = 0.1)
        -> LearningRateSchedule
    {
        LearningRateSchedule(
            Recipe(
                steps: steps, learningRate: peak, finalLearningRateFraction: final, warmUpSteps: warmUp,
                mixture: [MixtureEntry(task: "echo", weight: 1)]))
    }

    @Test func `warm-up is linear, then half a cosine ends at the fraction`() {
        let rates = schedule()
        #expect(rates.rate(step: 1) == 0.1)
        #expect(abs(rates.rate(step: 5) - 0.5) < 1e-12)
        #expect(rates.rate(step: 10) == 1)
        // Half way through the decay: the mean of peak and end.
        #expect(abs(rates.rate(step: 55) - 0.55) < 1e-12)
        // A third of the way: cos(60 degrees) = 1/2, so 0.1 + 0.9 * 0.75.
        #expect(abs(rates.rate(step: 40) - 0.775) < 1e-12)
        #expect(abs(rates.rate(step: 100) - 0.1) < 1e-12)
    }

    @Test func `no warm-up and nothing but warm-up have rates too`() {
        #expect(schedule(warmUp: 0).rate(step: 1) < 1)
        #expect(schedule(warmUp: 0).rate(step: 1) > 0.99)
        #expect(schedule(steps: 10, warmUp: 10).rate(step: 10) == 1)
        #expect(schedule(steps: 1, warmUp: 1).rate(step: 1) == 1)
    }

    @Test func `the rate never rises after the warm-up and never falls in it`() {
        let rates = (1...100).map(schedule().rate)
        for step in 1..<100 { #expect(step < 10 ? rates[step] > rates[step - 1] : rates[step] < rates[step - 1]) }
    }
}

@Suite struct SpikeRuleTests {
    private func endsAt(_ losses: [Double], rule: SpikeRule = SpikeRule(window: 20, patience: 3), warmUp: Int = 5)
        -> Int?
    {
        var detector = SpikeDetector(rule: rule, warmUpSteps: warmUp)
        for (index, loss) in losses.enumerated() where detector.observe(loss) { return index + 1 }
        return nil
    }

    private let healthy = (0..<50).map { 0.5 + 5 * exp(-Double($0) / 10) }

    @Test func `a healthy run and a plateau never end`() {
        #expect(endsAt(healthy) == nil)
        #expect(endsAt([Double](repeating: 5, count: 500)) == nil)
    }

    @Test func `as many spiking steps as the patience says end the arm, one fewer do not`() {
        #expect(endsAt(healthy + [9, 9] + healthy.suffix(5)) == nil)
        #expect(endsAt(healthy + [9, 9, 0.6, 9, 9]) == nil)
        #expect(endsAt(healthy + [9, 9, 9]) == 53)
    }

    @Test func `a loss that is high but not above the start is survived`() {
        // Start (mean of ten steps) is about 3.8; five times the median but below the start.
        #expect(endsAt(healthy + [Double](repeating: 3.5, count: 10)) == nil)
    }

    @Test func `spikes do not raise the median that they are held against`() {
        let rule = SpikeRule(window: 5, patience: 8)
        #expect(endsAt(healthy + [Double](repeating: 9, count: 8), rule: rule) == 58)
    }

    @Test func `nothing spikes within the warm-up`() {
        #expect(endsAt([Double](repeating: 1, count: 10) + [Double](repeating: 50, count: 30), warmUp: 40) == nil)
        #expect(endsAt([Double](repeating: 1, count: 10) + [Double](repeating: 50, count: 30), warmUp: 20) == nil)
        #expect(endsAt([Double](repeating: 1, count: 30) + [Double](repeating: 50, count: 30), warmUp: 20) == 33)
    }
}

@Suite struct UpdateChunksTests {
    @Test func `pieces cover every float once and never mix decayed and undecayed parameters`() {
        var layout = ParameterLayout()
        layout.declare("a", [100, 1000], .constant(0))
        layout.declare("n", [33], .constant(0), decays: false)
        layout.declare("m", [5], .constant(0), decays: false)
        layout.declare("b", [7, 7], .constant(0))
        let chunks = UpdateChunks(layout)
        var next = 0
        for segment in chunks.segments {
            #expect(segment.offset == next)
            #expect(segment.count > 0 && segment.count <= 16_384)
            next += segment.count
            for specification in layout.specifications
            where specification.offset < next && specification.offset + specification.count > segment.offset {
                #expect(specification.decays == segment.decays)
            }
        }
        #expect(next == layout.count)
        #expect(chunks.items.flatMap { $0 } == Array(chunks.segments.indices))
    }
}

@Suite struct RecipeTests {
    private let sound = Recipe(steps: 100, mixture: [MixtureEntry(task: "echo", weight: 1)], checkpointSteps: [50])

    @Test func `a sound recipe is accepted and its last step is a checkpoint`() throws {
        try sound.validate()
        #expect(sound.allCheckpointSteps == [50, 100])
        #expect(sound.microBatchesPerStep == 4)
    }

    @Test func `each field out of range is refused by its name`() throws {
        func refused(_ field: String, _ change: (inout Recipe) -> Void) {
            var recipe = sound
            change(&recipe)
            let error = #expect(throws: AssayError.self, "\(field)") { try recipe.validate() }
            #expect(error?.problem.contains(field) == true, "\(String(describing: error))")
        }
        refused("steps") { $0.steps = 0 }
        refused("sequencesPerStep") { $0.sequencesPerStep = 30 }
        refused("sequencesPerMicroBatch") { $0.sequencesPerMicroBatch = 0 }
        refused("learningRate") { $0.learningRate = 0 }
        refused("learningRate") { $0.learningRate = .nan }
        refused("finalLearningRateFraction") { $0.finalLearningRateFraction = 1.5 }
        refused("warmUpSteps") { $0.warmUpSteps = 101 }
        refused("weightDecay") { $0.weightDecay = -1 }
        refused("beta1") { $0.beta1 = 1 }
        refused("beta2") { $0.beta2 = -0.1 }
        refused("epsilon") { $0.epsilon = 0 }
        refused("gradientClip") { $0.gradientClip = .infinity }
        refused("mixture") { $0.mixture = [] }
        refused("mixture") { $0.mixture += $0.mixture }
        refused("weight of task 'echo'") { $0.mixture[0].weight = 0 }
        refused("checkpointSteps") { $0.checkpointSteps = [101] }
        refused("shortConvolution") { $0.shortConvolution = 17 }
        refused("spike") { $0.spike.patience = 0 }
    }

    @Test func `a recipe survives JSON`() throws {
        #expect(try CanonicalJSON.value(Recipe.self, from: CanonicalJSON.text(sound)) == sound)
    }
}

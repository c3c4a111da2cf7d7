import Foundation

/// Linear warm-up to the highest learning rate, then half a cosine down to a fraction of it.
public struct LearningRateSchedule: Sendable, Hashable {
    /// The highest learning rate.
    public let peak: Double
    /// The last one as a fraction of the highest.
    public let finalFraction: Double
    /// Steps of the warm-up.
    public let warmUpSteps: Int
    /// All steps.
    public let steps: Int

    /// The schedule of a recipe.
    public init(_ recipe: Recipe) {
        peak = recipe.learningRate
        finalFraction = recipe.finalLearningRateFraction
        warmUpSteps = recipe.warmUpSteps
        steps = recipe.steps
    }

    /// The learning rate of step 1 ... ``steps``: `peak * step / warmUpSteps` in the warm-up, the peak at its last step,
    /// `peak * finalFraction` at the last step of all.
    public func rate(step: Int) -> Double {
        if step < warmUpSteps { return peak * Double(step) / Double(warmUpSteps) }
        guard steps > warmUpSteps else { return peak }
        let progress = Double(step - warmUpSteps) / Double(steps - warmUpSteps)
        return peak * (finalFraction + (1 - finalFraction) * 0.5 * (1 + cos(.pi * progress)))
    }
}

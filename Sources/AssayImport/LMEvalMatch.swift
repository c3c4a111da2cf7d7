import AssayCore

/// Holds the documents of two imports of a task against each other.
public enum LMEvalMatch {
    /// Checks that documents with the same hash were asked alike.
    /// - Parameters:
    ///   - samples: what is imported.
    ///   - known: the content bits (``LMEvalSample/contentBits``) of the items that are there already.
    ///   - task: the name of the task, for the error.
    ///   - location: where the samples are from, for the error.
    /// - Throws: ``AssayError`` naming the first document whose prompt or target is another.
    public static func check(
        _ samples: [LMEvalSample], against known: [ItemID: UInt64], task: String, location: String
    ) throws {
        for sample in samples {
            guard let bits = known[sample.item], bits != sample.contentBits else { continue }
            let hasOtherPrompt = bits >> 32 != sample.contentBits >> 32
            throw AssayError.badInput(
                "the \(hasOtherPrompt ? "prompt" : "target") of document \(sample.document.hexadecimal.prefix(12)) of"
                    + " \(task) is another than in the import before",
                at: location,
                remedy:
                    "Runs are compared only when they ask the same: use the same prompts, examples and template in both"
            )
        }
    }
}

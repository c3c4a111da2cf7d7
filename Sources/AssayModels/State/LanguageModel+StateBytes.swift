import AssayCore

extension LanguageModel {
    /// Bytes of the decode state and caches of one sequence of `context` tokens, kept in a format, scales of rows
    /// included.
    public func stateBytes(context: Int, format: StateFormat) -> Int {
        branches.reduce(0) { sum, branch in
            sum + branch.mixer.stateLayout(capacity: context).byteCount(position: context, format: format)
        }
    }
}

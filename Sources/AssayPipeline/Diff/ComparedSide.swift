import AssayCore
import AssayMetrics

/// A side of a comparison as a user types it: checkpoints, and perhaps how they were run.
///
///     smollm2                     every condition under which the other side was run, too
///     smollm2:window=256          the conditions with this swap, each held against the same without it
///     smollm2@2000:int8:drop=3    ... with a rounded state and a swap
///     smollm2:recurrent:int8      this condition alone
struct ComparedSide {
    /// What is meant of the conditions.
    private enum Choice {
        /// This one alone.
        case whole(Condition)
        /// Those with these changes, whatever their path. A precision of nil is any.
        case changed(StatePrecision?, [Swap])
    }

    /// The checkpoints, without the condition.
    let checkpoints: String
    private let text: String
    private let choice: Choice?

    /// Reads `CHECKPOINTS` or `CHECKPOINTS:CONDITION`, where the latter is a condition or the part of one after its path.
    /// - Throws: ``AssayError`` when it is no condition; checkpoints are read elsewhere.
    init(parsing text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let seeds = parts.dropFirst().prefix { $0.hasPrefix("seed=") }.count
        checkpoints = parts.prefix(1 + seeds).joined(separator: ":")
        self.text = text
        let rest = parts.dropFirst(1 + seeds).joined(separator: ":")
        choice = parts.count > 1 + seeds ? try Self.choice(rest, of: text) : nil
    }

    private static func choice(_ text: String, of whole: String) throws -> Choice {
        let path = text.prefix { !"@*~:".contains($0) }
        do {
            if KernelPath(rawValue: String(path)) != nil { return .whole(try Condition(text)) }
            let changed = try Condition("\(KernelPath.recurrent.rawValue):\(text)")
            return .changed(changed.precision == .float32 ? nil : changed.precision, changed.swaps)
        } catch let error as AssayError {
            throw AssayError(
                .usage, "'\(text)' after ':' is neither 'seed=' with a whole number nor a condition", at: whole,
                remedy: error.remedy)
        }
    }

    /// What a single condition is called in the comparison: as what it is held against.
    var label: Condition? {
        guard case .whole(let condition) = choice else { return nil }
        return condition.reference ?? condition.swapping([])
    }

    /// The cells that are meant, under the names of those that they are held against.
    /// - Parameter label: what the cells of a single condition are called.
    /// - Throws: ``AssayError`` when there are none.
    func chosen(of cells: [CellData], called label: Condition?) throws -> [CellData] {
        guard let choice else { return cells }
        let chosen = cells.compactMap { cell -> CellData? in
            var cell = cell
            switch choice {
            case .whole(let condition):
                guard cell.condition == condition else { return nil }
                cell.condition = label ?? condition
            case .changed(let precision, let swaps):
                let condition = cell.condition
                guard condition.swaps == swaps, precision.map({ $0 == condition.precision }) ?? true,
                    let plain = precision == nil ? condition : condition.inFloat32
                else { return nil }
                cell.condition = plain.swapping([])
            }
            return cell
        }
        guard chosen.isEmpty else { return chosen }
        let known = Set(cells.map(\.condition.name)).sorted()
        throw AssayError(
            .usage, "'\(checkpoints)' was not evaluated so", at: text,
            remedy: known.isEmpty
                ? "Nothing is recorded of it" : "Its conditions: \(known.joined(separator: ", "))")
    }
}

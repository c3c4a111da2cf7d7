import AssayCore
import AssayModels
import AssayReports
import AssayTasks
import Foundation

/// What an architecture weighs and costs at several context lengths, beside full attention.
///
/// The control is the same architecture with full attention in every layer, unless another is named.
public struct ArchitectureFigures: Sendable {
    /// The context lengths.
    public static let contexts = [1 << 10, 1 << 15, 1 << 20]

    /// The name.
    public let name: String
    /// What it is.
    public let description: String
    /// The layers in a few words.
    public let layers: String
    /// Trainable numbers.
    public let parameters: Int
    /// The costs at ``contexts``.
    public let costs: [ModelCost]
    /// From which context length on the decode state is no larger than the control's; nil for never.
    public let stateBreakEven: Int?
    /// From which on a prefilled token takes no more operations.
    public let prefillBreakEven: Int?
    /// From which on a decoded token takes no more operations.
    public let decodeBreakEven: Int?

    /// The figures of an architecture file.
    /// - Parameter control: the model to hold it against; nil for its own twin with full attention.
    init(_ file: ArchitectureConfiguration, control: LanguageModel?) throws {
        let architecture = try file.architecture(vocabulary: Vocabulary.count)
        let model = try LanguageModel(architecture)
        let control = try control ?? LanguageModel(architecture.withFullAttention)
        name = file.name
        description = file.description ?? ""
        layers = LayerSummary.text(architecture)
        parameters = model.layout.parameterCount
        costs = ArchitectureFigures.contexts.map { model.cost(context: $0) }
        func breakEven(_ quantity: (ModelCost) -> Double) -> Int? {
            BreakEven.length { quantity(model.cost(context: $0)) <= quantity(control.cost(context: $0)) }
        }
        stateBreakEven = breakEven(\.stateBytes)
        prefillBreakEven = breakEven(\.prefillFLOPs)
        decodeBreakEven = breakEven(\.decodeFLOPs)
    }

    /// The figures of every architecture file in a folder of plans.
    /// - Parameter control: the name of the file to hold them against.
    public static func all(in evals: URL, control: String?) throws -> [ArchitectureFigures] {
        let folder = evals.appendingPathComponent("architectures", isDirectory: true)
        let names = ConfigurationLibrary.names(in: folder)
        func read(_ name: String) throws -> ArchitectureConfiguration {
            try ArchitectureConfiguration.read(folder.appendingPathComponent("\(name).yaml"))
        }
        let control = try control.map { name in
            guard names.contains(name) else {
                throw AssayError(
                    .usage, "there is no architecture '\(name)'",
                    remedy: Suggestion.remedy(for: name, among: names))
            }
            return try LanguageModel(read(name).architecture(vocabulary: Vocabulary.count))
        }
        return try names.map { try ArchitectureFigures(read($0), control: control) }
    }

    // MARK: - Tables

    /// For people.
    static func table(_ figures: [ArchitectureFigures]) -> TextTable {
        func columns(_ title: String) -> [TextTable.Column] {
            contexts.map { TextTable.Column("\(title) \(lengthName($0))", .right) }
        }
        let breakEven = TextTable.Column("<= full from", .right)
        var titles: [TextTable.Column] = [.init("architecture"), .init("layers"), .init("parameters", .right)]
        titles += columns("f32 state")
        titles += columns("bf16")
        titles.append(breakEven)
        titles += columns("prefill FLOPs")
        titles.append(breakEven)
        titles += columns("decode FLOPs")
        titles.append(breakEven)
        var table = TextTable(titles)
        for own in figures {
            var row = [own.name, own.layers, Figure.grouped(own.parameters)]
            row += own.costs.map { Listing.bytes($0.stateBytes) }
            row += own.costs.map { Listing.bytes($0.stateBytes / 2) }
            row.append(lengthText(own.stateBreakEven))
            row += own.costs.map { operations($0.prefillFLOPs) }
            row.append(lengthText(own.prefillBreakEven))
            row += own.costs.map { operations($0.decodeFLOPs) }
            row.append(lengthText(own.decodeBreakEven))
            table.append(row)
        }
        return table
    }

    /// For programs.
    static func fields(_ figures: [ArchitectureFigures]) -> FieldTable {
        var columns = ["architecture", "layers", "parameters"]
        for quantity in ["state_bytes_float32", "state_bytes_bfloat16", "prefill_flops", "decode_flops"] {
            columns += contexts.map { "\(quantity)_\(lengthName($0).lowercased())" }
        }
        columns += ["state_break_even", "prefill_break_even", "decode_break_even", "description"]
        var table = FieldTable(columns: columns)
        for own in figures {
            var row: [Field] = [.text(own.name), .text(own.layers), .integer(own.parameters)]
            row += own.costs.map { Field.number($0.stateBytes) }
            row += own.costs.map { Field.number($0.stateBytes / 2) }
            row += own.costs.map { Field.number($0.prefillFLOPs) }
            row += own.costs.map { Field.number($0.decodeFLOPs) }
            row += [own.stateBreakEven, own.prefillBreakEven, own.decodeBreakEven].map { Field.optional($0) }
            row.append(.text(own.description))
            table.rows.append(row)
        }
        return table
    }

    /// `1k`, `32k`, `1M`.
    private static func lengthName(_ context: Int) -> String {
        context >= 1 << 20 ? "\(context >> 20)M" : "\(context >> 10)k"
    }

    /// A break-even length: from the first token on, from some length on, or never.
    private static func lengthText(_ context: Int?) -> String { context.map(Figure.grouped) ?? "never" }

    /// Operations with a unit.
    private static func operations(_ count: Double) -> String {
        count >= 1e9 ? String(format: "%.2f G", count / 1e9) : String(format: "%.2f M", count / 1e6)
    }
}

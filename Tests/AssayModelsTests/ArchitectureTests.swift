import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

/// Ways to spoil an architecture, and a word that the error must have.
private let mistakes: [(String, @Sendable (inout Architecture) -> Void)] = [
    ("width", { (a: inout Architecture) in a.width = 0 }), ("heads", { (a: inout Architecture) in a.heads = 0 }),
    ("keyValueHeads", { (a: inout Architecture) in a.keyValueHeads = 3 }),
    ("headDimension", { (a: inout Architecture) in a.headDimension = -1 }),
    ("hiddenWidth", { (a: inout Architecture) in a.hiddenWidth = 0 }),
    ("vocabularyCount", { (a: inout Architecture) in a.vocabularyCount = 1 }),
    ("shortConvolution", { (a: inout Architecture) in a.shortConvolution = 9 }),
    ("layers", { (a: inout Architecture) in a.layers = [] }),
    ("normEpsilon", { (a: inout Architecture) in a.normEpsilon = 0 }),
    ("rotaryBase", { (a: inout Architecture) in a.rotaryBase = .nan }),
    ("initialDeviation", { (a: inout Architecture) in a.initialDeviation = -0.1 }),
    ("slidingwindow", { (a: inout Architecture) in a.layers[1].mixer = "slidingwindow" }),
    ("Did you mean", { (a: inout Architecture) in a.layers[0].mixer = "ful" }),
    (
        "windw",
        { (a: inout Architecture) in a.layers[1] = LayerConfiguration(mixer: "sliding-window", options: ["windw": 3]) }
    ),
    ("window", { (a: inout Architecture) in a.layers[1] = LayerConfiguration(mixer: "full", options: ["window": 3]) }),
    (
        "window",
        { (a: inout Architecture) in a.layers[1] = LayerConfiguration(mixer: "sliding-window", options: ["window": 0]) }
    ),
    (
        "window",
        { (a: inout Architecture) in a.layers[1] = LayerConfiguration(mixer: "sliding-window", options: ["window": 2.5])
        }
    ),
    ("rotary-fraction", { (a: inout Architecture) in a.layers[0].options = ["rotary-fraction": 1.5] }),
    ("rotary-fraction", { (a: inout Architecture) in a.headDimension = 5 }),
    ("query-key-norm", { (a: inout Architecture) in a.layers[0].options = ["query-key-norm": "some"] }),
    ("layers[1]", { (a: inout Architecture) in a.layers[1].options = ["query-key-norm": true] }),
]

@Suite struct ArchitectureTests {
    @Test("patterns expand to one mixer name a layer")
    func patterns() throws {
        let cases: [(String, [String])] = [
            ("full", ["full"]),
            ("full x4", ["full", "full", "full", "full"]),
            ("[gated-delta-net x3, full] x1", ["gated-delta-net", "gated-delta-net", "gated-delta-net", "full"]),
            ("[a, [b x2, c]x2]x2,d", ["a", "b", "b", "c", "b", "b", "c", "a", "b", "b", "c", "b", "b", "c", "d"]),
            ("  lightning   x2 ,full ", ["lightning", "lightning", "full"]),
        ]
        for (text, names) in cases { #expect(try ArchitecturePattern.parse(text) == names) }
    }

    @Test(
        "malformed patterns are refused with the place of the mistake",
        arguments: [
            ("", 1), ("full,", 6), ("[full", 6), ("full]", 5), ("full x0", 6), ("full x", 6), ("full x999", 6),
            ("[full x200] x2", 13), ("full x99999999999999999999", 6), ("full full", 6), ("[]", 2), ("a, ,b", 4),
            ("voll! x2", 5), ("[[a x20] x20] x20", 10),
        ])
    func malformedPatterns(_ text: String, _ character: Int) throws {
        let error = #expect(throws: AssayError.self) { try ArchitecturePattern.parse(text) }
        #expect(error?.problem.hasSuffix("at character \(character)") == true, "\(error?.problem ?? "")")
        #expect(error?.exitStatus == 65)
    }

    @Test("an architecture survives JSON, and equal ones hash alike")
    func coding() throws {
        let architecture = ModelChecks.tiny("sliding-window", options: ["window": 4, "query-key-norm": "head"])
        let text = try CanonicalJSON.text(architecture)
        let back = try CanonicalJSON.value(Architecture.self, from: text)
        #expect(back == architecture)
        #expect(try CanonicalJSON.text(back) == text)
        var options: [String: MixerOption] = ["a": true, "b": 1, "c": 0.5, "d": "x"]
        options = try CanonicalJSON.value(from: CanonicalJSON.text(options))
        #expect(options == ["a": .boolean(true), "b": .number(1), "c": .number(0.5), "d": .text("x")])
    }

    @Test(
        "what cannot be built is refused, naming the field",
        arguments: mistakes.indices)
    func refusals(_ index: Int) throws {
        let (word, change) = mistakes[index]
        var architecture = ModelChecks.tiny("full")
        _ = try LanguageModel(architecture)
        change(&architecture)
        let error = #expect(throws: AssayError.self) { try LanguageModel(architecture) }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
        #expect(error?.kind == .badInput)
    }

    @Test("every registered mixer has a name and options of its own, and builds with its defaults")
    func registry() throws {
        #expect(Set(MixerRegistry.names).count == MixerRegistry.names.count)
        for type in MixerRegistry.types {
            #expect(Set(type.optionNames).count == type.optionNames.count)
            _ = try LanguageModel(ModelChecks.tiny(type.name))
        }
    }
}

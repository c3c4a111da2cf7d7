import AssayCore
import AssayTensor

/// A mixer that adds nothing and keeps no state, in the place of one whose weights stay where they are.
struct DroppedMixer: Mixer {
    static let name = "dropped"
    static let optionNames: [String] = []

    private let dropped: any Mixer
    private let width: Int

    init(_ mixer: any Mixer, width: Int) {
        dropped = mixer
        self.width = width
    }

    /// It stands for another, which no architecture file can say.
    init(_ request: MixerRequest) throws {
        throw request.failure("mixer", "cannot be \(Self.name)", remedy: "Evaluate under a condition with 'drop='")
    }

    func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        dropped.declareParameters(prefix: prefix, in: &layout)
    }

    func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        tape.constant([Float](repeating: 0, count: x.count), x.shape)
    }

    func stateLayout(capacity: Int) -> StateLayout { StateLayout() }

    func step(_ call: MixerStep) { call.output.update(repeating: 0, count: call.batch * width) }

    func stepScratchCount(batch: Int, capacity: Int) -> Int { 0 }

    func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        [Double](repeating: 0, count: x.count)
    }

    func cost(context: Int) -> MixerCost { MixerCost(prefillFLOPs: 0, decodeFLOPs: 0, stateBytes: 0) }
}

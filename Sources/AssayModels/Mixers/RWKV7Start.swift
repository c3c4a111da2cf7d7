import Foundation

/// What the vectors of an RWKV-7 layer start as: functions of the channel and of the depth of the layer, as in RWKV-LM
/// and flash-linear-attention.
struct RWKV7Start: Sendable {
    let deviation: Float
    let outputDeviation: Float
    private let width: Int
    private let headDimension: Int
    private let headsWidth: Int
    /// 0 at the first layer, 1 at the last.
    private let depth: Double
    /// 1 at the first layer, almost 0 at the last.
    private let left: Double

    init(architecture: Architecture, layer: Int, headDimension: Int, heads: Int) {
        deviation = Float(architecture.initialDeviation)
        outputDeviation = Float(architecture.outputDeviation)
        width = architecture.width
        self.headDimension = headDimension
        headsWidth = heads * headDimension
        depth = Double(layer) / Double(max(architecture.layers.count - 1, 1))
        left = 1 - Double(layer) / Double(architecture.layers.count)
        normWeight = Float(pow(Double(layer + 1) / Double(architecture.layers.count), 0.7))
    }

    /// Of the norm of the heads.
    let normWeight: Float

    /// A token shift, `[width]`.
    func shift(_ name: String) -> [Float] {
        let exponents = ["r": 0.2, "w": 0.9, "k": 0.7, "v": 0.7, "a": 0.9, "g": 0.2]
        return shift(exponent: (exponents[name] ?? 1) * left)
    }

    /// The token shift of the channel mix.
    var channelShift: [Float] { shift(exponent: pow(left, 4)) }

    private func shift(exponent: Double) -> [Float] {
        (0..<width).map { Float(1 - pow(Double($0) / Double(width), exponent)) }
    }

    /// From -1/2 to 1/2 over the channels.
    private func ramp(_ channel: Int) -> Double {
        Double(channel) / Double(max(headsWidth - 1, 1)) - 0.5
    }

    /// From -1 to 1 over the channels of a head, flat in the middle.
    private func zigzag(_ channel: Int) -> Double {
        let half = max(Double(headDimension - 1) / 2, 0.5)
        let z = (Double(channel % headDimension) - Double(headDimension - 1) / 2) / half
        return z * abs(z)
    }

    /// The bias of a low-rank map, `[heads * headDimension]`.
    func bias(_ map: String) -> [Float] {
        (0..<headsWidth).map { channel in
            switch map {
            case "w":
                let slow = -6 + 6 * pow(ramp(channel) + 0.5, 1 + pow(depth, 0.3))
                return Float(slow + 0.5 + 2.5 * zigzag(channel))
            case "a": return Float(-0.19 + 0.3 * zigzag(channel) + 0.4 * ramp(channel))
            default: return Float(0.73 - 0.4 * ramp(channel))
            }
        }
    }

    /// The vector of the keys that are taken away.
    var removal: [Float] { (0..<headsWidth).map { Float(0.71 - 0.1 * ramp($0)) } }
}

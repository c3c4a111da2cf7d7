/// One measured figure, as `results/bench.json` holds it: every key is always there, null where it does not apply.
struct BenchmarkRow: Encodable {
    /// What was measured, such as `train-full`.
    var `case`: String
    /// Width of the model's residual stream.
    var width: Int?
    /// Tokens of a sequence.
    var length: Int?
    /// Threads of either side.
    var threads: Int?
    /// Assay's figure.
    var ours: Double
    /// PyTorch's figure, measured in turns with ours.
    var peer: Double?
    /// Ours over the peer's.
    var ratio: Double? { peer.map { ours / $0 } }
    /// Useful operations a second over what the cores could do in registers.
    var shareOfPeak: Double?
    /// What `ours` and `peer` count.
    var unit: String
    /// What else a reader of the table should know; not in the file.
    var note = ""

    enum CodingKeys: String, CodingKey {
        case `case`, width, length, threads, ours, peer, ratio, shareOfPeak, unit
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(`case`, forKey: .case)
        try container.encode(width, forKey: .width)
        try container.encode(length, forKey: .length)
        try container.encode(threads, forKey: .threads)
        try container.encode(ours, forKey: .ours)
        try container.encode(peer, forKey: .peer)
        try container.encode(ratio, forKey: .ratio)
        try container.encode(shareOfPeak, forKey: .shareOfPeak)
        try container.encode(unit, forKey: .unit)
    }
}

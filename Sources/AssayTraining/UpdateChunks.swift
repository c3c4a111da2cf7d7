import AssayTensor

/// The parameters cut into pieces of bounded size, each wholly with or without weight decay.
///
/// The pieces depend on the layout alone, so sums over them have one order for any number of workers.
struct UpdateChunks {
    /// Neighbouring floats that are updated alike; padding between parameters is zero and stays so.
    struct Segment: Equatable {
        var offset: Int
        var count: Int
        var decays: Bool
    }

    /// Segments in order of offset.
    let segments: [Segment]
    /// What a worker takes at a time: ranges of ``segments``.
    let items: [Range<Int>]

    private static let segmentLimit = 16_384
    private static let itemFloats = 32_768

    init(_ layout: ParameterLayout) {
        var merged: [Segment] = []
        let specifications = layout.specifications
        for (index, specification) in specifications.enumerated() {
            let end = index + 1 < specifications.count ? specifications[index + 1].offset : layout.count
            let count = end - specification.offset
            if let last = merged.last, last.decays == specification.decays {
                merged[merged.count - 1].count += count
            } else {
                merged.append(Segment(offset: specification.offset, count: count, decays: specification.decays))
            }
        }
        segments = merged.flatMap { segment in
            stride(from: 0, to: segment.count, by: UpdateChunks.segmentLimit).map { start in
                Segment(
                    offset: segment.offset + start, count: min(UpdateChunks.segmentLimit, segment.count - start),
                    decays: segment.decays)
            }
        }
        var items: [Range<Int>] = []
        var start = 0
        var floats = 0
        for (index, segment) in segments.enumerated() {
            floats += segment.count
            if floats >= UpdateChunks.itemFloats || index == segments.count - 1 {
                items.append(start..<index + 1)
                start = index + 1
                floats = 0
            }
        }
        self.items = items
    }
}

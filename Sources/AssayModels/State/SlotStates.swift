import AssayCore
import AssayTensor
import CKernels

/// The decode states of all slots in one layer, with what is done to them besides stepping: rounding and saving.
struct SlotStates {
    /// What lies where in a state.
    let layout: StateLayout
    /// `[slots, layout.count]`.
    let block: FloatBlock

    /// The state of a slot.
    func pointer(slot: Int) -> UnsafeMutablePointer<Float> { block.pointer + slot * layout.count }

    // MARK: Rounding

    /// Brings into a format what the tokens at some positions wrote.
    func round(slot: Int, positions: Range<Int>, _ precision: StatePrecision) {
        guard let format = precision.format.kernelFormat else { return }
        let due: Range<Int>
        switch precision.rounding {
        case .atRestore: return
        case .everyStep: due = positions
        case .every(let steps):
            // What was written since the last multiple of the steps, once the next one is reached.
            due = positions.lowerBound / steps * steps..<positions.upperBound / steps * steps
        }
        guard !due.isEmpty else { return }
        for part in layout.parts {
            let state = pointer(slot: slot) + part.offset
            switch part.kind {
            case .recurrence, .history:
                ck_round_rows(format, part.count / part.rowCount, part.rowCount, state, part.rowCount)
            case .cache:
                let entries = part.shape[1]
                for position in due where part.holds(position, after: positions.upperBound) {
                    let entry = state + part.entryIndex(position: position) * part.rowCount
                    ck_round_rows(format, part.shape[0], part.rowCount, entry, entries * part.rowCount)
                }
            }
        }
    }

    // MARK: Bytes

    /// Bytes of a state after `position` tokens.
    func byteCount(position: Int, format: StateFormat) -> Int { layout.byteCount(position: position, format: format) }

    /// Writes what is in use of a slot's state.
    func encode(slot: Int, position: Int, format: StateFormat, into bytes: UnsafeMutablePointer<UInt8>) {
        var target = bytes
        forEachRun(slot: slot, position: position) { run, rows, width in
            if let kernelFormat = format.kernelFormat {
                ck_encode_rows(kernelFormat, rows, width, run, width, target)
            } else {
                UnsafeMutableRawPointer(target).copyMemory(from: run, byteCount: 4 * rows * width)
            }
            target += rows * format.byteCount(row: width)
        }
    }

    /// Reads back what ``encode(slot:position:format:into:)`` wrote.
    func decode(slot: Int, position: Int, format: StateFormat, from bytes: UnsafePointer<UInt8>) {
        var source = bytes
        forEachRun(slot: slot, position: position) { run, rows, width in
            if let kernelFormat = format.kernelFormat {
                ck_decode_rows(kernelFormat, rows, width, source, run, width)
            } else {
                UnsafeMutableRawPointer(run).copyMemory(from: source, byteCount: 4 * rows * width)
            }
            source += rows * format.byteCount(row: width)
        }
    }

    /// Gives the rows in use, in runs that lie together: where a run begins, its rows and their width.
    private func forEachRun(slot: Int, position: Int, _ body: (UnsafeMutablePointer<Float>, Int, Int) -> Void) {
        for part in layout.parts {
            for range in part.used(position: position) where !range.isEmpty {
                body(pointer(slot: slot) + range.lowerBound, range.count / part.rowCount, part.rowCount)
            }
        }
    }
}

extension StateLayout {
    /// Bytes of what is in use after `position` tokens when it is saved in a format, scales of rows included.
    public func byteCount(position: Int, format: StateFormat) -> Int {
        parts.reduce(0) { sum, part in
            let rows = part.used(position: position).reduce(0) { $0 + $1.count } / part.rowCount
            return sum + rows * format.byteCount(row: part.rowCount)
        }
    }
}

extension StateLayout.Part {
    /// Whether a cache holds an entry that a token wrote, after so many tokens. An entry that several tokens share is
    /// written with the last of them.
    func holds(_ position: Int, after count: Int) -> Bool {
        guard position < count, stride == 1 || (position + 1) % stride == 0 else { return false }
        return window == 0 || position < sinks || position >= count - window
    }
}

extension StateFormat {
    /// The kernels' number of the format; nil for float32, which needs no rounding.
    var kernelFormat: Int32? {
        switch self {
        case .float32: nil
        case .bfloat16: Int32(CK_FORMAT_BFLOAT16)
        case .float16: Int32(CK_FORMAT_FLOAT16)
        case .int8: Int32(CK_FORMAT_INT8)
        case .fp8: Int32(CK_FORMAT_FP8)
        case .int4: Int32(CK_FORMAT_INT4)
        }
    }
}

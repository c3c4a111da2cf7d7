import CKernels

extension Tape {
    /// Rows of a table: `[leading..., width]` for tokens in an array that the caller fills before each run.
    public func embedding(_ tokens: UnsafePointer<Int32>, shape: [Int], table: Tensor) -> Tensor {
        let output = tensor(shape + [table.width])
        record(EmbeddingOperation(tokens: tokens, table: table, output: output))
        return output
    }
}

private final class EmbeddingOperation: TapeOperation {
    let tokens: UnsafePointer<Int32>
    let table: Tensor
    let output: Tensor

    init(tokens: UnsafePointer<Int32>, table: Tensor, output: Tensor) {
        self.tokens = tokens
        self.table = table
        self.output = output
    }

    func forward() {
        let width = table.width
        let (values, rows) = (table.value, output.value)
        for row in 0..<output.rows {
            (rows + row * width).update(from: values + Int(tokens[row]) * width, count: width)
        }
    }

    func backward() {
        let width = table.width
        let rows = output.gradient
        if !table.claimGradient() { table.gradient.update(repeating: 0, count: table.count) }
        let gradient = table.gradient
        for row in 0..<output.rows {
            ck_axpy(width, 1, rows + row * width, gradient + Int(tokens[row]) * width)
        }
    }
}

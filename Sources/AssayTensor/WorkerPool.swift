import Foundation

/// Threads that live as long as the pool and share work by number.
///
/// A call meets once, at its end; between calls the threads sleep. The calling thread works too.
public final class WorkerPool: @unchecked Sendable {
    /// Workers, the calling thread included.
    public let workers: Int
    private let board = Board()

    /// A pool of at least one worker.
    public init(workers: Int) {
        precondition(workers > 0, "a pool needs a worker")
        self.workers = workers
        for worker in 1..<max(workers, 1) {
            // The thread holds the board, not the pool, so that the pool can end.
            let board = board
            let thread = Thread { board.serve(worker: worker) }
            thread.name = "assay worker \(worker)"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    deinit { board.close() }

    /// Calls `body(index, worker)` for every index below `count`, each once, and returns when all have returned.
    ///
    /// Which worker gets which index depends on the moment, so results must not: give every index a place of its own,
    /// and every worker scratch of its own. Calls from several threads, or from within `body`, are not allowed.
    public func run(_ count: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
        guard count > 0 else { return }
        if workers == 1 || count == 1 {
            for index in 0..<count { body(index, 0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            // A pointer, because a thread that held the closure a moment too long would make it escape.
            withUnsafePointer(to: body) { pointer in
                board.post(Board.Work(count: count, body: pointer))
                board.work(worker: 0)
                board.finish()
            }
        }
    }

    /// The result of `body(index, tool)` for every index below `count`, in order. A tool is what a call needs and two workers
    /// cannot share, such as a decoder: each worker that gets an index makes one, and keeps it until the end.
    public func map<Tool, Output>(
        _ count: Int, makingTool: () -> Tool, _ body: (_ index: Int, _ tool: Tool) -> Output
    ) -> [Output] {
        var tools = [Tool?](repeating: nil, count: workers)
        var results = [Output?](repeating: nil, count: count)
        tools.withUnsafeMutableBufferPointer { tools in
            results.withUnsafeMutableBufferPointer { results in
                run(count) { index, worker in
                    let tool = tools[worker] ?? makingTool()
                    tools[worker] = tool
                    results[index] = body(index, tool)
                }
            }
        }
        return results.map { $0! }
    }
}

/// What the threads of a pool look at, under one lock.
private final class Board: @unchecked Sendable {
    struct Work {
        let count: Int
        let body: UnsafePointer<(Int, Int) -> Void>
    }

    private let condition = NSCondition()
    private var work: Work?
    private var next = 0
    private var unfinished = 0
    private var isClosed = false

    /// Shows new work to all.
    func post(_ new: Work) {
        condition.lock()
        precondition(work == nil, "a worker pool runs one call at a time")
        work = new
        next = 0
        unfinished = new.count
        condition.broadcast()
        condition.unlock()
    }

    /// Takes indices until there are none left.
    func work(worker: Int) {
        condition.lock()
        while let current = work, next < current.count {
            let index = next
            next += 1
            condition.unlock()
            current.body.pointee(index, worker)
            condition.lock()
            unfinished -= 1
            if unfinished == 0 { condition.broadcast() }
        }
        condition.unlock()
    }

    /// Waits for the last index, then clears the board.
    func finish() {
        condition.lock()
        while unfinished > 0 { condition.wait() }
        work = nil
        condition.unlock()
    }

    /// The life of a thread.
    func serve(worker: Int) {
        while waitForWork() { work(worker: worker) }
    }

    private func waitForWork() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while !isClosed {
            if let work, next < work.count { return true }
            condition.wait()
        }
        return false
    }

    /// Ends the threads.
    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }
}

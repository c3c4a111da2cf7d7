import Foundation
import Testing

@testable import AssayTensor

@Suite struct WorkerPoolTests {
    @Test("every index runs once, on a known worker, for any number of workers", arguments: [1, 2, 5])
    func everyIndexOnce(_ workers: Int) {
        let pool = WorkerPool(workers: workers)
        for count in [0, 1, 2, 7, 1000] {
            let calls = UnsafeMutableBufferPointer<Int32>.allocate(capacity: max(count, 1))
            calls.initialize(repeating: 0)
            defer { calls.deallocate() }
            pool.run(count) { index, worker in
                calls[index] += 1
                if worker < 0 || worker >= workers { calls[index] += 100 }
            }
            #expect(calls.prefix(count).allSatisfy { $0 == 1 })
        }
    }

    @Test("a worker is in one call at a time, so that its scratch is its own")
    func workersAreAlone() {
        let pool = WorkerPool(workers: 4)
        let clashes = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 4)
        clashes.initialize(repeating: 0)
        defer { clashes.deallocate() }
        let busy = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 4)
        busy.initialize(repeating: 0)
        defer { busy.deallocate() }
        pool.run(200) { index, worker in
            if busy[worker] != 0 { clashes[worker] += 1 }
            busy[worker] = 1
            if index % 20 == 0 { usleep(200) }
            busy[worker] = 0
        }
        #expect(clashes.allSatisfy { $0 == 0 })
    }

    @Test("workers share the work when it takes time")
    func workIsShared() {
        let pool = WorkerPool(workers: 2)
        let seen = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 2)
        seen.initialize(repeating: 0)
        defer { seen.deallocate() }
        pool.run(20) { _, worker in
            seen[worker] += 1
            usleep(2000)
        }
        #expect(seen[0] > 0 && seen[1] > 0)
        #expect(seen[0] + seen[1] == 20)
    }

    @Test("results come in order, and a tool is made by a worker that works and by no other", arguments: [1, 2, 5])
    func toolsOfWorkers(_ workers: Int) {
        final class Tool { var uses = 0 }
        let pool = WorkerPool(workers: workers)
        let made = NSMutableArray()
        let lock = NSLock()
        let results = pool.map(100) {
            let tool = Tool()
            lock.withLock { made.add(tool) }
            return tool
        } _: { index, tool in
            tool.uses += 1
            usleep(100)
            return index * index
        }
        #expect(results == (0..<100).map { $0 * $0 })
        let tools = made.compactMap { $0 as? Tool }
        #expect((1...workers).contains(tools.count) && tools.allSatisfy { $0.uses > 0 })
        #expect(tools.reduce(0) { $0 + $1.uses } == 100)
        #expect(pool.map(0, makingTool: Tool.init) { index, _ in index }.isEmpty)
    }

    @Test("thousands of calls in a row neither hang nor lose results, and pools end")
    func manyCalls() {
        for _ in 0..<20 {
            let pool = WorkerPool(workers: 3)
            var total = 0
            for round in 0..<100 {
                var parts = [0, 0, 0, 0]
                parts.withUnsafeMutableBufferPointer { buffer in
                    let base = buffer.baseAddress
                    pool.run(4) { index, _ in base?[index] = round + index }
                }
                total += parts.reduce(0, +)
            }
            #expect(total == 4 * 4950 + 600)
        }
    }
}

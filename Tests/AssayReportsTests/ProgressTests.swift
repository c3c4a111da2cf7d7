import Testing

@testable import AssayReports

struct ProgressTests {
    /// A reporter whose clock and output are in the hands of the test.
    final class Bench {
        var time = 0.0
        var texts: [String] = []
        func reporter(isTerminal: Bool, columns: Int = 80) -> ProgressReporter {
            ProgressReporter(
                isTerminal: isTerminal, columns: { columns }, now: { self.time }, write: { self.texts.append($0) })
        }
    }

    @Test func `piped progress is plain lines, few of them, and the last one`() {
        let bench = Bench()
        let reporter = bench.reporter(isTerminal: false)
        for second in 0...100 {
            bench.time = Double(second)
            reporter.update(title: "train full", fraction: Double(second) / 100, detail: "loss 1.5")
        }
        reporter.update(title: "evaluate", fraction: 0)
        #expect(bench.texts.first == "train full  0%  loss 1.5\n")
        #expect(bench.texts.contains("train full  50%  loss 1.5  50 s left\n"))
        #expect(bench.texts.contains("train full  100%  loss 1.5\n"))
        #expect(bench.texts.last == "evaluate  0%\n")
        #expect(bench.texts.count == 12)
        #expect(bench.texts.allSatisfy { !$0.contains("\u{1B}") && !$0.contains("\r") })
    }

    @Test func `a terminal has one line that never wraps and is taken away at the end`() {
        let bench = Bench()
        let reporter = bench.reporter(isTerminal: true, columns: 50)
        for tick in 0...1000 {
            bench.time = Double(tick) / 100
            reporter.update(
                title: "train gated-delta-net-hybrid, seed 1", fraction: Double(tick) / 1000, detail: "漢字",
                secondsLeft: 12)
        }
        #expect(bench.texts.count <= 102)
        for text in bench.texts {
            #expect(text.hasPrefix("\r") && text.hasSuffix("\u{1B}[K") && !text.contains("\n"))
            #expect(TextWidth.columns(String(text.dropFirst().dropLast(3))) < 50)
        }
        reporter.note("arm swa was given up")
        reporter.finish()
        #expect(bench.texts.suffix(2) == ["\r\u{1B}[K", "arm swa was given up\n"])
    }

    @Test func `time left follows the pace since this run began, not since the work was begun`() {
        let bench = Bench()
        let reporter = bench.reporter(isTerminal: false)
        reporter.update(title: "train", fraction: 0.5)
        bench.time = 20
        reporter.update(title: "train", fraction: 0.75)
        #expect(bench.texts.last == "train  75%  20 s left\n")
    }

    @Test func `fractions out of range and NaN draw something sane`() {
        let bench = Bench()
        let reporter = bench.reporter(isTerminal: false)
        reporter.update(title: "a", fraction: .nan)
        reporter.update(title: "b", fraction: -1)
        reporter.update(title: "c", fraction: 7)
        #expect(bench.texts == ["a  0%\n", "b  0%\n", "c  100%\n"])
    }
}

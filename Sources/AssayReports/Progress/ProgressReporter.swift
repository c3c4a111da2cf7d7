import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tells a person how far the work is: one line that is written over on a terminal, now and then a plain line
/// elsewhere.
public final class ProgressReporter {
    /// Seconds between two drawings on a terminal.
    static let terminalInterval = 0.1
    /// Seconds between two lines elsewhere.
    static let plainInterval = 10.0

    private let isTerminal: Bool
    private let columns: () -> Int
    private let now: () -> Double
    private let write: (String) -> Void
    private var title = ""
    private var started = 0.0
    private var firstFraction = 0.0
    private var lastDrawn = -Double.infinity
    private var isDrawn = false

    /// Reports on standard error.
    public convenience init() {
        let clock = ContinuousClock()
        let start = clock.now
        self.init(
            isTerminal: Terminal.isTerminal(STDERR_FILENO), columns: { Terminal.columns(STDERR_FILENO) },
            now: { (clock.now - start) / .seconds(1) },
            write: { try? FileHandle.standardError.write(contentsOf: Data($0.utf8)) })
    }

    init(
        isTerminal: Bool, columns: @escaping () -> Int, now: @escaping () -> Double, write: @escaping (String) -> Void
    ) {
        self.isTerminal = isTerminal
        self.columns = columns
        self.now = now
        self.write = write
    }

    /// Tells how far something is; most calls draw nothing, so it may be called often.
    /// - Parameters:
    ///   - title: what is worked on; another title begins another piece of work.
    ///   - fraction: the share that is done, 0 ... 1.
    ///   - detail: a few figures.
    ///   - secondsLeft: the time that is left; estimated from the pace so far when nil.
    public func update(title: String, fraction: Double, detail: String = "", secondsLeft: Double? = nil) {
        let time = now()
        let isNew = title != self.title
        if isNew {
            self.title = title
            started = time
            firstFraction = fraction
        }
        let interval = isTerminal ? ProgressReporter.terminalInterval : ProgressReporter.plainInterval
        guard isNew || fraction >= 1 || time - lastDrawn >= interval else { return }
        lastDrawn = time
        let share = max(0, min(1, fraction.isFinite ? fraction : 0))
        let left = secondsLeft ?? pace(share, time)
        draw(share, [detail, left.map { share < 1 ? "\(Figure.duration($0)) left" : "" } ?? ""])
    }

    /// Writes a line that stays, above the bar.
    public func note(_ line: String) {
        clear()
        write(line + "\n")
        lastDrawn = -.infinity
    }

    /// Takes the bar away.
    public func finish() {
        clear()
        title = ""
    }

    private func pace(_ fraction: Double, _ time: Double) -> Double? {
        let done = fraction - firstFraction
        guard done > 0.01, time - started > 1 else { return nil }
        return (time - started) / done * (1 - fraction)
    }

    private func draw(_ fraction: Double, _ parts: [String]) {
        let percent = "\(Int((fraction * 100).rounded(.down)))%"
        let tail = parts.filter { !$0.isEmpty }.joined(separator: "  ")
        guard isTerminal else {
            write("\(title)  \(percent)" + (tail.isEmpty ? "" : "  \(tail)") + "\n")
            return
        }
        let width = 24
        let filled = Int((fraction * Double(width)).rounded(.down))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let line = "\(bar) \(percent.count < 4 ? String(repeating: " ", count: 4 - percent.count) : "")\(percent)  "
        write("\r" + ProgressReporter.cut(line + title + (tail.isEmpty ? "" : "  " + tail), columns() - 1) + "\u{1B}[K")
        isDrawn = true
    }

    private func clear() {
        if isDrawn { write("\r\u{1B}[K") }
        isDrawn = false
    }

    /// A line that would wrap could not be written over.
    private static func cut(_ text: String, _ columns: Int) -> String {
        guard TextWidth.columns(text) > columns else { return text }
        var cut = text
        while !cut.isEmpty, TextWidth.columns(cut) > columns - 1 { cut.removeLast() }
        return cut + "…"
    }
}

/// The terminal that the process may be attached to.
public enum Terminal {
    /// Whether a file descriptor is a terminal that understands control sequences.
    public static func isTerminal(_ descriptor: Int32) -> Bool {
        isatty(descriptor) != 0 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Whether standard output is one.
    public static var outputIsTerminal: Bool { isTerminal(STDOUT_FILENO) }

    /// Its columns; 80 when it does not say.
    static func columns(_ descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

import Foundation

/// Time that the calling thread has spent computing. Decoding is the work of one thread, so this is its time on an idle
/// machine even when others compute on it, as far as they do not take its caches and memory bandwidth away.
public enum ThreadClock {
    /// Seconds since some moment.
    public static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Seconds that a body takes.
    static func measure(_ body: () -> Void) -> Double {
        let start = seconds()
        body()
        return seconds() - start
    }
}

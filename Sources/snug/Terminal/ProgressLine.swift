// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline

/// The line that shows how far a run is: state and text, no clock and no terminal.
struct ProgressLine: Sendable, Equatable {
    private let total: Int
    private let totalBytes: Int
    private var done = 0
    /// Bytes of the inputs that are done with, whatever became of them: what the time left goes by.
    private var doneBytes = 0
    private var bytesIn = 0
    private var bytesOut = 0
    private var failed = 0
    private var lastDrawn: Duration?

    /// At most ten a second: more flickers, and costs on a slow connection.
    static let minimumInterval = Duration.milliseconds(100)

    /// A line for so many inputs with so many bytes in all.
    init(total: Int, totalBytes: Int) {
        self.total = total
        self.totalBytes = totalBytes
    }

    /// Takes note of an input that is done with.
    /// - Parameter plannedBytes: What it counted for in the total.
    mutating func finished(_ record: FitRecord, plannedBytes: Int) {
        done += 1
        doneBytes += plannedBytes
        if record.status == .failed { failed += 1 }
        if let input = record.inputBytes, let output = record.outputBytes {
            bytesIn += input
            bytesOut += output
        }
    }

    /// True when the line may be drawn now; it then counts as drawn.
    mutating func shouldDraw(at elapsed: Duration) -> Bool {
        if let lastDrawn, elapsed - lastDrawn < Self.minimumInterval { return false }
        lastDrawn = elapsed
        return true
    }

    /// The line.
    ///
    /// The least important parts are left out first where the terminal is narrow.
    /// - Parameter columns: One less than the terminal has, so that the cursor never wraps.
    func text(columns: Int, elapsed: Duration) -> String {
        let count = "\(done)/\(total)"
        let bytes = "\(ByteCount(bytesIn)) → \(ByteCount(bytesOut))"
        let left = timeLeft(elapsed).map { "\(Self.clock($0)) left" }
        let failures = failed > 0 ? "\(failed) failed" : nil
        let speed = rate(elapsed).map { "\($0) images/s" }
        let choices: [[String?]] = [
            [count, bytes, speed, left, failures], [count, bytes, left, failures], [count, left, failures],
            [count, failures], [count],
        ]
        let texts = choices.map { $0.compactMap { $0 }.joined(separator: "  ") }
        guard let fitting = texts.first(where: { TerminalText.width(of: $0) <= columns }) else {
            return TerminalText.cut(count, to: columns)
        }
        let room = columns - TerminalText.width(of: fitting) - 3
        // Few widths, so that the bar does not twitch with every digit.
        guard let width = [30, 20, 10].first(where: { $0 <= room }) else { return fitting }
        return bar(width: width) + " " + fitting
    }

    private func bar(width: Int) -> String {
        let filled = total > 0 ? min(width, Int(Double(width) * fraction)) : width
        return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled) + "]"
    }

    /// By bytes where sizes are known: one large file takes longer than ten small ones.
    private var fraction: Double {
        if totalBytes > 0 { return min(1, Double(doneBytes) / Double(totalBytes)) }
        return total > 0 ? Double(done) / Double(total) : 1
    }

    private func rate(_ elapsed: Duration) -> String? {
        let seconds = elapsed / .seconds(1)
        guard done > 0, seconds >= 0.1 else { return nil }
        return FitRecord.short(Double(done) / seconds)
    }

    private func timeLeft(_ elapsed: Duration) -> Duration? {
        guard done > 0, fraction > 0, fraction < 1, elapsed >= .milliseconds(500) else { return nil }
        let seconds = elapsed / .seconds(1) * (1 - fraction) / fraction
        return seconds < 360_000 ? .seconds(seconds) : nil
    }

    private static func clock(_ duration: Duration) -> String {
        let seconds = Int(duration.components.seconds)
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
    }
}

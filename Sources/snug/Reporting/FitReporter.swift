// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Synchronization

/// Tells a person, and a script, how a run goes: lines, the progress line, JSON and the table at the end.
final class FitReporter: Sendable {
    /// What is told.
    struct Style: Sendable {
        var isQuiet = false
        var printsJSON = false
        /// One updating line on the terminal instead of a line for each file.
        var isLive = false
        var isPlan = false
        var paint = Paint(isOn: false)
        /// Columns where the terminal does not say.
        var fallbackColumns = 80
    }
    private struct State {
        var summary = FitSummary()
        var progress: ProgressLine?
        var isLineShown = false
    }

    private let style: Style
    private let output: OutputStream
    private let messages: OutputStream
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let state = Mutex(State())

    /// A reporter for one run, which begins now.
    init(style: Style, output: OutputStream = .standardOutput, messages: OutputStream = .standardError) {
        self.style = style
        self.output = output
        self.messages = messages
        start = clock.now
    }

    /// What the run has come to so far.
    var summary: FitSummary { state.withLock { $0.summary } }

    /// Whether nobody reads the results any more.
    var readerIsGone: Bool { style.printsJSON && output.readerIsGone }

    /// Says how much there is to do, once that is known.
    func begin(count: Int, bytes: Int) {
        guard style.isLive else { return }
        state.withLock { state in
            state.progress = ProgressLine(total: count, totalBytes: bytes)
            draw(&state)
        }
    }

    /// Reports one input that is done with.
    func finished(_ result: FitRecord, plannedBytes: Int = 0) {
        var record = result
        record.error = result.error?.namingOptions
        state.withLock { state in
            state.summary.add(record)
            state.progress?.finished(record, plannedBytes: plannedBytes)
            if style.printsJSON { output.writeLine(record.json.description) }
            if style.isLive {
                draw(&state)
            } else if style.isQuiet ? record.status == .failed : !style.printsJSON && record.status != .failed {
                messages.writeLine(record.line)
            }
        }
    }

    /// Says something about the run as a whole.
    func note(_ text: String) {
        guard !style.isQuiet else { return }
        state.withLock { state in
            erase(&state)
            messages.writeLine("snug: \(text)")
        }
    }

    /// Draws the progress line anew: time passes also while one large file is at work.
    func tick() {
        guard style.isLive else { return }
        state.withLock { draw(&$0) }
    }

    /// Clears the progress line and prints the table.
    func end(interrupted: Bool) {
        state.withLock { state in
            erase(&state)
            guard !style.isQuiet else { return }
            if interrupted { messages.writeLine("Interrupted. What is done is kept; the same command does the rest.") }
            let title = interrupted ? "done" : nil
            let text = state.summary.text(title: title, isPlan: style.isPlan, paint: style.paint)
            if !text.isEmpty { messages.write(text) }
            // The files' own lines were not shown, and these are the ones to know about.
            if style.isLive || style.printsJSON, !state.summary.warnings.isEmpty {
                messages.writeLine("\nWarnings:")
                for record in state.summary.warnings { messages.writeLine("  \(record.line)") }
            }
        }
    }

    private func draw(_ state: inout State) {
        let elapsed = clock.now - start
        guard var progress = state.progress, progress.shouldDraw(at: elapsed) else { return }
        state.progress = progress
        let columns = max((messages.columns ?? style.fallbackColumns) - 1, 1)
        state.isLineShown = true
        messages.write("\r\u{1B}[K" + progress.text(columns: columns, elapsed: elapsed))
    }

    private func erase(_ state: inout State) {
        guard state.isLineShown else { return }
        state.isLineShown = false
        messages.write("\r\u{1B}[K")
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import Synchronization

/// Reports a run to a person and to a script: lines, the progress line, JSON and the table at the end.
final class FitReporter: Sendable {
    /// The style of reporting.
    struct Style: Sendable {
        var isQuiet = false
        var printsJSON = false
        /// One updating line on the terminal instead of a line for each file.
        var isLive = false
        /// All records are kept, for a report.
        var keepsRecords = false
        /// Lines tell how the result was reached.
        var isVerbose = false
        var isPlan = false
        var paint = Paint(isOn: false)
        /// Columns where the terminal does not tell.
        var fallbackColumns = 80
    }
    private struct State {
        var report = FitReport()
        var progress: ProgressLine?
        var isLineShown = false
        /// Every record, where a report is to be written.
        var records: [FitRecord] = []
        /// The record of a run that has one.
        var only: FitRecord?
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

    /// Every record so far, where they are kept.
    var records: [FitRecord] { state.withLock { $0.records } }

    /// The report so far.
    var report: FitReport { state.withLock { $0.report } }

    /// Reports one step.
    /// - Throws: `CancellationError` when nobody reads the results any more.
    func handle(_ event: FitEvent) throws {
        switch event {
        case .notice(let text): note(text)
        case .began(let count, let bytes): begin(count: count, bytes: bytes)
        case .finished(let record, let plannedBytes): finished(record, plannedBytes: plannedBytes)
        case .interrupted(let record): if style.printsJSON { output.writeLine(record.jsonLine) }
        }
        if style.printsJSON, output.readerIsGone { throw CancellationError() }
    }

    private func begin(count: Int, bytes: Int) {
        if count == 0 { note("there are no images in the inputs") }
        guard style.isLive else { return }
        state.withLock { state in
            state.progress = ProgressLine(total: count, totalBytes: bytes)
            draw(&state)
        }
    }

    private func finished(_ result: FitRecord, plannedBytes: Int) {
        var record = result
        record.error = result.error?.namingOptions
        state.withLock { state in
            state.only = state.report.totals.isEmpty ? record : nil
            state.report.add(record)
            if style.keepsRecords { state.records.append(record) }
            state.progress?.finished(record, plannedBytes: plannedBytes)
            if style.printsJSON { output.writeLine(record.jsonLine) }
            if style.isLive {
                draw(&state)
            } else if style.isQuiet ? record.status == .failed : !style.printsJSON && record.status != .failed {
                messages.writeLine(style.isVerbose ? record.verboseLine : record.line)
            }
        }
    }

    private func note(_ text: String) {
        guard !style.isQuiet else { return }
        state.withLock { state in
            erase(&state)
            messages.writeLine("snug: \(text)")
        }
    }

    /// Draws the progress line again: time passes also while one large file is fitted.
    func tick() {
        guard style.isLive else { return }
        state.withLock { draw(&$0) }
    }

    /// Clears the progress line and prints the table.
    func end(interrupted: Bool) {
        state.withLock { state in
            erase(&state)
            guard !style.isQuiet else { return }
            if interrupted {
                messages.writeLine("Interrupted. Finished outputs are kept; run the same command again for the rest.")
            }
            // The one line of a run of one file says more than a table.
            if style.isLive, let only = state.only { messages.writeLine(only.line) }
            let title = interrupted ? "done" : nil
            let text = state.report.text(
                title: title, isPlan: style.isPlan, paint: style.paint, columns: messages.layoutColumns)
            if !text.isEmpty, !(style.isLive && state.only != nil) { messages.write(text) }
            // The lines of these files were not shown.
            let isShown = style.isLive && state.only != nil
            if style.isLive || style.printsJSON, !state.report.warnings.isEmpty, !isShown {
                messages.writeLine("\nWarnings:")
                for record in state.report.warnings { messages.writeLine("  \(record.line)") }
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

// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import Synchronization
import SystemPackage

/// Tells how generations go: a line that moves on a terminal, lines elsewhere, results as text or JSON.
final class GenerateReporter: Sendable {
    /// What is told.
    struct Style: Sendable {
        var isQuiet = false
        var printsJSON = false
        var isVerbose = false
        /// Several prompts: messages say which.
        var isBatch = false
    }

    /// How many ended how.
    struct Summary: Sendable {
        var done = 0
        /// Among those done: there before, not paid for now.
        var recovered = 0
        var failed = 0
        var pending = 0
        var held = 0
        var notBegun = 0
        /// Among those failed: could not be sent as they are.
        var invalid = 0
        var cost = 0.0

        var isAllDone: Bool { failed + pending + held + notBegun == 0 }
    }

    private struct State {
        var summary = Summary()
        var progress: GenerationProgress
        var titles: [String: String] = [:]
        var isShown = false
        var hasToldOfMoney = false
    }

    private let style: Style
    private let provider: String
    private let isLive: Bool
    private let start = ContinuousClock.now
    private let state: Mutex<State>
    private let output = OutputStream.standardOutput
    private let errors = OutputStream.standardError

    init(_ style: Style, provider: String, total: Int) {
        self.style = style
        self.provider = provider
        isLive = !style.isQuiet && OutputStream.standardError.isTerminal && !Terminal.isDumb
        state = Mutex(State(progress: GenerationProgress(total: total)))
    }

    var summary: Summary { state.withLock { $0.summary } }

    // MARK: On the way

    /// Says something about the run as a whole.
    func note(_ text: String) {
        guard !style.isQuiet else { return }
        state.withLock { state in
            erase(&state)
            errors.writeLine("snug: \(text)")
        }
    }

    func began(_ work: GenerationWork) {
        state.withLock { state in
            state.progress.began(work.name, at: .now - start)
            state.titles[work.name] = work.title
        }
    }

    func happened(_ event: GenerationEvent, to work: GenerationWork) {
        if case .downloading = event {
            // Comes on the network's thread, which must not wait for a terminal that stands still.
            _ = state.withLockIfAvailable { state in
                if let phase = event.phase { state.progress.moved(work.name, to: phase, at: .now - start) }
            }
            return
        }
        state.withLock { state in
            if let phase = event.phase { state.progress.moved(work.name, to: phase, at: .now - start) }
            guard style.isVerbose || !isLive && !style.isQuiet && event.isNotable else { return }
            erase(&state)
            errors.writeLine("\(work.prefix)\(event.sentence)")
        }
    }

    /// Draws the line anew: time passes also while nothing happens.
    func tick() {
        guard isLive else { return }
        state.withLock { state in
            let titles = state.titles
            let text = state.progress.text(elapsed: .now - start) { titles[$0] ?? "" }
            let columns = (errors.columns ?? Terminal.columnsByEnvironment ?? 80) - 1
            state.isShown = true
            errors.write("\r\u{1B}[K" + TerminalText.cut(text, to: max(1, columns)))
        }
    }

    /// Does something while the line moves.
    func ticking(_ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                while !Task.isCancelled {
                    do { try await Task.sleep(for: ProgressLine.minimumInterval) } catch { return }
                    tick()
                }
            }
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            group.cancelAll()
            for try await _ in group {}
            clear()
            try outcome.get()
        }
    }

    /// Takes the line away.
    func clear() { state.withLock { erase(&$0) } }

    private func erase(_ state: inout State) {
        if state.isShown { errors.write("\r\u{1B}[K") }
        state.isShown = false
    }

    // MARK: Ends

    func finished(_ work: GenerationWork, _ generation: Generation) {
        state.withLock { state in
            state.progress.ended(work.name, isDone: true)
            state.summary.done += 1
            if generation.isRecovered, generation.attempts.isEmpty {
                state.summary.recovered += 1
            } else {
                state.summary.cost += generation.cost ?? 0
            }
            erase(&state)
            if style.printsJSON {
                let outcome = GenerationOutcome(
                    prompt: work.request.prompt, line: work.line, provider: provider, status: .completed,
                    generation: generation)
                output.writeLine(outcome.json.description)
            } else {
                for line in Self.lines(of: generation) { output.writeLine(line) }
            }
        }
    }

    /// A line for each image; what was paid and waited for is told once.
    static func lines(of generation: Generation) -> [String] {
        generation.images.enumerated().map { index, image in
            var parts = [PrintableName.of(WorkingFolder.shown(image.path)), "\(image.size)"]
            parts.append(ByteCount(image.byteCount).description)
            if let model = generation.model { parts.append(PrintableName.escaped(model)) }
            guard index == generation.images.count - 1 else { return parts.joined(separator: "  ") }
            if generation.isRecovered {
                parts.append("there before")
            } else {
                if let cost = generation.cost { parts.append("cost \(Self.plain(cost))") }
                parts.append(generation.duration.words)
            }
            return parts.joined(separator: "  ")
        }
    }

    func ended(
        _ work: GenerationWork, _ status: GenerationOutcome.Status, _ error: GenerationError, left ids: [String]
    ) {
        state.withLock { state in
            state.progress.ended(work.name, isDone: false)
            count(status, in: &state.summary)
            if CommandFailure.isUsage(error) { state.summary.invalid += 1 }
            erase(&state)
            if style.printsJSON { printJSON(work, status, error) }
            // An account that is empty is empty for all.
            if error.code == .paymentRequired, style.isBatch {
                guard !state.hasToldOfMoney else { return }
                state.hasToldOfMoney = true
            }
            guard !style.printsJSON else { return }
            let title = style.isBatch ? "\(work.prefix)\(work.title): " : "snug: "
            errors.writeLine("\(title)\(PrintableName.escaped(error.message)) (\(error.code))")
            for image in error.delivered {
                errors.writeLine("  there: \(PrintableName.of(WorkingFolder.shown(image.path)))")
            }
            for line in Self.advice(status, ids) { errors.writeLine("  \(line)") }
        }
    }

    /// A signal came; what is left of it goes on with the same command.
    func interrupted(_ work: GenerationWork, _ status: GenerationOutcome.Status, left ids: [String]) {
        state.withLock { state in
            state.progress.ended(work.name, isDone: false)
            erase(&state)
            guard !ids.isEmpty else {
                state.summary.notBegun += 1
                if !style.isBatch, !style.printsJSON {
                    errors.writeLine("snug: interrupted, with nothing left on its way")
                }
                return
            }
            count(status, in: &state.summary)
            if style.printsJSON {
                var error = GenerationError(.outcomeUnknown, "interrupted before the image was here")
                error.isOutcomeUnknown = true
                error.journalKey = ids.first
                printJSON(work, status, error, isInterrupted: true)
            } else {
                errors.writeLine(style.isBatch ? "\(work.prefix)\(work.title): interrupted" : "snug: interrupted")
                for line in Self.advice(status, ids) { errors.writeLine("  \(line)") }
            }
        }
    }

    /// A line of a batch that was left out: because the account is empty, or a signal came.
    func notBegun(_ work: GenerationWork, _ error: GenerationError? = nil) {
        state.withLock { state in
            state.summary.notBegun += 1
            guard style.printsJSON, var error else { return }
            error.attempts = []
            error.jobID = nil
            error.journalKey = nil
            printJSON(work, .failed, error)
        }
    }

    private func count(_ status: GenerationOutcome.Status, in summary: inout Summary) {
        switch status {
        case .completed, .failed: summary.failed += 1
        case .pending: summary.pending += 1
        case .held: summary.held += 1
        }
    }

    private func printJSON(
        _ work: GenerationWork, _ status: GenerationOutcome.Status, _ error: GenerationError,
        isInterrupted: Bool = false
    ) {
        let outcome = GenerationOutcome(
            prompt: work.request.prompt, line: work.line, provider: provider, status: status, error: error,
            isInterrupted: isInterrupted)
        output.writeLine(outcome.json.description)
    }

    private static func advice(_ status: GenerationOutcome.Status, _ ids: [String]) -> [String] {
        switch status {
        case .completed, .failed: []
        case .pending: ["pending as \(ids.joined(separator: ", ")): the same command goes on with it"]
        case .held:
            ids.flatMap { id in
                [
                    "held as \(id): 'snug generate --retry \(id)' sends it again, which may be paid for a second time;",
                    "'snug generate --drop \(id)' forgets it",
                ]
            }
        }
    }

    /// Says how a batch went.
    func end(_ report: String, isInterrupted: Bool = false) {
        state.withLock { state in
            erase(&state)
            guard style.isBatch, !style.isQuiet else { return }
            if isInterrupted {
                errors.writeLine("Interrupted. What is done is kept; the same command does the rest.")
            }
            errors.writeLine(Self.words(state.summary))
            errors.write(report)
        }
    }

    static func words(_ summary: Summary) -> String {
        var parts = ["\(summary.done) done"]
        if summary.recovered > 0 { parts[0] += " (\(summary.recovered) before)" }
        for (count, what) in [
            (summary.failed, "failed"), (summary.pending, "pending"), (summary.held, "held"),
            (summary.notBegun, "not begun"),
        ] where count > 0 {
            parts.append("\(count) \(what)")
        }
        if summary.cost > 0 { parts.append("cost \(plain(summary.cost))") }
        return parts.joined(separator: ", ")
    }

    /// A number without more decimals than it has.
    static func plain(_ value: Double) -> String {
        let rounded = (value * 1_000_000).rounded() / 1_000_000
        if let whole = Int(exactly: rounded) { return String(whole) }
        return String(describing: rounded)
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import Synchronization
import SystemPackage

/// Reports generations: a progress line on a terminal, lines elsewhere, results as text or JSON.
final class GenerateReporter: Sendable {
    /// The style of reporting.
    struct Style: Sendable {
        var isQuiet = false
        var printsJSON = false
        var isVerbose = false
        /// Several prompts: messages name theirs.
        var isBatch = false
    }

    private struct State {
        var report = GenerationReport()
        var progress: GenerationProgress
        var titles: [String: String] = [:]
        var isShown = false
        var hasReportedEmptyAccount = false
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

    /// The report so far.
    var report: GenerationReport { state.withLock { $0.report } }

    /// Reports one step.
    func handle(_ event: GenerationRunEvent) {
        switch event {
        case .notice(let text): note(text)
        case .began(let work): began(work)
        case .progressed(let work, let event): progressed(work, event)
        case .ended(let outcome): ended(outcome)
        }
    }

    /// Reports a ledger that cannot be used as the error of each prompt, as JSON: nothing is sent that cannot be recorded.
    static func told<Result>(
        _ works: [GenerationWork], provider: String, json: Bool, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await body()
        } catch let error as LedgerError where json {
            let failure = GenerationError(.journalFailed, error.message, cause: error)
            for work in works {
                OutputStream.standardOutput.writeLine(GenerationOutcome(work, failure).jsonLine(provider: provider))
            }
            throw error
        }
    }

    // MARK: Progress

    /// Reports a remark about the run as a whole.
    func note(_ text: String) {
        guard !style.isQuiet else { return }
        state.withLock { state in
            erase(&state)
            errors.writeLine("snug: \(text)")
        }
    }

    private func began(_ work: GenerationWork) {
        state.withLock { state in
            state.progress.began(work.name, at: .now - start)
            state.titles[work.name] = work.request.title
        }
    }

    private func progressed(_ work: GenerationWork, _ event: GenerationEvent) {
        if case .downloading = event {
            // Called on the network's thread, which must not wait for a terminal that is stopped.
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

    /// Draws the progress line again: time passes also while nothing happens.
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

    /// Runs `body` while the progress line moves.
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

    /// Clears the progress line.
    func clear() { state.withLock { erase(&$0) } }

    private func erase(_ state: inout State) {
        if state.isShown { errors.write("\r\u{1B}[K") }
        state.isShown = false
    }

    // MARK: Ends

    private func ended(_ outcome: GenerationOutcome) {
        state.withLock { state in
            state.report.add(outcome)
            let work = outcome.work
            if outcome.wasStarted {
                state.progress.ended(work.name, isDone: [.completed, .incomplete].contains(outcome.status))
                erase(&state)
            }
            if style.printsJSON {
                // Work that a signal left out has no line: nothing became of it.
                guard outcome.wasStarted ? !outcome.isInterrupted || !outcome.openIDs.isEmpty : outcome.error != nil
                else { return }
                output.writeLine(outcome.namingOptions.jsonLine(provider: provider))
            } else if [.completed, .incomplete].contains(outcome.status) {
                for line in Self.lines(of: outcome.generation) { output.writeLine(line) }
            } else if outcome.wasStarted {
                report(outcome, &state)
            }
            if outcome.status == .incomplete { errors.writeLine(Self.incompleteness(of: outcome)) }
        }
    }

    private static func incompleteness(of outcome: GenerationOutcome) -> String {
        let (wanted, missing) = (outcome.work.request.count, outcome.generation.missingCount)
        return
            "\(outcome.work.prefix)\(wanted - missing) of \(wanted) images came; run the same command again to generate "
            + "the missing \(missing)"
    }

    /// A line for each image; cost and time are named once.
    static func lines(of generation: Generation) -> [String] {
        generation.images.enumerated().map { index, image in
            var parts = [PrintableName.of(WorkingFolder.shown(image.path)), "\(image.size)"]
            parts.append(ByteCount(image.byteCount).description)
            if let model = generation.model { parts.append(PrintableName.escaped(model)) }
            guard index == generation.images.count - 1 else { return parts.joined(separator: "  ") }
            if generation.isRecovered {
                // Without an attempt nothing was asked of the provider.
                parts.append(
                    generation.attempts.isEmpty ? "already there (--again generates another)" : "already there")
            } else {
                if let cost = generation.cost { parts.append("cost \(Self.plain(cost))") }
                parts.append(generation.duration.words)
            }
            return parts.joined(separator: "  ")
        }
    }

    private func report(_ outcome: GenerationOutcome, _ state: inout State) {
        let work = outcome.work
        if outcome.isInterrupted {
            guard !outcome.openIDs.isEmpty else {
                if !style.isBatch { errors.writeLine("snug: interrupted; nothing is pending") }
                return
            }
            errors.writeLine(style.isBatch ? "\(work.prefix)\(work.request.title): interrupted" : "snug: interrupted")
        } else if let error = outcome.error {
            // An account that is empty is empty for all.
            if error.code == .paymentRequired, style.isBatch {
                guard !state.hasReportedEmptyAccount else { return }
                state.hasReportedEmptyAccount = true
            }
            let title = style.isBatch ? "\(work.prefix)\(work.request.title): " : "snug: "
            let message = Remedy.generation(error.message)
            errors.writeLine("\(title)\(PrintableName.escaped(message)) (\(error.code))")
            if error.code == .rateLimited, let time = error.retryAt {
                // An account is parked for an hour at most.
                let end = CalendarTime.local(milliseconds: min(time, WallClock.seconds + 3600) * 1000)
                errors.writeLine(
                    "  nothing is sent until \(end); 'snug generate --unpark --provider \(provider)' lifts that")
            }
            for image in error.delivered {
                errors.writeLine("  delivered: \(PrintableName.of(WorkingFolder.shown(image.path)))")
            }
        }
        for line in Self.advice(outcome.status, outcome.openIDs) { errors.writeLine("  \(line)") }
    }

    private static func advice(_ status: GenerationOutcome.Status, _ ids: [String]) -> [String] {
        switch status {
        case .completed, .failed, .incomplete: []
        case .pending: ["pending as \(ids.joined(separator: ", ")): run the same command again to resume"]
        case .held:
            ids.flatMap { id in
                [
                    "held as \(id): 'snug generate --retry \(id)' submits it again, which may be paid for a second time;",
                    "'snug generate --drop \(id)' forgets it",
                ]
            }
        }
    }

    /// Reports the totals of a batch.
    func end(_ requests: String, isInterrupted: Bool = false) {
        state.withLock { state in
            erase(&state)
            guard style.isBatch, !style.isQuiet else { return }
            if isInterrupted {
                errors.writeLine("Interrupted. Finished images are kept; run the same command again for the rest.")
            }
            errors.writeLine(Self.words(state.report))
            errors.write(requests)
        }
    }

    static func words(_ report: GenerationReport) -> String {
        var parts = ["\(report.done) done"]
        if report.recovered > 0 { parts[0] += " (\(report.recovered) already there)" }
        for (count, what) in [
            (report.incomplete, "incomplete"), (report.failed, "failed"), (report.pending, "pending"),
            (report.held, "held"),
            (report.notStarted, "not started"),
        ] where count > 0 {
            parts.append("\(count) \(what)")
        }
        if report.cost > 0 { parts.append("cost \(plain(report.cost))") }
        return parts.joined(separator: ", ")
    }

    /// A number without more decimals than it has.
    static func plain(_ value: Double) -> String {
        let rounded = (value * 1_000_000).rounded() / 1_000_000
        if let whole = Int(exactly: rounded) { return String(whole) }
        return String(describing: rounded)
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugUpload
import Synchronization
import SystemPackage

/// Reports uploads: a progress line on a terminal, results as text or JSON.
final class UploadReporter: Sendable {
    /// The files under way, and the state of the progress line.
    private struct State {
        var files: [String: UploadProgress] = [:]
        /// Bytes that were already at the server when each file started.
        var firstBytes: [String: Int] = [:]
        /// Images that were fitted and are on their way.
        var fitted: [String: FitRecord] = [:]
        /// Bytes of finished files.
        var doneBytes = 0
        var lastDrawn: ContinuousClock.Instant?
        var isShown = false
        /// Interrupted files that may have arrived, and that have not.
        var openCount = 0
        var unfinishedCount = 0
    }

    private let start = ContinuousClock.now
    private let json: Bool
    private let isQuiet: Bool
    private let showsProgress: Bool
    private let state = Mutex(State())
    private let output = OutputStream.standardOutput
    private let errors = OutputStream.standardError

    init(json: Bool, isQuiet: Bool) {
        self.json = json
        self.isQuiet = isQuiet
        let showsProgress = !isQuiet && !json
        self.showsProgress = showsProgress && errors.isTerminal && !Terminal.isDumb
    }

    /// Reports one step.
    func handle(_ event: UploadEvent) {
        switch event {
        case .progressed(let file, let progress): moved(progress, of: PrintableName.of(file))
        case .fitted(let file, let record): state.withLock { $0.fitted[PrintableName.of(file)] = record }
        case .skipped(let file, let reason): skipped(file, reason)
        case .uploaded(let file, let receipt, let place): finished(file, receipt, keptAt: place)
        case .failed(let file, let error): failed(file, error, status: "failed")
        case .interrupted(let file, let error): interrupted(file, error)
        }
    }

    private func moved(_ progress: UploadProgress, of name: String) {
        guard showsProgress else { return }
        let now = ContinuousClock.now
        state.withLock { state in
            state.files[name] = progress
            if state.firstBytes[name] == nil { state.firstBytes[name] = progress.bytesSent }
            if let last = state.lastDrawn, now - last < ProgressLine.minimumInterval { return }
            state.lastDrawn = now
            state.isShown = true
            let whole = Self.sum(progress, state.files.lazy.filter { $0.key != name }.map(\.value))
            let title = state.files.count == 1 ? name : "\(state.files.count) files"
            let moved =
                state.doneBytes + state.files.reduce(0) { $0 + $1.value.bytesSent - (state.firstBytes[$1.key] ?? 0) }
            let text = Self.line(whole, name: title, bytesSinceStart: moved, elapsed: now - start)
            let columns = (errors.columns ?? Terminal.columnsByEnvironment ?? 80) - 1
            errors.write("\r\u{1B}[K" + TerminalText.cut(text, to: columns))
        }
    }

    /// Several uploads as one.
    private static func sum(_ first: UploadProgress, _ others: some Sequence<UploadProgress>) -> UploadProgress {
        var whole = first
        for progress in others {
            whole.bytesSent += progress.bytesSent
            whole.bytesTotal += progress.bytesTotal
            whole.chunkSize = max(whole.chunkSize, progress.chunkSize)
            whole.retries += progress.retries
            whole.note = whole.note ?? progress.note
        }
        return whole
    }

    /// The state of an upload, the most important first.
    static func line(_ progress: UploadProgress, name: String, bytesSinceStart: Int, elapsed: Duration) -> String {
        let percent = progress.bytesTotal > 0 ? progress.bytesSent * 100 / progress.bytesTotal : 100
        var parts = ["\(name)", "\(percent)%", "\(ByteCount(progress.bytesSent)) of \(ByteCount(progress.bytesTotal))"]
        let seconds = elapsed / .seconds(1)
        if seconds > 0.5, bytesSinceStart > 0 {
            let speed = Double(bytesSinceStart) / seconds
            parts.append("\(ByteCount(Int(speed)))/s")
            let left = Int(Double(progress.bytesTotal - progress.bytesSent) / speed)
            parts.append("\(left / 60):\(left % 60 < 10 ? "0" : "")\(left % 60) left")
        }
        parts.append("chunks of \(ByteCount(progress.chunkSize))")
        if progress.retries > 0 { parts.append("\(progress.retries) retries") }
        if let note = progress.note { parts.append(words(note)) }
        return parts.joined(separator: "  ")
    }

    private func finished(_ file: FilePath, _ receipt: UploadReceipt, keptAt path: FilePath?) {
        let name = PrintableName.of(file)
        let fit = state.withLock { $0.fitted.removeValue(forKey: name) }
        clearLine(after: name)
        guard json else {
            let sureness = receipt.confirmation == .unconfirmed ? " (sent, but the server did not confirm it)" : ""
            output.writeLine("\(name) → \(receipt.presignedURL ?? receipt.url)\(sureness)")
            if receipt.bytes == 0, !isQuiet { errors.writeLine("\(name): is empty (0 bytes)") }
            if let path, !isQuiet { errors.writeLine("\(name): receipt \(PrintableName.of(path))") }
            return
        }
        output.writeLine(UploadLine.json(file, "uploaded", receipt, path, error: nil, fit: fit).description)
    }

    /// Files that were sent before are counted at the end.
    private func skipped(_ file: FilePath, _ reason: UploadSkipReason) {
        guard json else { return }
        let (word, receipt): (String, UploadReceipt?) =
            switch reason {
            case .alreadyUploaded(let receipt): ("already_uploaded", receipt)
            case .notAnImage: ("not_an_image", nil)
            case .empty: ("empty", nil)
            case .symbolicLink: ("symbolic_link", nil)
            case .notARegularFile: ("not_a_regular_file", nil)
            }
        output.writeLine(UploadLine.json(file, "skipped", receipt, nil, error: nil, reason: word).description)
    }

    /// Counts what a run left out.
    func ended(_ report: UploadReport) {
        if isQuiet { return }
        if report.receipts.isEmpty, report.failures.isEmpty, report.skippedCount == 0 {
            errors.writeLine("snug: there are no files in the inputs")
        }
        guard !json, report.skippedCount > 0 else { return }
        errors.writeLine(
            "\(report.receipts.count) sent, \(report.failures.count) failed, \(report.skippedCount) skipped: sent before, or "
                + "no images (--again sends again)")
    }

    private func failed(_ file: FilePath, _ error: UploadError, status: String) {
        let name = PrintableName.of(file)
        state.withLock { _ = $0.fitted.removeValue(forKey: name) }
        clearLine(after: name)
        let advice = Self.advice(error)
        guard json else {
            let message = Self.message(error, after: name)
            return errors.writeLine("\(name): \(message)\(advice.isEmpty ? "" : " (\(advice))")")
        }
        var error = error
        error.message = Remedy.named(error.message, Remedy.requests)
        output.writeLine(
            UploadLine.json(
                file, status, nil, nil,
                error: (error.cause as? ImageError)?.withoutAdvice(about: .recovery).json ?? error.json(advice: advice)
            )
            .description)
    }

    /// The message without the path that it begins with, which is said already, and with what to do about the file.
    static func message(_ error: UploadError, after name: String) -> String {
        var text = Remedy.named(error.message, Remedy.requests)
        guard text.hasPrefix("/"), let path = text.firstRange(of: "\(name): ") else { return text }
        text.removeSubrange(..<path.upperBound)
        for reason in [Errno.noSuchFileOrDirectory, .permissionDenied] where text.hasSuffix("\(reason)") {
            return "\(text); \(reason == .permissionDenied ? "check its owner and permissions" : "check the path")"
        }
        return text
    }

    private static func advice(_ error: UploadError) -> String {
        if error.code == .outcomeUnknown { return "if it is not there, run the same command with --again" }
        switch error.resumption {
        case .resumable(0): return "run the same command again"
        case .resumable(let offset): return "run the same command again to resume after \(ByteCount(offset))"
        case .startOver: return "run the same command again to start over"
        case .none: return ""
        }
    }

    /// A file whose upload ended with the command.
    private func interrupted(_ file: FilePath, _ error: UploadError?) {
        state.withLock { state in
            if error?.code == .outcomeUnknown { state.openCount += 1 } else { state.unfinishedCount += 1 }
        }
        if error == nil, !json { return clearLine(after: PrintableName.of(file)) }
        let ending =
            error
            ?? UploadError(
                .interrupted, "the command was interrupted before the file was uploaded",
                resumption: .resumable(from: 0))
        failed(file, ending, status: "interrupted")
    }

    private static func words(_ note: UploadProgress.Note) -> String {
        switch note {
        case .resumed: "resumed"
        case .startedOverBecauseFileChanged: "started over: the file has changed"
        case .startedOverBecauseGone: "started over: the server no longer had it"
        case .startedOverBecauseExpired: "started over: the part at the server had expired"
        }
    }

    /// Ends the line as it is, and names the next step.
    func interrupted(resumes: Bool) {
        let (isShown, openCount, unfinishedCount) = state.withLock { ($0.isShown, $0.openCount, $0.unfinishedCount) }
        var text = "interrupted"
        if openCount > 0 {
            let files = openCount == 1 ? "a file" : "\(openCount) files"
            text += "; whether \(files) arrived is unknown: check the server, and send what is missing with --again"
        }
        if resumes, openCount == 0 || unfinishedCount > 0 {
            text += "; run the same command again to resume" + (openCount > 0 ? " the others" : "")
        }
        errors.writeLine((isShown ? "\n" : "") + text)
    }

    /// Clears the line, and removes a finished file from it.
    private func clearLine(after name: String) {
        let wasShown = state.withLock { state in
            if let progress = state.files.removeValue(forKey: name) {
                state.doneBytes += progress.bytesSent - (state.firstBytes[name] ?? 0)
            }
            defer { state.isShown = false }
            return state.isShown
        }
        if wasShown { errors.write("\r\u{1B}[K") }
    }
}

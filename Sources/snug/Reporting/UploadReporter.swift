// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugUpload
import Synchronization
import SystemPackage

/// Tells how uploads go: a line that moves on a terminal, results as text or JSON.
final class UploadReporter: Sendable {
    /// The files under way, and the line that tells of them.
    private struct State {
        var files: [String: UploadProgress] = [:]
        /// Bytes that were at the server already when each file began.
        var firstBytes: [String: Int] = [:]
        /// Bytes of the files that are done with.
        var doneBytes = 0
        var lastDrawn: ContinuousClock.Instant?
        var isShown = false
    }

    private let start = ContinuousClock.now
    private let json: Bool
    private let showsProgress: Bool
    private let state = Mutex(State())
    private let output = OutputStream.standardOutput
    private let errors = OutputStream.standardError

    init(json: Bool, showsProgress: Bool) {
        self.json = json
        self.showsProgress = showsProgress && errors.isTerminal && !Terminal.isDumb
    }

    func moved(_ progress: UploadProgress, of name: String) {
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

    /// What is known of an upload under way, the most important first.
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

    func finished(_ name: String, _ receipt: UploadReceipt, keptAt path: FilePath) {
        clearLine(after: name)
        guard json else {
            let sureness = receipt.confirmation == .unconfirmed ? " (sent, but the server did not confirm it)" : ""
            return output.writeLine("\(name) → \(receipt.presignedURL ?? receipt.url)\(sureness)")
        }
        output.writeLine(
            JSONText.object([
                .init("input", .string(name)), .init("status", .string("uploaded")), .init("url", .string(receipt.url)),
                .init("presigned_url", .optional(receipt.presignedURL)),
                .init("protocol", .string(receipt.uploadProtocol.rawValue)),
                .init("bytes", .integer(receipt.bytes)), .init("sha256", .optional(receipt.sha256)),
                .init("etag", .optional(receipt.etag)), .init("confirmation", .string(receipt.confirmation.rawValue)),
                .init("attempts", .integer(receipt.attempts)), .init("retries", .integer(receipt.retries)),
                .init("bytes_sent", .integer(receipt.bytesSent)), .init("seconds", .number(receipt.seconds)),
                .init("resumed", .boolean(receipt.resumed)), .init("answer", .optional(receipt.answer)),
                .init("receipt", .string(path.string)),
            ]).description)
    }

    func failed(_ name: String, _ error: UploadError) {
        clearLine(after: name)
        let advice: String
        switch error.resumption {
        case .resumable(let offset): advice = "give the same command again to go on after \(ByteCount(offset))"
        case .startOver: advice = "give the same command again to begin anew"
        case .none: advice = ""
        }
        guard json else {
            return errors.writeLine("\(name): \(error.message)\(advice.isEmpty ? "" : " (\(advice))")")
        }
        var details: [JSONText.Member] = [.init("status", .optional(error.status)), .init("advice", .string(advice))]
        if case .resumable(let offset) = error.resumption { details.append(.init("resumable_from", .integer(offset))) }
        output.writeLine(
            JSONText.object([
                .init("input", .string(name)), .init("status", .string("failed")),
                .init(
                    "error",
                    .object([
                        .init("code", .string(error.code.description)), .init("message", .string(error.message)),
                        .init("details", .object(details)),
                    ])),
            ]).description)
    }

    private static func words(_ note: UploadProgress.Note) -> String {
        switch note {
        case .resumed: "resumed"
        case .startedOverBecauseFileChanged: "begun anew: the file has changed"
        case .startedOverBecauseGone: "begun anew: the server had forgotten it"
        case .startedOverBecauseExpired: "begun anew: what the server had of it has expired"
        }
    }

    /// Ends the line as it is, and says how to go on.
    func interrupted() {
        let isShown = state.withLock { $0.isShown }
        errors.writeLine((isShown ? "\n" : "") + "interrupted; give the same command again to go on")
    }

    /// Takes the line away, and the file that is done with out of it.
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

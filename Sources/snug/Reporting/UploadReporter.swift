// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugUpload
import Synchronization
import SystemPackage

/// Tells how uploads go: a line that moves on a terminal, results as text or JSON.
final class UploadReporter: Sendable {
    private struct Rate {
        var name = ""
        var start = ContinuousClock.now
        var firstBytes = 0
        var lastDrawn: ContinuousClock.Instant?
        var isShown = false
    }

    private let json: Bool
    private let showsProgress: Bool
    private let rate = Mutex(Rate())
    private let output = OutputStream.standardOutput
    private let errors = OutputStream.standardError

    init(json: Bool, showsProgress: Bool) {
        self.json = json
        self.showsProgress = showsProgress && errors.isTerminal && !Terminal.isDumb
    }

    func moved(_ progress: UploadProgress, of name: String) {
        guard showsProgress else { return }
        let now = ContinuousClock.now
        rate.withLock { rate in
            if rate.name != name { rate = Rate(name: name, start: now, firstBytes: progress.bytesSent) }
            if let last = rate.lastDrawn, now - last < ProgressLine.minimumInterval { return }
            rate.lastDrawn = now
            rate.isShown = true
            let text = Self.line(
                progress, name: name, bytesSinceStart: progress.bytesSent - rate.firstBytes, elapsed: now - rate.start)
            let columns = (errors.columns ?? Terminal.columnsByEnvironment ?? 80) - 1
            errors.write("\r\u{1B}[K" + TerminalText.cut(text, to: columns))
        }
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
        clearLine()
        guard json else {
            let sureness = receipt.confirmation == .unconfirmed ? " (sent, but the server did not confirm it)" : ""
            return output.writeLine("\(name) → \(receipt.presignedURL ?? receipt.url)\(sureness)")
        }
        output.writeLine(
            JSONText.object([
                .init("input", .string(name)), .init("status", .string("uploaded")), .init("url", .string(receipt.url)),
                .init("presigned_url", .optional(receipt.presignedURL)),
                .init("protocol", .string(receipt.wire.rawValue)),
                .init("bytes", .integer(receipt.bytes)), .init("sha256", .optional(receipt.sha256)),
                .init("etag", .optional(receipt.etag)), .init("confirmation", .string(receipt.confirmation.rawValue)),
                .init("attempts", .integer(receipt.attempts)), .init("retries", .integer(receipt.retries)),
                .init("bytes_sent", .integer(receipt.bytesSent)), .init("seconds", .number(receipt.seconds)),
                .init("resumed", .boolean(receipt.resumed)), .init("answer", .optional(receipt.answer)),
                .init("receipt", .string(path.string)),
            ]).description)
    }

    func failed(_ name: String, _ error: UploadError) {
        clearLine()
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
        }
    }

    private func clearLine() {
        let wasShown = rate.withLock { rate in
            defer { rate.isShown = false }
            return rate.isShown
        }
        if wasShown { errors.write("\r\u{1B}[K") }
    }
}

// SPDX-License-Identifier: Apache-2.0
public import Logging
import SnugLedger
import SnugSystem

/// Logs the steps of a daemon: results and trouble at `info` and above, the rest at `debug`.
public struct DaemonLog: Sendable {
    private let logger: Logger

    /// Logs to a logger.
    public init(_ logger: Logger) { self.logger = logger }

    /// Logs a step.
    public func record(_ event: DaemonEvent) {
        let (level, message, more) = Self.entry(event.kind)
        guard level >= logger.logLevel else { return }
        var metadata: Logger.Metadata = [:]
        if let subject = event.subject {
            metadata = ["job": "\(subject.job)", "folder": "\(subject.folder)", "name": "\(subject.name)"]
        }
        for (name, value) in more { metadata[name] = value }
        logger.log(level: level, message, metadata: metadata)
    }

    private static func entry(
        _ kind: DaemonEvent.Kind
    ) -> (level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata) {
        switch kind {
        case .started: (.info, "daemon started", [:])
        case .settled(let isJoined): (.debug, "file taken", ["joined": "\(isJoined)"])
        case .began(let step): (.debug, "step began", ["step": "\(step.rawValue)"])
        case .fitted(let input, let output):
            (.debug, "image fitted", ["input_bytes": "\(input)", "output_bytes": "\(output)"])
        case .uploaded(let bytes): (.debug, "image uploaded", ["bytes": "\(bytes)"])
        case .submitted: (.info, "generation accepted", [:])
        case .completed(let images, let bytes):
            (.debug, "generation completed", ["images": "\(images)", "bytes": "\(bytes)"])
        case .delivered(let names, _):
            (.info, "result delivered", ["outputs": .array(names.map { "\(PrintableName.of($0))" })])
        case .failed(let reason, let report):
            (.error, "job failed", metadata(reason, "report", report.map { PrintableName.of($0) }))
        case .held(let reason): (.error, "job held for a person", metadata(reason))
        case .postponed(let reason, let until, let consumesAttempt):
            (consumesAttempt ? .warning : .info, "step is tried again", metadata(reason, "until", until.timestamp))
        case .parked(let account, let reason, let until):
            (
                .warning, "account waits for its provider",
                metadata(reason, "account", account, "until", until.timestamp)
            )
        case .paused(let reason): (.error, "work stands still", metadata(reason))
        case .resumed: (.notice, "work resumes", [:])
        case .notice(let text): (.notice, "remark", ["text": "\(text)"])
        case .draining: (.info, "daemon stops: what runs gets time to finish", [:])
        case .stopped: (.info, "daemon stopped", [:])
        }
    }

    /// A reason, and further names and values by turns.
    private static func metadata(_ reason: JobReason, _ more: String?...) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["code": "\(reason.code)", "reason": "\(reason.message)"]
        for index in stride(from: 0, to: more.count - 1, by: 2) {
            if let name = more[index], let value = more[index + 1] { metadata[name] = "\(value)" }
        }
        return metadata
    }
}

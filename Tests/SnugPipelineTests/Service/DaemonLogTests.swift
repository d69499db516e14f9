// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline

/// The lines that a daemon logs: constant messages, values as metadata, and the level that the event deserves.
@Suite struct DaemonLogTests {
    private struct Line: Sendable, Equatable {
        var level: Logger.Level
        var message: String
        var metadata: [String: String]
    }

    private struct Case: Sendable, CustomTestStringConvertible {
        var kind: DaemonEvent.Kind
        var line: Line
        var testDescription: String { line.message }

        init(_ kind: DaemonEvent.Kind, _ level: Logger.Level, _ message: String, _ metadata: [String: String] = [:]) {
            self.kind = kind
            line = Line(level: level, message: message, metadata: metadata)
        }
    }

    private static let reason = JobReason(code: "disk_full", message: "no space")
    /// 2027-01-15T08:00:00Z.
    private static let moment = LedgerInstant(milliseconds: 1_800_000_000_000)
    private static let time = "2027-01-15T08:00:00.000Z"

    private static let cases = [
        Case(.started, .info, "daemon started"),
        Case(.settled(isJoined: true), .debug, "file taken", ["joined": "true"]),
        Case(.began(.fit), .debug, "step began", ["step": "fit"]),
        Case(
            .fitted(inputBytes: 10, outputBytes: 7), .debug, "image fitted", ["input_bytes": "10", "output_bytes": "7"]),
        Case(.uploaded(bytes: 7), .debug, "image uploaded", ["bytes": "7"]),
        Case(.submitted, .info, "generation accepted"),
        Case(.completed(images: 2, bytes: 9), .debug, "generation completed", ["images": "2", "bytes": "9"]),
        Case(
            .delivered(["/out/a.jpg", "/out/b.jpg"], bytes: 9), .info, "result delivered",
            ["outputs": "[/out/a.jpg, /out/b.jpg]"]
        ),
        Case(
            .failed(reason, report: "/failed/a.jpg.error.json"), .error, "job failed",
            ["code": "disk_full", "reason": "no space", "report": "/failed/a.jpg.error.json"]),
        Case(.failed(reason, report: nil), .error, "job failed", ["code": "disk_full", "reason": "no space"]),
        Case(.held(reason), .error, "job held for a person", ["code": "disk_full", "reason": "no space"]),
        Case(
            .postponed(reason, until: moment, consumesAttempt: true), .warning, "step is tried again",
            ["code": "disk_full", "reason": "no space", "until": time]),
        Case(
            .postponed(reason, until: moment, consumesAttempt: false), .info, "step is tried again",
            ["code": "disk_full", "reason": "no space", "until": time]),
        Case(
            .parked(account: "main", reason, until: moment), .warning, "account waits for its provider",
            ["code": "disk_full", "reason": "no space", "account": "main", "until": time]),
        Case(.paused(reason), .error, "work stands still", ["code": "disk_full", "reason": "no space"]),
        Case(.resumed, .notice, "work resumes"),
        Case(.notice("polled"), .notice, "remark", ["text": "polled"]),
        Case(.draining, .info, "daemon stops: what runs gets time to finish"),
        Case(.stopped, .info, "daemon stopped"),
    ]

    private final class Recorder: Sendable {
        let lines = Mutex<[Line]>([])

        var logger: Logger {
            var logger = Logger(label: "test") { [self] _ in Handler(recorder: self) }
            logger.logLevel = .trace
            return logger
        }
    }

    private struct Handler: LogHandler {
        let recorder: Recorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = Line(
                level: event.level, message: event.message.description,
                metadata: (event.metadata ?? [:]).mapValues(Self.text))
            recorder.lines.withLock { $0.append(line) }
        }

        private static func text(_ value: Logger.MetadataValue) -> String {
            if case .array(let values) = value {
                "[" + values.map(text).joined(separator: ", ") + "]"
            } else {
                "\(value)"
            }
        }
    }

    @Test("Each step has its line", arguments: cases)
    private func line(expected: Case) {
        let recorder = Recorder()
        DaemonLog(recorder.logger).record(DaemonEvent(expected.kind))
        #expect(recorder.lines.withLock { $0 } == [expected.line])
    }

    @Test("A line about a job names it, its folder and its file")
    func subject() async throws {
        let recorder = Recorder()
        let ledger: any LedgerStore = InMemoryLedger()
        let new = NewJob(JobIdentity(contentHash: "a", pipeline: "fit"), name: "sub/a%0a.jpg", folder: "inbox")
        let job = try #require(try await ledger.enqueue([new]).first).job
        DaemonLog(recorder.logger).record(DaemonEvent(.began(.fit), DaemonEvent.Subject(job)))
        let line = try #require(recorder.lines.withLock { $0 }.first)
        #expect(
            line.metadata == ["job": job.id.description, "folder": "inbox", "name": "sub/a%0a.jpg", "step": "fit"])
    }
}

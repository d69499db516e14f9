// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugLedger
import SnugSystem

/// A message that a job has ended, as the ledger keeps it until its receiver has it.
struct WebhookMessage: Sendable, Hashable, Codable {
    /// Its name, the same for every attempt and in every process.
    var id: String
    /// The text that is sent; empty once the receiver has it.
    var body: String
    /// Attempts that failed.
    var attempts = 0
    /// When the next attempt is due, in milliseconds since 1970.
    var dueAt: Int
    /// True once the receiver has it: kept as long as a start may find its job, so that it is not sent again.
    private(set) var isSent = false

    /// The message of a job that has ended; `nil` for one that has not.
    init?(_ job: Job) {
        guard Self.states.contains(job.state) else { return nil }
        id = "msg_\(job.id)_\(job.since.milliseconds)"
        let value: JSONValue = [
            "type": .text("job.\(job.state.rawValue)"),
            "timestamp": .text(CalendarTime.utc(milliseconds: job.since.milliseconds)), "data": job.json,
        ]
        body = value.description
        dueAt = job.since.milliseconds
    }

    /// A record of the ledger; `nil` for one that is none.
    init?(payload: String) {
        guard let message = try? JSONDecoder().decode(Self.self, from: Data(payload.utf8)) else { return nil }
        self = message
    }

    /// When its job ended, in milliseconds since 1970.
    var endedAt: Int { id.split(separator: "_").last.flatMap { Int($0) } ?? 0 }

    /// True when it is to be sent.
    func isDue(at now: LedgerInstant) -> Bool { !isSent && dueAt <= now.milliseconds }

    /// Marks it as sent, and drops what is needed no longer.
    mutating func markSent() {
        isSent = true
        body = ""
    }

    var payload: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }

    /// The states that are told.
    static let states: Set<JobState> = [.delivered, .failed, .held]
}

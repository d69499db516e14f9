// SPDX-License-Identifier: Apache-2.0
import SnugLedger

/// The messages of the ledger by their names and times, so that a turn reads only those that are due.
struct WebhookSchedule: Sendable {
    /// When each message that is not sent is due, in milliseconds since 1970.
    private var unsent: [String: Int] = [:]
    /// When the job of each message that was sent ended.
    private var sent: [String: Int] = [:]

    /// Takes note of a message as the ledger has it.
    mutating func note(_ message: WebhookMessage) {
        if message.isSent {
            unsent[message.id] = nil
            sent[message.id] = message.endedAt
        } else {
            unsent[message.id] = message.dueAt
        }
    }

    /// True for a message that was noted, and not forgotten.
    func knows(_ id: String) -> Bool { unsent[id] != nil || sent[id] != nil }

    /// Forgets a message that the ledger has no longer.
    mutating func forget(_ id: String) {
        unsent[id] = nil
        sent[id] = nil
    }

    /// The messages that are due, the longest due first.
    func due(at now: LedgerInstant) -> [String] {
        unsent.filter { $0.value <= now.milliseconds }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    }

    /// The messages that were sent about jobs that ended before a time.
    func sent(before time: LedgerInstant) -> [String] {
        sent.filter { $0.value < time.milliseconds }.map(\.key)
    }

    /// The time until the next message is due, at most a minute.
    func delay(after now: LedgerInstant) -> Duration {
        guard let next = unsent.values.min() else { return .seconds(60) }
        return min(.seconds(60), .milliseconds(max(1, next - now.milliseconds)))
    }
}

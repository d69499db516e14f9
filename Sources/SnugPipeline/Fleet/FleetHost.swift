// SPDX-License-Identifier: Apache-2.0
public import SnugLedger
import SnugSystem

/// A process among those that share a ledger: a host with folders, or a worker.
public struct FleetHost: Sendable, Hashable {
    /// The command that it runs.
    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        case watch, serve, work
    }

    /// Its state.
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case running
        /// It takes no more work, and ends what it has.
        case draining
        /// It ended in order.
        case stopped
        /// It has not been seen for a while, and has not said that it ends.
        case lost
    }

    /// Its name among all processes of the ledger.
    public var id: String
    /// Its name for a person: the host's, or the machine's and a number.
    public var name: String
    /// The command that it runs.
    public var role: Role
    /// Its state.
    public var state: State
    /// The name under which it claims jobs.
    public var worker: String
    /// The work that it can do.
    public var work: FleetWork
    /// When it started, by the ledger's clock.
    public var since: LedgerInstant
    /// When it was last seen, by the ledger's clock.
    public var seenAt: LedgerInstant
    /// Jobs that it has claimed.
    public var jobs = 0

    /// True while it runs.
    public var isAlive: Bool { state == .running || state == .draining }

    /// `host web1` or `worker cpu1/1`.
    public var words: String {
        "\(role == .work ? "worker" : "host") \(name.isEmpty ? "without a name" : PrintableName.escaped(name))"
    }

    /// The process as JSON.
    package var json: JSONValue {
        [
            "id": .text(id), "name": .text(name), "role": .text(role.rawValue), "state": .text(state.rawValue),
            "since": .text(since.timestamp), "last_seen": .text(seenAt.timestamp), "jobs": .integer(jobs),
            "folders": .array(work.folders.sorted().map { .text($0) }),
            "accounts": .array(work.accounts.sorted().map { .text($0) }), "worker": .text(worker),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0
public import SnugLedger

/// The processes that share a ledger, at one moment.
public struct FleetHosts: Sendable, Hashable {
    /// Those that run first, by name.
    public var hosts: [FleetHost]
    /// The moment, by the ledger's clock.
    public var now: LedgerInstant
    /// False for the ledger of one machine, whose processes tell nobody of themselves.
    public var isFleet: Bool

    /// The time without a sign of life after which a process counts as lost.
    public static let patience = Duration.seconds(60)

    init(hosts: [FleetHost], now: LedgerInstant, isFleet: Bool = true) {
        self.hosts = hosts
        self.now = now
        self.isFleet = isFleet
    }

    /// Reads them.
    /// - Throws: What the ledger throws when it cannot be read.
    public init(from ledger: any LedgerStore) async throws {
        guard let ledger = ledger as? any SharedLedger else {
            self.init(hosts: [], now: .now, isFleet: false)
            return
        }
        let documents = try await ledger.documents(.hosts)
        let isFleet = !documents.isEmpty || ledger.place.hasPrefix("postgres")
        guard !documents.isEmpty else {
            self.init(hosts: [], now: .now, isFleet: isFleet)
            return
        }
        let (now, counts) = (try await ledger.time(), try await ledger.claimCounts())
        let hosts = documents.compactMap { document in
            FleetHost(document, now: now).map { host in
                var host = host
                host.jobs = counts[host.worker] ?? 0
                return host
            }
        }
        self.init(hosts: hosts.sorted(by: Self.precedes), now: now)
    }

    private static func precedes(_ left: FleetHost, _ right: FleetHost) -> Bool {
        if left.isAlive != right.isAlive { return left.isAlive }
        return (left.name, left.id) < (right.name, right.id)
    }

    /// A process by its ``FleetHost/id``.
    func host(_ id: String) -> FleetHost? { hosts.first { $0.id == id } }

    /// Counts of processes by role and state, zeros included.
    package var counts: [(role: FleetHost.Role, state: FleetHost.State, count: Int)] {
        FleetHost.Role.allCases.flatMap { role in
            FleetHost.State.allCases.map { state in
                (role, state, hosts.count { $0.role == role && $0.state == state })
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugLedger
import SnugSystem
import Synchronization
import SystemPackage

/// Tells the other processes of a fleet, every few seconds, that this one lives and what it can do.
final class HostBeat: Sendable {
    /// The name of this process among all of the ledger, and the one for people.
    struct Identity: Sendable, Hashable {
        var id: String
        var name: String
    }

    /// Notices of processes that are gone stay for a while, so that others tell since when.
    private static let memory = Duration.seconds(30 * 86_400)
    /// A worker that ended in order has nothing that anybody waits for.
    private static let shortMemory = Duration.seconds(86_400)

    let identity: Identity
    private let ledger: any SharedLedger
    private let interval: Duration
    private let setup: @Sendable () -> DaemonSetup
    private let hasStorage: Bool
    private let state: @Sendable () -> FleetHost.State
    private let logger: Logger
    private let since = Mutex<LedgerInstant?>(nil)

    init(
        _ identity: Identity, services: StageServices, ledger: any SharedLedger,
        setup: @escaping @Sendable () -> DaemonSetup, state: @escaping @Sendable () -> FleetHost.State
    ) {
        self.identity = identity
        self.ledger = ledger
        self.setup = setup
        self.state = state
        interval = services.leaseTime / 4
        hasStorage = services.storage != nil
        logger = services.logger
    }

    /// Tells it until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await tell(state())
            do { try await BriefSleep.sleep(for: interval) } catch { return }
        }
    }

    /// Tells it once. A ledger that cannot be reached is told later.
    func tell(_ state: FleetHost.State) async {
        let configuration = setup().configuration
        guard let reach = setup().reach(hasStorage: hasStorage) else { return }
        do {
            let now = try await ledger.time()
            let start = since.withLock { since in
                since = since ?? now
                return since ?? now
            }
            let role: FleetHost.Role =
                configuration.role.isWorker ? .work : configuration.takesSubmissions ? .serve : .watch
            let notice = HostNotice(
                name: identity.name, role: role, state: state, worker: ledger.workerID,
                work: FleetWork(steps: configuration.role.steps, reach: reach), since: start.milliseconds)
            let memory = state == .stopped && role == .work ? Self.shortMemory : Self.memory
            try await ledger.save(try notice.text(), as: .hosts, identity.id, expiresAt: now + memory)
        } catch {
            logger.debug("other hosts are not told of this one", metadata: ["reason": "\(error)"])
        }
    }
}

extension HostBeat.Identity {
    /// The identity of a daemon: a host's name, which no other has, or one that a worker keeps in its state directory. It
    /// blocks.
    /// - Returns: `nil` for a daemon that shares its ledger with nobody.
    static func of(_ configuration: WatchConfiguration) -> HostBeat.Identity? {
        switch configuration.role {
        case .alone: return nil
        case .host(let name): return HostBeat.Identity(id: "host:\(name)", name: name)
        case .worker:
            let file = configuration.stateDirectory.appending("worker-id")
            let known = try? FileDescriptor.contents(of: file, maximum: 1024)
            let lines = known.map { String(decoding: $0, as: UTF8.self).split(separator: "\n") } ?? []
            if lines.count == 2 { return HostBeat.Identity(id: String(lines[0]), name: String(lines[1])) }
            let place = configuration.stateDirectory.lastComponent?.string ?? "1"
            let name = "\(Machine.hostName ?? "worker")/\(place)"
            let digits = String(UInt64.random(in: .min ... .max), radix: 36)
            let identity = HostBeat.Identity(id: "work:\(name):\(digits)", name: name)
            // Where it cannot be kept, the next start has another one.
            try? FilePublisher.replace(file, with: Array("\(identity.id)\n\(name)\n".utf8))
            return identity
        }
    }
}

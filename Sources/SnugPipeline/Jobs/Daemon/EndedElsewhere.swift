// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugLedger
import SnugSystem
import Synchronization

/// Puts away the files of this host whose jobs failed or were cancelled on another one.
final class EndedElsewhere: Sendable {
    private struct State {
        var next: LedgerInstant?
        /// Jobs that were put away, by the moment of their end.
        var known: [JobID: LedgerInstant] = [:]
    }

    private static let interval = Duration.seconds(2)

    private let services: StageServices
    private let board: JobBoard
    private let setup: @Sendable () -> DaemonSetup
    private let state = Mutex(State())

    init(services: StageServices, board: JobBoard, setup: @escaping @Sendable () -> DaemonSetup) {
        self.services = services
        self.board = board
        self.setup = setup
    }

    /// Begins to look; what ended earlier is put away by the look at the work folders.
    func begin() async { await look() }

    /// Looks every few seconds until the task is cancelled.
    func run() async {
        guard case .host = setup().configuration.role else { return }
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.interval) } catch { return }
            await look()
        }
    }

    /// Looks once.
    func look() async {
        let setup = setup()
        guard case .host = setup.configuration.role else { return }
        do {
            let since = state.withLock { $0.next }
            let ended = try await services.ledger.endedJobs(since: since, waitingIn: setup.ownFolders)
            for job in ended.jobs where isNew(job) { try await putAway(job, setup) }
            state.withLock { state in
                state.next = ended.next
                state.known = state.known.filter { $0.value >= ended.next }
            }
        } catch {
            services.logger.debug("jobs of other hosts cannot be looked at", metadata: ["reason": "\(error)"])
        }
    }

    private func isNew(_ job: Job) -> Bool {
        // What ends on this host is put away by the worker that ends it.
        state.withLock { $0.known[job.id] != job.since } && !board.isAtWork(on: job.id) && !board.hasEnded(job)
    }

    private func putAway(_ job: Job, _ setup: DaemonSetup) async throws {
        let names = try await services.ledger.deliveries(of: job.id).filter { name in
            name.deliveredAt == nil && setup.owns(name.folder)
        }
        let cleaner = SourceCleaner(services: services, setup: setup, board: board)
        let reason = job.reason ?? JobReason(code: JobReason.byRequest, message: "cancelled")
        for name in names {
            let report = await cleaner.fail(name, of: job, reason)
            guard job.state == .failed else { continue }
            board.failures(of: name.folder).note(job)
            let subject = DaemonEvent.Subject(job: job.id, folder: name.folder, name: name.name)
            board.report(.failed(reason, report: report), subject)
        }
        state.withLock { $0.known[job.id] = job.since }
    }
}

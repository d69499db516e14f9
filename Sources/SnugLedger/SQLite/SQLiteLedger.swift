// SPDX-License-Identifier: Apache-2.0
internal import GRDB
internal import Synchronization
public import SystemPackage

/// A ledger in one SQLite file, shared by all processes of a machine that open it.
///
/// A recorded change survives a kill and a power cut. Jobs and names of a process that ends are free at once: each
/// holds a lock on a file of its own beside the database, which the system takes back.
public final class SQLiteLedger: SharedLedger {
    /// The database.
    public let path: FilePath
    /// The path of the database.
    public var place: String { path.string }
    /// The name under which this instance claims work.
    public let workerID: String
    let policy: LedgerPolicy
    let busyTimeout: Duration
    let environment: LedgerEnvironment
    let ids: LedgerIDGenerator
    let liveness: WorkerLiveness
    let pool: DatabasePool
    let commits: CommitQueue
    let overdue = OverdueLeases()
    private let isClosed = Mutex(false)

    init(
        path: FilePath, pool: DatabasePool, liveness: WorkerLiveness, ids: LedgerIDGenerator,
        configuration: LedgerConfiguration
    ) {
        self.path = path
        self.pool = pool
        commits = CommitQueue(pool)
        self.liveness = liveness
        self.ids = ids
        workerID = liveness.id
        policy = configuration.policy
        busyTimeout = configuration.busyTimeout
        environment = configuration.environment
    }

    /// Hands back what this instance has claimed, and closes the database.
    /// - Throws: `disk_full` and the like; the jobs are then freed when the process ends.
    public func close() async throws {
        guard
            isClosed.withLock({ isClosed in
                defer { isClosed = true }
                return !isClosed
            })
        else { return }
        let (workerID, pool, liveness, path) = (workerID, pool, liveness, path)
        try await transact { try $0.retire(worker: workerID) }
        try await onThread {
            do { try pool.close() } catch { throw LedgerError.translating(error, path: path.string) }
            liveness.end()
        }
    }

    /// True for a worker whose process has ended.
    public func hasEnded(_ worker: String) -> Bool {
        worker != workerID && !liveness.gone(among: [worker]).isEmpty
    }

    // MARK: Transactions

    /// The verbs of a transaction that has begun.
    func transaction(in database: Database) -> LedgerTransaction {
        LedgerTransaction(database: SQLiteDatabase(database), now: environment.now(), ids: ids)
    }

    /// Carries out a transaction that writes.
    public func transact<Result: Sendable>(
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Result
    ) async throws -> Result {
        do {
            return try await commits.run { [self] in try body(transaction(in: $0)) }
        } catch {
            throw LedgerError.translating(error, path: path.string)
        }
    }

    /// Carries out a short transaction that only reads, also for a task that was cancelled: one that ends looks for what it
    /// leaves behind.
    public func lookToEnd<Result: Sendable>(
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Result
    ) async throws -> Result {
        // A task of its own, because GRDB gives up the read of one that was cancelled.
        try await Task { try await look(body) }.value
    }

    /// Carries out a transaction that only reads.
    public func look<Result: Sendable>(
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.read { [self] in try body(transaction(in: $0)) }
        } catch {
            throw LedgerError.translating(error, path: path.string)
        }
    }
}

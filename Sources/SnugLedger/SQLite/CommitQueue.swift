// SPDX-License-Identifier: Apache-2.0
internal import GRDB
internal import Synchronization

/// Commits transactions that come at about the same time as one, so that they wait for the disk once.
///
/// Each stays whole by itself: one that fails is rolled back alone, for which those of its group are carried out again. All
/// of a group fail when its commit does. What is queued is carried out although the task that waits for it is cancelled: what
/// has happened must be recorded anyway.
final class CommitQueue: Sendable {
    private struct Entry: Sendable {
        let work: @Sendable (Database) throws -> Void
        let end: @Sendable ((any Error)?) -> Void
    }

    private struct State {
        var entries: [Entry] = []
        var isRunning = false
    }

    /// Transactions in a group: few enough that the first does not wait for long.
    private static let largestGroup = 64

    private let pool: DatabasePool
    private let state = Mutex(State())

    init(_ pool: DatabasePool) {
        self.pool = pool
    }

    /// Transactions that have not begun.
    var count: Int { state.withLock { $0.entries.count } }

    /// Carries out a transaction, and returns once it is committed.
    /// - Parameter body: It may be called again after a rollback, so that it changes nothing but the database.
    func run<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let result = Made<Result>()
            let entry = Entry(
                work: { database in
                    let made = try body(database)
                    result.value.withLock { $0 = made }
                },
                end: { error in
                    if let made = result.value.withLock({ $0 }), error == nil {
                        continuation.resume(returning: made)
                    } else {
                        continuation.resume(throwing: error ?? DatabaseError(resultCode: .SQLITE_ABORT))
                    }
                })
            let isFirst = state.withLock { state in
                state.entries.append(entry)
                defer { state.isRunning = true }
                return !state.isRunning
            }
            if isFirst { pool.asyncWriteWithoutTransaction { [self] in commitAll(in: $0) } }
        }
    }

    /// The result of a transaction, until its group is committed.
    private final class Made<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }

    /// Commits group after group until none is left.
    private func commitAll(in database: Database) {
        while true {
            let group = state.withLock { state in
                let group = Array(state.entries.prefix(Self.largestGroup))
                state.entries.removeFirst(group.count)
                state.isRunning = !group.isEmpty
                return group
            }
            if group.isEmpty { return }
            let errors = commit(group, in: database)
            for (entry, error) in zip(group, errors) { entry.end(error) }
        }
    }

    /// - Returns: For each transaction why it was not committed, `nil` for one that was.
    private func commit(_ group: [Entry], in database: Database) -> [(any Error)?] {
        do {
            try database.inTransaction(.immediate) {
                for entry in group { try entry.work(database) }
                return .commit
            }
            return group.map { _ in nil }
        } catch {
            // Alone, it has failed by itself. Else all are rolled back, and one of them is to fail alone.
            return group.count == 1 ? [error] : commitApart(group, in: database)
        }
    }

    /// Commits transactions one of which fails, each in a savepoint: SQLite then keeps what pages were before, which takes
    /// about as long as the rest.
    private func commitApart(_ group: [Entry], in database: Database) -> [(any Error)?] {
        var errors: [(any Error)?] = []
        do {
            try database.inTransaction(.immediate) {
                for entry in group {
                    do {
                        try database.inSavepoint {
                            try entry.work(database)
                            return .commit
                        }
                        errors.append(nil)
                    } catch {
                        // After some errors, such as a full disk, SQLite has rolled everything back.
                        guard database.isInsideTransaction else { throw error }
                        errors.append(error)
                    }
                }
                return .commit
            }
            return errors
        } catch {
            // Those that had failed by themselves keep their own reason.
            return group.indices.map { $0 < errors.count ? errors[$0] ?? error : error }
        }
    }
}

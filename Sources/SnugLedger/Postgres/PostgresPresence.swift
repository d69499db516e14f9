// SPDX-License-Identifier: Apache-2.0
#if Postgres
    internal import SnugSystem
    internal import Synchronization

    /// Shows the other workers that this one lives: a lock that the service gives back when the connection ends, and with it
    /// when the process does.
    final class PostgresPresence: Sendable {
        private struct State {
            var connection: PostgresConnection?
            var hasLock = false
            var lookedAt = ContinuousClock.now
        }

        let id: String
        private let connect: @Sendable () throws -> PostgresConnection
        private let state = Mutex(State())
        private let thread = BlockingThreads(count: 1)

        init(id: String, connect: @escaping @Sendable () throws -> PostgresConnection) {
            self.id = id
            self.connect = connect
        }

        /// Looks, at most once in a second, whether the lock is still there, and takes it again when it is not: others that
        /// ask for this worker hold it for a moment.
        ///
        /// Where that fails, the worker looks dead to the others, and what it has is protected by the numbers of its claims.
        func keep() async {
            await thread.runUncancelled {
                self.state.withLock { state in
                    let now = ContinuousClock.now
                    guard !state.hasLock || now - state.lookedAt >= .seconds(1) else { return }
                    state.lookedAt = now
                    if let connection = state.connection, state.hasLock, (try? connection.run("SELECT 1")) != nil {
                        return
                    }
                    state.hasLock = false
                    if state.connection?.isConnected != true { state.connection = try? self.connection() }
                    // The service may take a while to see that the connection before this one is gone.
                    let answer = try? state.connection?.execute(
                        "SELECT pg_try_advisory_lock(hashtextextended(:worker, 0))", ["worker": self.id]
                    ).firstText
                    state.hasLock = answer == "t"
                }
            }
        }

        /// Ends it for this process.
        func end() async {
            await thread.runUncancelled { self.state.withLock { $0.connection = nil } }
        }

        private func connection() throws -> PostgresConnection {
            let connection = try connect()
            _ = try connection.execute(
                """
                INSERT INTO workers (id, process, started_at)
                VALUES (:worker, :process, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) ON CONFLICT DO NOTHING
                """, ["worker": id, "process": Int(Machine.processID)])
            return connection
        }
    }

#endif

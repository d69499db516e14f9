// SPDX-License-Identifier: Apache-2.0
#if Postgres
    internal import SnugSystem
    internal import Synchronization

    /// Connections, each used by a thread that may block.
    ///
    /// A failure whose reason passes is retried until the patience is over: a transaction as a whole, and never one
    /// that may have been committed.
    final class PostgresPool: Sendable {
        private struct State {
            var idle: [PostgresConnection] = []
            var isClosed = false
        }

        let clock: PostgresClock
        private let address: PostgresAddress
        private let place: String
        private let setup: String
        private let patience: Duration
        private let ids: LedgerIDGenerator
        private let threads: BlockingThreads
        private let state = Mutex(State())

        init(
            _ address: PostgresAddress, setup: String, clock: PostgresClock, ids: LedgerIDGenerator,
            configuration: LedgerConfiguration
        ) {
            self.address = address
            place = address.description
            self.setup = setup
            self.clock = clock
            self.ids = ids
            patience = configuration.busyTimeout
            threads = BlockingThreads(count: configuration.maximumConnections)
        }

        /// Connects, for a connection of its own.
        func connect() throws(PostgresFailure) -> PostgresConnection {
            try PostgresConnection(address.connectionString, setup: setup)
        }

        /// Closes what is idle, and takes no more work.
        func close() async {
            let idle = state.withLock { state in
                state.isClosed = true
                defer { state.idle = [] }
                return state.idle
            }
            // Closing says goodbye to the service.
            await threads.runUncancelled { withExtendedLifetime(idle) {} }
        }

        // MARK: Work

        /// Carries out a transaction, to its end although its task is cancelled.
        func transact<Value: Sendable>(
            isReadOnly: Bool, _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
        ) async throws -> Value {
            try await onConnection { try self.attempt($0, isReadOnly: isReadOnly, body) }
        }

        /// Does something with a connection, again where that helps.
        func onConnection<Value: Sendable>(
            _ body: @escaping @Sendable (PostgresConnection) throws -> Value
        ) async throws -> Value {
            let result: Result<Value, any Error> = await threads.runUncancelled {
                Result {
                    do { return try self.persist(body) } catch {
                        throw LedgerError.translating(error, postgres: self.place)
                    }
                }
            }
            return try result.get()
        }

        private func persist<Value>(_ body: (PostgresConnection) throws -> Value) throws -> Value {
            let deadline = ContinuousClock.now + patience
            var pause = 4
            while true {
                do {
                    let connection = try take()
                    defer { giveBack(connection) }
                    return try body(connection)
                } catch let failure as PostgresFailure where failure.isTransient && ContinuousClock.now < deadline {
                    // Those that met once do not meet again.
                    DetachedThread.pause(milliseconds: UInt32.random(in: 1...UInt32(pause)))
                    pause = min(pause * 2, 1000)
                }
            }
        }

        private func take() throws -> PostgresConnection {
            let idle = try state.withLock { state in
                guard !state.isClosed else {
                    throw LedgerError(.closed, "\(place): it was closed; open it again")
                }
                return state.idle.popLast()
            }
            return try idle ?? connect()
        }

        private func giveBack(_ connection: PostgresConnection) {
            if connection.isConnected, connection.isInTransaction { _ = try? connection.run("ROLLBACK") }
            let isFit = connection.isConnected && !connection.isInTransaction
            state.withLock { state in
                if !isFit {
                    // The others were most likely lost with it.
                    state.idle = []
                } else if !state.isClosed {
                    state.idle.append(connection)
                }
            }
        }

        // MARK: Transactions

        private func attempt<Value>(
            _ connection: PostgresConnection, isReadOnly: Bool, _ body: (LedgerTransaction) throws -> Value
        ) throws -> Value {
            let kind = isReadOnly ? "REPEATABLE READ READ ONLY" : "READ COMMITTED"
            let now = try clock.time(try connection.run(clock.beginning("BEGIN ISOLATION LEVEL \(kind)")))
            let database = PostgresDatabase(connection: connection, isReadOnly: isReadOnly)
            let value = try body(LedgerTransaction(database: database, now: now, ids: ids))
            if isReadOnly {
                try connection.run("COMMIT")
            } else if try !commit(connection) {
                throw PostgresFailure(
                    state: "40001", message: "the connection was lost before the commit", isLost: false)
            }
            return value
        }

        /// Commits.
        /// - Returns: False when the connection was lost, and with it the transaction. One that was committed although its
        ///   confirmation was lost counts as committed.
        private func commit(_ connection: PostgresConnection) throws -> Bool {
            let number = try connection.run("SELECT pg_current_xact_id_if_assigned()::text").firstText
            do {
                try connection.run("COMMIT")
                return true
            } catch {
                // Without a number, it has changed nothing.
                guard error.isLost, let number else { throw error }
                return try wasCommitted(number, after: error)
            }
        }

        /// Asks on another connection how a transaction has ended.
        private func wasCommitted(_ number: String, after loss: PostgresFailure) throws -> Bool {
            let deadline = ContinuousClock.now + patience
            while true {
                do {
                    let status = try connect().execute("SELECT pg_xact_status(:number::xid8)", ["number": number])
                        .firstText
                    if status == "committed" { return true }
                    if status == "aborted" { return false }
                } catch {
                    // It starts again, most likely.
                    guard error.isTransient else { throw error }
                }
                guard ContinuousClock.now < deadline else {
                    throw PostgresFailure(
                        state: "08007", message: "the connection was lost during a commit: \(loss.message)",
                        isLost: false)
                }
                DetachedThread.pause(milliseconds: 100)
            }
        }
    }

#endif

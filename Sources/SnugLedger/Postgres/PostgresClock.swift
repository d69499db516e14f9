// SPDX-License-Identifier: Apache-2.0
#if Postgres
    internal import Synchronization

    /// The time of the ledger: that of the database's host, because the clocks of several hosts may differ by minutes.
    final class PostgresClock: Sendable {
        /// The caller's time, where it is the one that counts.
        private let given: (@Sendable () -> LedgerInstant)?
        private let last = Mutex(LedgerInstant(milliseconds: 0))

        init(_ configuration: LedgerConfiguration) {
            given = configuration.usesDatabaseClock ? nil : configuration.environment.now
        }

        /// The statement that begins a transaction and, where the database's time counts, asks for it.
        func beginning(_ transaction: String) -> String {
            given == nil
                ? "\(transaction); SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint" : transaction
        }

        /// The time of a transaction that has just begun.
        func time(_ began: borrowing PostgresResult) throws(PostgresFailure) -> LedgerInstant {
            if let given { return given() }
            guard let milliseconds = began.firstText.flatMap({ Int($0) }) else {
                throw PostgresFailure(state: "", message: "the service does not tell the time", isLost: false)
            }
            let now = LedgerInstant(milliseconds: milliseconds)
            last.withLock { $0 = now }
            return now
        }

        /// The time of the latest transaction, for ids.
        var latest: LedgerInstant { given?() ?? last.withLock { $0 } }
    }

#endif

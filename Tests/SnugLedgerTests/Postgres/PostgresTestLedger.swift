// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import SnugTestSupport
    import Testing

    @testable import SnugLedger

    extension PostgresLedger {
        /// A worker on a schema of the shared service, as programs open it.
        static func worker(
            _ schema: String, _ change: (inout LedgerConfiguration) -> Void = { _ in }
        ) async throws -> PostgresLedger {
            var configuration = LedgerConfiguration()
            change(&configuration)
            return try await open(
                PostgresAddress(await PostgresServer.address()), schema: schema, configuration: configuration)
        }
    }

    extension Trait where Self == ConditionTrait {
        /// Skips a suite where the programs of PostgreSQL are not there.
        static var needsPostgres: Self { .enabled("there is no PostgreSQL here") { PostgresServer.isAvailable } }
    }

#endif

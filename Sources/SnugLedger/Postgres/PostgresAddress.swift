// SPDX-License-Identifier: Apache-2.0
#if Postgres
    internal import CPostgres
    internal import Glibc

    /// A PostgreSQL service, its database and how to connect: everything that libpq's connection strings can say.
    ///
    /// Its description never has a password in it.
    public struct PostgresAddress: Sendable, CustomStringConvertible {
        /// The connection string, which may have a password in it.
        let connectionString: String
        /// `postgres://HOST:PORT/DATABASE`, without user and password.
        public let description: String
        /// True for a connection string with a password in it, which belongs into a file or the environment.
        public let hasPassword: Bool

        /// The parameters that libpq itself hides: the user's password, that of the client's key, and later ones.
        private static let secrets = [
            "password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret",
        ]

        /// Reads a connection string: `postgres://USER@HOST/DATABASE?sslmode=verify-full`, or `host=… dbname=…`.
        /// - Throws: `not_a_ledger` for text that is none; `ledger_unreachable` where libpq is not installed.
        public init(_ text: String) throws(LedgerError) {
            if let missing = unsafe snug_pg_load() {
                throw LedgerError(
                    .unreachable,
                    "libpq could not be loaded (\(unsafe String(cString: missing))); install it (Debian: libpq5)")
            }
            guard !text.utf8.contains(0), unsafe snug_pg_is_connection_string(text) else {
                throw LedgerError(
                    .notALedger,
                    "the address of the ledger cannot be read; write postgres://USER@HOST:PORT/DATABASE, with special "
                        + "characters as %XX")
            }
            func value(_ keyword: String) -> String? {
                guard let found = unsafe snug_pg_connection_value(text, keyword) else { return nil }
                defer { unsafe free(found) }
                return unsafe String(cString: found)
            }
            connectionString = text
            hasPassword = Self.secrets.contains { value($0) != nil }
            let port = value("port").map { ":\($0)" } ?? ""
            let host = value("host") ?? value("hostaddr") ?? ""
            description = "postgres://\(host)\(port)/\(value("dbname") ?? "")"
        }
    }

#endif

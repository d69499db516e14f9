// SPDX-License-Identifier: Apache-2.0
#if Postgres

    /// A failure of a connection or of a statement.
    struct PostgresFailure: Error, Sendable {
        /// The SQLSTATE; empty for a failure of the connection.
        var state: String
        /// The service's words.
        var message: String
        /// True when the connection is broken, and with it everything that was not committed.
        var isLost: Bool
        /// True for a connection that had been established. What the service says as it ends one is no refusal.
        var wasEstablished = false

        /// True for a failure after which the same transaction may succeed: what it did is surely undone.
        var isTransient: Bool {
            if isLost { return !isRefusal }
            return switch state {
            // Serialization failure, deadlock, a row that another transaction inserted meanwhile.
            case "40001", "40P01", "23505": true
            // A lock that was not to be had, too many connections, a service that starts or ends.
            case "55P03", "53300", "57P01", "57P02", "57P03": true
            default: false
            }
        }

        /// True for a connection that was refused for its user, password, database or encryption: waiting does not help.
        private var isRefusal: Bool {
            // libpq names SSL in the message of each encrypted connection that breaks.
            if wasEstablished { return false }
            if state.hasPrefix("28") || state == "3D000" { return true }
            return [
                "authentication failed", "no password supplied", "does not exist", "pg_hba.conf", "SSL", "certificate",
                "could not translate host name",
            ].contains { message.contains($0) }
        }

        /// Names it, with the remedy.
        func ledgerError(_ place: String) -> LedgerError {
            let (code, what): (LedgerError.Code, String) =
                switch state {
                case _ where isLost && isRefusal:
                    (
                        .unreachable,
                        "the service refuses the connection; check the address, the user and the database, and give the "
                            + "password in PGPASSFILE or PGPASSWORD"
                    )
                case _ where isLost:
                    (
                        .unreachable,
                        "the service cannot be reached; start it or mend the network, and work resumes by itself"
                    )
                case "53100": (.diskFull, "there is no space left; free some, and work resumes by itself")
                case "25006": (.readOnly, "it takes no changes; name the primary and not a standby")
                case "42501", "3F000":
                    (.readOnly, "the user may not do this; grant it the ledger's schema, or CREATE on the database")
                case "40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "57014":
                    (.busy, "the service did not answer in time; see what keeps it busy, or try again")
                case "54000":
                    (.notAllowed, "a name is too long to be kept there; shorten the path")
                case _ where state.hasPrefix("23"): (.notAllowed, "the change would break a rule of the ledger")
                case "42P01", "42703":
                    (.corrupt, "a table is not as it should be; stop Snug, and restore the last backup")
                case "XX001", "XX002":
                    (.corrupt, "the service finds its data damaged; stop Snug, and restore the last backup")
                default: (.ioFailed, "a statement failed; look at the service's log")
                }
            let words = message.split(separator: "\n").first.map { " (PostgreSQL: \($0))" } ?? ""
            return LedgerError(code, "\(place): \(what)\(words)", cause: self)
        }
    }

    extension LedgerError {
        /// Names any error of the store's.
        static func translating(_ error: any Error, postgres place: String) -> any Error {
            switch error {
            case let error as PostgresFailure: error.ledgerError(place)
            case let error as DecodingError:
                LedgerError(
                    .corrupt, "\(place): a record cannot be read; stop Snug, and restore the last backup", cause: error)
            default: error
            }
        }
    }

#endif

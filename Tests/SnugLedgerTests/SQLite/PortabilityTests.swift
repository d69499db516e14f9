// SPDX-License-Identifier: Apache-2.0
import GRDB
import SnugGeneration
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugLedger

/// The same statements have to run on PostgreSQL one day.
@Suite("SQL that other databases know") struct PortabilityTests {
    /// What only SQLite understands, or understands in another way.
    static let forbidden = [
        "INSERT OR ", "REPLACE INTO", "UPDATE OR ", "ROWID", "AUTOINCREMENT", "GLOB ", "STRFTIME", "DATETIME(",
        "JULIANDAY",
        "IFNULL", "TOTAL(", "GROUP_CONCAT", "LAST_INSERT", "RANDOM()", "PRINTF(", "TYPEOF(", "UNIXEPOCH", "IIF(", "`",
        "[",
        " == ", "!= ", "PRAGMA_", "JSON_", "INDEXED BY", "COLLATE",
    ]

    private func statements() async throws -> [String] {
        let folder = try TemporaryFolder()
        let statements = StatementLog()
        var configuration = LedgerConfiguration()
        configuration.onStatement = { statements.add($0) }
        let ledger = try await SQLiteLedger.open(folder.path.appending("l.sqlite"), configuration: configuration)
        try await AllVerbs(ledger).use()
        try await ledger.close()
        return statements.all.sorted().filter { sql in
            // What belongs to this store alone: its set-up, its transactions, and its log of migrations.
            !["PRAGMA", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"].contains { sql.hasPrefix($0) }
                && !sql.contains("sqlite_") && !sql.contains("grdb_") && !sql.hasPrefix("CREATE")
                && !sql.hasPrefix("--")
        }
    }

    @Test("No verb and no store uses what only SQLite has")
    func words() async throws {
        let statements = try await statements()
        #expect(statements.count > 50)
        for sql in statements {
            let text = sql.uppercased()
            for word in Self.forbidden { #expect(!text.contains(word), "\(word) in \(sql)") }
        }
    }

    @Test("Every value is bound, never written into a statement")
    func bound() async throws {
        for sql in try await statements() {
            // Names of states and steps only.
            let literals = sql.matches(of: /'([^']*)'/).map { String($0.output.1) }
            let known = Set(
                JobState.allCases.map(\.rawValue) + JobStep.allCases.map(\.rawValue) + JobStage.allCases.map(\.rawValue)
                    + StepRecord.State.allCases.map(\.rawValue) + [
                        "", "pause", "park", "all", "folder", "account", "step",
                    ])
            #expect(Set(literals).isSubset(of: known), "\(sql)")
            #expect(!sql.contains("?"), "\(sql)")
        }
    }

    @Test("Tables use types and words that PostgreSQL has, but for STRICT")
    func tables() {
        for statement in Migration1.statements + Migration2.statements {
            let text = statement.uppercased()
            for word in ["ROWID", "AUTOINCREMENT", "DATETIME", "BLOB", "REAL", "ANY", "COLLATE", "`", "["] {
                #expect(!text.contains(word), "\(word) in \(statement)")
            }
        }
    }
}

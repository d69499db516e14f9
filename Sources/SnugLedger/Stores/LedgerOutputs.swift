// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import GRDB
internal import SnugSystem
public import SystemPackage

/// A remembered output of a folder. Names are bytes, as the file system has them.
public struct LedgerOutput: Sendable, Hashable {
    /// Its place below the folder.
    public var name: [UInt8]
    /// The absolute path of its input.
    public var input: [UInt8]
    /// How it was made.
    public var payload: String

    /// Creates a record.
    public init(name: [UInt8], input: [UInt8], payload: String) {
        self.name = name
        self.input = input
        self.payload = payload
    }
}

extension SQLiteLedger {
    /// All outputs below a folder, by its absolute path.
    ///
    /// For a look at the beginning of a command: the file is opened to be read only, and closed again. Without a file, or in
    /// one of an earlier version, there are none.
    /// - Throws: `corrupt_ledger`, `not_a_ledger`, `ledger_busy`, `ledger_io_failed`.
    public static func outputs(in folder: [UInt8], at path: FilePath) async throws -> [LedgerOutput] {
        try await onThread {
            do {
                guard FileSystem.isFile(path) else { return [] }
                var settings = Configuration()
                settings.readonly = true
                settings.busyMode = .timeout(10)
                let queue = try DatabaseQueue(path: path.string, configuration: settings)
                defer { try? queue.close() }
                return try queue.read { database in
                    try database.tableExists("outputs") ? fetchOutputs(database, folder) : []
                }
            } catch {
                throw LedgerError.translating(error, path: path.string)
            }
        }
    }

    private static func fetchOutputs(_ database: Database, _ folder: [UInt8]) throws -> [LedgerOutput] {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT name, input, payload FROM outputs WHERE folder = ?", arguments: [Data(folder)])
        var outputs: [LedgerOutput] = []
        while let row = try rows.next() {
            let (name, input): (Data, Data) = (row[0], row[1])
            outputs.append(LedgerOutput(name: Array(name), input: Array(input), payload: row[2]))
        }
        return outputs
    }
}

extension SharedLedger {
    /// Keeps records in place of those of the same names, and forgets others, all or nothing.
    public func updateOutputs(in folder: [UInt8], keeping: [LedgerOutput], forgetting: [[UInt8]]) async throws {
        try await transact { transaction in
            for name in forgetting {
                try transaction.execute(
                    "DELETE FROM outputs WHERE folder = :folder AND name = :name",
                    ["folder": folder, "name": name])
            }
            for output in keeping {
                try transaction.execute(
                    """
                    INSERT INTO outputs (folder, name, input, payload, updated_at)
                    VALUES (:folder, :name, :input, :payload, :now)
                    ON CONFLICT (folder, name) DO UPDATE SET input = excluded.input, payload = excluded.payload,
                        updated_at = excluded.updated_at
                    """,
                    [
                        "folder": folder, "name": output.name, "input": output.input,
                        "payload": output.payload, "now": transaction.now.milliseconds,
                    ])
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import GRDB
internal import SnugSystem
public import SystemPackage

extension SQLiteLedger {
    /// Opens a ledger, making it and its folder when they are not there.
    ///
    /// After a process that did not close it, the file is checked first unless it is large, and the work of that process is
    /// freed.
    /// - Throws: `newer_schema`, `corrupt_ledger`, `not_a_ledger`, `ledger_read_only`, `disk_full`,
    ///   `network_file_system`, `ledger_busy`, `ledger_io_failed`.
    public static func open(
        _ path: FilePath, configuration: LedgerConfiguration = LedgerConfiguration()
    ) async throws -> SQLiteLedger {
        try await onThread {
            do {
                return try openBlocking(path, configuration)
            } catch {
                throw LedgerError.translating(error, path: path.string)
            }
        }
    }

    private static func openBlocking(
        _ path: FilePath, _ configuration: LedgerConfiguration
    ) throws -> SQLiteLedger {
        let folder = path.removingLastComponent()
        try LedgerFiles.makeFolder(folder)
        if configuration.refusesNetworkFileSystems { try LedgerFiles.refuseNetwork(folder) }
        // One at a time: turning WAL on and migrating are no transactions of SQLite's that others could wait for.
        // Several may be before this one, and each migration waits for the disk.
        let lock = try LedgerFiles.lock(
            FilePath(path.string + "-open"), timeout: configuration.busyTimeout * 6, whatFor: "open \(path)")
        defer { withExtendedLifetime(lock) {} }
        try LedgerFiles.makePrivate(path)
        let pool = try DatabasePool(path: path.string, configuration: settings(configuration))
        try makeDurable(pool, path)
        try LedgerSchema.apply(to: pool, path: path.string)
        let ids = LedgerIDGenerator(configuration.environment)
        let liveness = try WorkerLiveness(folder: FilePath(path.string + "-workers"), id: ids.next())
        let ledger = SQLiteLedger(
            path: path, pool: pool, liveness: liveness, ids: ids, configuration: configuration)
        try ledger.register(checksBelow: configuration.maximumBytesCheckedAtStart)
        return ledger
    }

    private static func settings(_ ledger: LedgerConfiguration) -> Configuration {
        var settings = Configuration()
        settings.label = "snug.ledger"
        settings.foreignKeysEnabled = true
        settings.busyMode = .callback(waiting(atMost: ledger.busyTimeout))
        settings.maximumReaderCount = 3
        settings.prepareDatabase { database in
            // SQLite's own knows ASCII only.
            database.add(
                function: DatabaseFunction("lower", argumentCount: 1, pure: true) { values in
                    String.fromDatabaseValue(values[0])?.lowercased()
                })
        }
        if let onStatement = ledger.onStatement {
            settings.prepareDatabase { database in
                database.trace { if case .statement(let statement) = $0 { onStatement(statement.sql) } }
            }
        }
        return settings
    }

    /// The pauses between attempts at a lock that another connection holds.
    ///
    /// SQLite's own time-out asks ever more rarely, down to once in 100 ms. Beside a process that writes one transaction
    /// after another it finds the lock taken for as long as that goes on. Short pauses of random lengths give every
    /// process its turn.
    static func waiting(atMost timeout: Duration) -> Database.BusyCallback {
        let attempts = Int(timeout.wholeMilliseconds) / meanPause
        return { failed in
            guard failed < attempts else { return false }
            DetachedThread.pause(milliseconds: UInt32.random(in: 1..<UInt32(2 * meanPause)))
            return true
        }
    }

    /// Milliseconds.
    private static var meanPause: Int { 5 }

    /// Makes each commit wait for the disk.
    ///
    /// GRDB sets `synchronous` to NORMAL, which loses commits in a power cut, when it turns WAL on: after everything that
    /// its configuration can do. The pool has one connection that writes.
    private static func makeDurable(_ pool: DatabasePool, _ path: FilePath) throws {
        let synchronous = try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            return try Int.fetchOne(database, sql: "PRAGMA synchronous")
        }
        guard synchronous == 2 else {
            throw LedgerError(.ioFailed, "\(path): SQLite does not wait for the disk; use another build of SQLite")
        }
    }

    /// Registers this instance, after the work of those that are gone was freed.
    private func register(checksBelow maximumBytes: Int) throws {
        let workers = try pool.read { try String.fetchAll($0, sql: "SELECT id FROM workers") }
        let gone = liveness.gone(among: workers)
        if !gone.isEmpty, try FileIdentity(of: path, followsLinks: true).byteCount <= maximumBytes {
            try Self.check(pool, "quick_check", path)
        }
        let (policy, workerID) = (policy, workerID)
        try pool.write { database in
            let transaction = transaction(in: database)
            for worker in gone { try transaction.bury(worker.id, worked: worker.worked, policy: policy) }
            try transaction.execute(
                "INSERT INTO workers (id, process, started_at) VALUES (:id, :process, :now)",
                ["id": workerID, "process": Int(Machine.processID), "now": transaction.now.milliseconds])
        }
        for worker in gone { worker.forget() }
    }

    /// Has SQLite look through the file.
    /// - Throws: `corrupt_ledger`.
    static func check(_ reader: some DatabaseReader, _ pragma: String, _ path: FilePath) throws {
        let findings = try reader.read { try String.fetchAll($0, sql: "PRAGMA \(pragma)(10)") }
        guard findings == ["ok"] else {
            throw LedgerError(
                .corrupt,
                "\(path): it is damaged (\(findings.joined(separator: "; "))); "
                    + "stop Snug, keep a copy, and restore the last backup")
        }
    }
}

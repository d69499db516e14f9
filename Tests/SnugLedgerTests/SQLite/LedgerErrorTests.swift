// SPDX-License-Identifier: Apache-2.0
import GRDB
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("Failures and their remedies") struct LedgerErrorTests {
    /// What SQLite or the system says, what we call it, and what a person is told to do.
    static let results: [(ResultCode, LedgerError.Code, String)] = [
        (.SQLITE_FULL, .diskFull, "free some"), (.SQLITE_READONLY, .readOnly, "--state"),
        (.SQLITE_READONLY_DIRECTORY, .readOnly, "--state"), (.SQLITE_READONLY_DBMOVED, .readOnly, "--state"),
        (.SQLITE_PERM, .readOnly, "writable"), (.SQLITE_AUTH, .readOnly, "writable"),
        (.SQLITE_CANTOPEN, .readOnly, "its folder"), (.SQLITE_CANTOPEN_ISDIR, .readOnly, "its folder"),
        (.SQLITE_CORRUPT, .corrupt, "restore the last backup"),
        (.SQLITE_CORRUPT_INDEX, .corrupt, "restore the last backup"),
        (.SQLITE_NOTADB, .notALedger, "name another file"), (.SQLITE_BUSY, .busy, "try again"),
        (.SQLITE_BUSY_SNAPSHOT, .busy, "try again"), (.SQLITE_LOCKED, .busy, "try again"),
        (.SQLITE_MISUSE, .closed, "open it again"), (.SQLITE_CONSTRAINT_CHECK, .notAllowed, "a rule"),
        (.SQLITE_CONSTRAINT_UNIQUE, .notAllowed, "a rule"), (.SQLITE_IOERR, .ioFailed, "check the disk"),
        (.SQLITE_IOERR_FSYNC, .ioFailed, "check the disk"), (.SQLITE_NOMEM, .ioFailed, "check the disk"),
        (.SQLITE_PROTOCOL, .ioFailed, "check the disk"), (.SQLITE_TOOBIG, .ioFailed, "check the disk"),
    ]

    @Test("SQLite's errors have codes and remedies", arguments: results.indices)
    func sqlite(row: Int) {
        let (result, code, remedy) = Self.results[row]
        let error = LedgerError(DatabaseError(resultCode: result, message: "details"), path: "/a/ledger.sqlite")
        #expect(error.code == code, "\(result)")
        #expect(error.message.hasPrefix("/a/ledger.sqlite: ") && error.message.contains(remedy), "\(error.message)")
        #expect(error.message.hasSuffix("(SQLite: details)") && error.cause is DatabaseError)
        #expect(error.isEnvironmental == [.diskFull, .readOnly, .busy, .ioFailed].contains(code))
        #expect("\(error)" == error.message)
    }

    static let errnos: [(Errno, LedgerError.Code, String)] = [
        (.readOnlyFileSystem, .readOnly, "--state"), (.permissionDenied, .readOnly, "--state"),
        (.notPermitted, .readOnly, "--state"), (.notDirectory, .readOnly, "--state"),
        (.noSuchFileOrDirectory, .readOnly, "--state"), (.noSpace, .diskFull, "free some space"),
        (.diskQuotaExceeded, .diskFull, "free some space"), (.ioError, .ioFailed, "check the disk"),
        (.tooManyOpenFiles, .ioFailed, "check the disk"), (.fileNameTooLong, .ioFailed, "check the disk"),
    ]

    @Test("The system's errors have codes and remedies, and what was tried is named", arguments: errnos.indices)
    func system(row: Int) {
        let (cause, code, remedy) = Self.errnos[row]
        let error = LedgerFiles.failure(cause, "make the folder /a")
        #expect(error.code == code && error.cause as? Errno == cause)
        #expect(error.message.hasPrefix("cannot make the folder /a: ") && error.message.contains(remedy))
    }

    @Test("Codes are what logs and scripts know them by")
    func codes() {
        let codes: [(LedgerError.Code, String)] = [
            (.newerSchema, "newer_schema"), (.corrupt, "corrupt_ledger"), (.notALedger, "not_a_ledger"),
            (.readOnly, "ledger_read_only"), (.diskFull, "disk_full"), (.networkFileSystem, "network_file_system"),
            (.busy, "ledger_busy"), (.ioFailed, "ledger_io_failed"), (.staleLease, "stale_lease"),
            (.notFound, "job_not_found"), (.notAllowed, "not_allowed"), (.alreadyExists, "already_exists"),
            (.folderNotFound, "folder_not_found"), (.closed, "ledger_closed"), (.unreachable, "ledger_unreachable"),
        ]
        for (code, text) in codes { #expect(code.description == text) }
    }

    @Test("Errors of others pass through as they are")
    func others() {
        struct Other: Error {}
        #expect(LedgerError.translating(Other(), path: "/a") is Other)
        #expect(LedgerError.translating(CancellationError(), path: "/a") is CancellationError)
        let own = LedgerError.translating(LedgerError(.busy, "mine"), path: "/a") as? LedgerError
        #expect(own?.code == .busy && own?.message == "mine")
    }

    @Test("A folder in the place of the ledger, and a name that no file system takes, are errors")
    func places() async throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "ledger.sqlite/file")
        await expectFailure(.readOnly) { _ = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite")) }
        let long = folder.path.appending(String(repeating: "n", count: 300))
        await expectFailure(.ioFailed) { _ = try await SQLiteLedger.open(long) }
        try folder.makeLink("nowhere", to: "missing/ledger.sqlite")
        await expectFailure(.readOnly) { _ = try await SQLiteLedger.open(folder.path.appending("nowhere")) }
    }

    @Test("Two that wait for one lock: the second is told who is at it, and gets it afterwards")
    func locked() throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("lock")
        do {
            let lock = try LedgerFiles.lock(path, timeout: .zero, whatFor: "open it")
            #expect {
                _ = try LedgerFiles.lock(path, timeout: .zero, whatFor: "open it")
            } throws: {
                let error = $0 as? LedgerError
                return error?.code == .busy && error?.message.contains("cannot open it: another process") == true
            }
            withExtendedLifetime(lock) {}
        }
        _ = try LedgerFiles.lock(path, timeout: .seconds(5), whatFor: "open it")
    }

    @Test("A published file replaces another only when it may")
    func published() throws {
        let folder = try TemporaryFolder()
        let (first, second) = (try folder.write([1], to: "one.tmp"), try folder.write([2], to: "two.tmp"))
        let final = folder.path.appending("final")
        try LedgerFiles.refuseExisting(final)
        try LedgerFiles.publish(first, as: final, replacing: false)
        #expect {
            try LedgerFiles.refuseExisting(final)
        } throws: {
            ($0 as? LedgerError)?.message.contains("--overwrite") == true
        }
        #expect {
            try LedgerFiles.publish(second, as: final, replacing: false)
        } throws: {
            ($0 as? LedgerError)?.code == .alreadyExists
        }
        #expect(try folder.bytes(of: "final") == [1] && folder.bytes(of: "two.tmp") == [2])
        try LedgerFiles.publish(second, as: final, replacing: true)
        #expect(try folder.bytes(of: "final") == [2] && folder.files() == ["final"])
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import GRDB

extension LedgerError {
    /// Names what SQLite reports, with the remedy.
    init(_ error: DatabaseError, path: String) {
        let (code, what): (Code, String) =
            switch error.resultCode {
            case .SQLITE_FULL:
                (.diskFull, "there is no space left; free some, and work resumes by itself")
            case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
                (.readOnly, "it cannot be written; make the file and its folder writable, or name another with --state")
            case .SQLITE_CANTOPEN:
                (.readOnly, "it cannot be opened; make its folder writable, or name another with --state")
            case .SQLITE_CORRUPT:
                (.corrupt, "it is damaged; stop Snug, keep a copy, and restore the last backup")
            case .SQLITE_NOTADB:
                (.notALedger, "it is no ledger; name another file or folder for the ledger")
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                (.busy, "another process keeps it locked; end that process, or try again")
            case .SQLITE_MISUSE:
                (.closed, "it was closed; open it again")
            case .SQLITE_CONSTRAINT:
                (.notAllowed, "the change would break a rule of the ledger")
            default:
                (.ioFailed, "reading or writing failed; check the disk")
            }
        let details = error.message.map { " (SQLite: \($0))" } ?? ""
        self.init(code, "\(path): \(what)\(details)", cause: error)
    }

    /// Names any error of the store's.
    static func translating(_ error: any Error, path: String) -> any Error {
        switch error {
        case let error as DatabaseError: LedgerError(error, path: path)
        case let error as RowDecodingError:
            LedgerError(
                .corrupt, "\(path): a record cannot be read; stop Snug, keep a copy, and restore the last backup",
                cause: error)
        case let error as DecodingError:
            LedgerError(
                .corrupt, "\(path): a record cannot be read; stop Snug, keep a copy, and restore the last backup",
                cause: error)
        default: error
        }
    }
}

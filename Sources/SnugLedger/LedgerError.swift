// SPDX-License-Identifier: Apache-2.0

/// A failure of the ledger.
public struct LedgerError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure. Its text never changes.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case newerSchema = "newer_schema"
            case corrupt = "corrupt_ledger"
            case notALedger = "not_a_ledger"
            case readOnly = "ledger_read_only"
            case diskFull = "disk_full"
            case networkFileSystem = "network_file_system"
            case busy = "ledger_busy"
            case ioFailed = "ledger_io_failed"
            case staleLease = "stale_lease"
            case notFound = "job_not_found"
            case notAllowed = "not_allowed"
            case alreadyExists = "already_exists"
            case folderNotFound = "folder_not_found"
            case closed = "ledger_closed"
            case unreachable = "ledger_unreachable"
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// A later version of Snug made the ledger.
        public static let newerSchema = Code(.newerSchema)
        /// The database is damaged.
        public static let corrupt = Code(.corrupt)
        /// The file is a database of something else, or no database.
        public static let notALedger = Code(.notALedger)
        /// The file, its folder or its disk cannot be written.
        public static let readOnly = Code(.readOnly)
        /// There is no space left.
        public static let diskFull = Code(.diskFull)
        /// The folder is on a file system that other machines write to, or that cannot share memory between processes.
        public static let networkFileSystem = Code(.networkFileSystem)
        /// Another process kept the ledger locked for too long.
        public static let busy = Code(.busy)
        /// The disk failed.
        public static let ioFailed = Code(.ioFailed)
        /// The job was taken from the worker: its lease ran out, or somebody cancelled the job.
        public static let staleLease = Code(.staleLease)
        /// There is no job of that id.
        public static let notFound = Code(.notFound)
        /// The job's state does not allow the change.
        public static let notAllowed = Code(.notAllowed)
        /// The file is already there.
        public static let alreadyExists = Code(.alreadyExists)
        /// The folder of the file to write is not there.
        public static let folderNotFound = Code(.folderNotFound)
        /// The ledger was closed.
        public static let closed = Code(.closed)
        /// The service of the database does not take connections, or not this one.
        public static let unreachable = Code(.unreachable)

        /// The stable text, for logs, metrics and JSON.
        public var description: String { value.rawValue }
    }

    /// The kind of failure.
    public var code: Code
    /// The failure for a person: what happened, to what, and what to do.
    public var message: String
    /// The error below, where there is one.
    public var cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// True for a fault of the surroundings that passes by itself or with the operator's help.
    ///
    /// Work that meets one has not failed: it is handed back and tried again.
    public var isEnvironmental: Bool {
        [.readOnly, .diskFull, .busy, .ioFailed, .unreachable].contains(code)
    }

    /// The message.
    public var description: String { message }
}

// SPDX-License-Identifier: Apache-2.0
public import SnugImage
public import SnugLedger
public import SystemPackage

/// The state of a daemon at a moment, for a terminal, metrics and health checks.
public struct DaemonStatus: Sendable {
    /// The life of a daemon.
    public enum Phase: String, Sendable, Hashable {
        case starting, running, draining, stopped
    }

    /// Work that runs.
    public struct Activity: Sendable, Hashable {
        /// The job.
        public var job: JobID
        /// The name of the watched folder.
        public var folder: String
        /// The path of the source in the inbox.
        public var name: String
        /// The step.
        public var step: JobStep
        /// The time since it began.
        public var duration: Duration
    }

    /// A watched folder.
    public struct Folder: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// The folder that files are dropped into.
        public var inbox: FilePath
        /// The way in which changes are noticed, `events` or `polling`, with its reason; `nil` before that is known.
        public var watchMode: String?
        /// True while changes are reported by the system.
        public var hasEvents: Bool
        /// True when the folder is there; `nil` before the first look.
        public var isPresent: Bool?
        /// Files that are waited for: not quiet, or not complete yet.
        public var settlingCount: Int
        /// The first few files that wait for more than quiet, each with its reason.
        public var unsettled: [String: String]
        /// True while there are more new files than can be waited for.
        public var hasMore: Bool
        /// Files taken so far by this process.
        public var takenCount: Int
        /// Files and folders of the last scan.
        public var fileCount: Int
        /// Times that the system's event queue was full.
        public var overflowCount: Int
        /// The jobs of the folder, by state.
        public var books: LedgerBooks
    }

    /// The life of the daemon.
    public var phase: Phase
    /// The watched folders, in the order of the configuration.
    public var folders: [Folder]
    /// Work that runs, the longest first.
    public var activities: [Activity]
    /// Pauses and parked accounts in force.
    public var holds: [LedgerHold]
    /// Why no work is begun at the moment, such as a full disk.
    public var pause: JobReason?
    /// The jobs of all folders of the ledger, by state.
    public var books: LedgerBooks
    /// The use of the memory that images being fitted share; `nil` for an engine without a limit.
    public var memory: MemoryUse?
    /// The processes that share the ledger; `nil` for a daemon that has it for itself.
    public var hosts: FleetHosts?
    /// The jobs of each folder of this host in the ledger: of HTTP and of folders that left the configuration, too.
    public var folderBooks: [String: LedgerBooks] = [:]
}

/// The totals of a run of a daemon.
public struct DaemonReport: Sendable, Hashable {
    /// Files delivered by this run; equal ones are one job.
    public var deliveredCount = 0
    /// Files failed in this run.
    public var failedCount = 0
    /// Files left to a person by this run.
    public var heldCount = 0
    /// Files taken by this run.
    public var takenCount = 0
    /// The jobs of the watched folders, by folder and state, at the end.
    public var books: [String: LedgerBooks] = [:]
    /// Files that are there and were not taken, because they are incomplete or cannot be read, each with its reason; inboxes
    /// that are not there.
    public var unsettled: [FilePath: String] = [:]
    /// Jobs of the watched folders that a run which ended by itself left waiting: for a time, an account, the end of a pause.
    public var waitingCount = 0
    /// The newest of them.
    public var waiting: [Job] = []

    /// True when nothing failed, is held, waits or was left.
    public var isClean: Bool { failedCount == 0 && heldCount == 0 && waitingCount == 0 && unsettled.isEmpty }
}

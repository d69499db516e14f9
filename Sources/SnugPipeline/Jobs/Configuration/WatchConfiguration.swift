// SPDX-License-Identifier: Apache-2.0
public import SnugLedger
import SnugSystem
public import SystemPackage

/// The folders that a ``Daemon`` watches, the accounts that it pays with, and the resources that it may use.
public struct WatchConfiguration: Sendable, Hashable {
    /// The number of jobs of each kind at once.
    public struct Workers: Sendable, Hashable {
        /// Images fitted at once; 0 leaves them to the other hosts of the ledger. Default: the number of usable cores.
        public var fits: Int
        /// Files uploaded at once. Default 4.
        public var uploads: Int
        /// Generations submitted or waited for at once, over all accounts. Default 8.
        public var submissions: Int
        /// Results put into their outboxes at once. Default 2.
        public var deliveries: Int

        /// Sets the numbers; `nil` stands for the default.
        public init(fits: Int? = nil, uploads: Int = 4, submissions: Int = 8, deliveries: Int = 2) {
            self.fits = fits ?? Machine.usableCoreCount
            self.uploads = uploads
            self.submissions = submissions
            self.deliveries = deliveries
        }
    }

    /// The folder for everything that must outlive the process. One daemon at a time may use it.
    public var stateDirectory: FilePath
    /// The watched folders.
    public var folders: [WatchFolder]
    /// The accounts that folders name.
    public var accounts: [Account]
    /// The number of jobs at once.
    public var workers: Workers
    /// The limit on bytes held by images being fitted, over all jobs; `nil`, the default, is half of the machine's memory.
    public var memory: Int?
    /// True when every image is handled in a process without files and network, where a fault of a codec costs that image only.
    ///
    /// Default true. It needs `DecoderWorker.ofThisProgram`: a program calls `DecoderWorker.serveIfRequested()` at the start
    /// of its `main`, or sets this to false, and then a fault of a codec ends the daemon.
    public var isolatesFits = true
    /// The time that work in progress gets to finish when the daemon is stopped. Default 30 s.
    public var drainTime: Duration
    /// True for a daemon that is useful without a watched folder, because programs hand images over. Default false.
    public var takesSubmissions = false
    /// The daemon's part among those that share its ledger. Default: it has the ledger for itself.
    public var role = FleetRole.alone
    /// The address that is told of each job that ends; `nil`, the default, tells none.
    public var webhook: Webhook?
    /// How long jobs that are over are remembered. Default: delivered and cancelled ones 30 days.
    public var retention: PruningPolicy

    /// Sets up a daemon.
    public init(
        stateDirectory: FilePath, folders: [WatchFolder] = [], accounts: [Account] = [], workers: Workers = Workers(),
        memory: Int? = nil, drainTime: Duration = .seconds(30), retention: PruningPolicy = PruningPolicy()
    ) {
        self.stateDirectory = stateDirectory
        self.folders = folders
        self.accounts = accounts
        self.workers = workers
        self.memory = memory
        self.drainTime = drainTime
        self.retention = retention
    }

    /// The account of a name.
    public func account(named name: String) -> Account? { accounts.first { $0.name == name } }
}

// SPDX-License-Identifier: Apache-2.0
public import SnugLedger
public import SnugPipeline
import SnugSystem
import SystemPackage

/// The daemon that carries out the jobs of a server, and the ledger that they share.
public struct ServerJobs: Sendable {
    let daemon: Daemon
    let ledger: any LedgerStore & DocumentStore & NameLocks
    /// The daemon's state directory, absolute.
    let stateDirectory: FilePath
    /// For files that are read while clients take them.
    let threads = BlockingThreads(count: 8)

    /// Shares a daemon, which runs beside the server.
    public init(_ daemon: Daemon, ledger: any LedgerStore & DocumentStore & NameLocks) {
        self.daemon = daemon
        self.ledger = ledger
        stateDirectory = daemon.stateDirectory
    }
}

// SPDX-License-Identifier: Apache-2.0
public import SnugLedger
public import SystemPackage

/// The whole configuration of a service: the daemon's, its logs and its connections.
public struct ServiceConfiguration: Sendable, Hashable {
    /// Settings of logs.
    public struct Log: Sendable, Hashable {
        /// The least severe messages that are logged.
        public enum Level: String, Sendable, Hashable, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }
        /// The form of a message.
        public enum Format: String, Sendable, Hashable, CaseIterable {
            /// A line for a person.
            case text
            /// One JSON object a line.
            case json
        }

        /// Default info.
        public var level = Level.info
        /// Default text.
        public var format = Format.text

        /// The defaults.
        public init() {}
    }

    /// Settings of connections.
    public struct Network: Sendable, Hashable {
        /// Allows http without TLS to other machines. Default false.
        public var allowsPlainHTTP = false
        /// A PEM file with further certificate authorities.
        public var certificates: FilePath?

        /// The defaults.
        public init() {}
    }

    /// The folders, accounts and resources of the daemon.
    public var watch: WatchConfiguration
    /// The ledger, where it is none of the state directory's: `postgres://USER@HOST/DATABASE`, or `@FILE`.
    public var ledger: String?
    /// The storage of bytes for all hosts that share the ledger: `file:///PATH`; `nil`, the default, for none.
    public var storage: String?
    /// The places of the storage's keys, where it is a bucket.
    package var storageKeys = StorageKeys()
    /// The name of this host among those that share the ledger; `nil`, the default, for the machine's.
    public var host: String?
    /// Logs.
    public var log = Log()
    /// Connections.
    public var network = Network()

    /// A configuration with the default of each setting but the daemon's.
    public init(watch: WatchConfiguration) { self.watch = watch }

    /// The ledger's place.
    /// - Throws: `LedgerError`.
    public var ledgerLocation: LedgerLocation {
        get throws(LedgerError) {
            guard let ledger else { return .file(watch.stateDirectory.appending("ledger.sqlite")) }
            return try LedgerLocation(ledger, isPrivate: true)
        }
    }
}

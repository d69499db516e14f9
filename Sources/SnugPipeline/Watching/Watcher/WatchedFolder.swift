// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// One folder to watch, and how.
package struct WatchedFolder: Sendable, Hashable {
    package var root: FilePath
    package var rules: WatchRules
    package var policy: SettlePolicy
    /// Time between two scans of the whole folder, which find what no event told.
    ///
    /// Default 60 s.
    package var scanInterval: Duration
    /// Time between two looks at the folder where it is polled, or is not there.
    ///
    /// Default 5 s.
    package var pollInterval: Duration
    /// The share of a core that idle scans may take: where a scan takes longer, the next one comes later.
    ///
    /// Default 0.001.
    package var idleShare: Double
    /// Polls even where events would come.
    package var prefersPolling: Bool

    package init(
        root: FilePath, rules: WatchRules = WatchRules(), policy: SettlePolicy = SettlePolicy(),
        scanInterval: Duration = .seconds(60), pollInterval: Duration = .seconds(5), idleShare: Double = 0.001,
        prefersPolling: Bool = false
    ) {
        self.root = root
        self.rules = rules
        self.policy = policy
        self.scanInterval = scanInterval
        self.pollInterval = pollInterval
        self.idleShare = idleShare
        self.prefersPolling = prefersPolling
    }

    /// The time until the next idle look, when the last one took that much of a processor.
    func pause(after work: Duration, atLeast interval: Duration) -> Duration {
        idleShare > 0 ? max(interval, work / idleShare) : interval
    }
}

/// A file that is quiet and complete, or that was given up.
package struct SettledFile: Sendable, Hashable {
    package var file: ScannedFile
    /// The reason why it was given up; `nil` for a file that is to be processed.
    package var fault: WatchError?

    package init(file: ScannedFile, fault: WatchError? = nil) {
        self.file = file
        self.fault = fault
    }
}

/// The fate of a settled file at the hands of whoever processes it.
package enum SettledFate: Sendable, Hashable {
    /// It is taken, or put aside, or known in its present version.
    case handled
    /// It changed, or is gone: it is looked at again.
    case changed
    /// It could not be taken for a reason outside it, such as a full disk. It is tried again.
    case postponed(String)
}

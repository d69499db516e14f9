// SPDX-License-Identifier: Apache-2.0

/// The waits before a file is taken, and before it is given up.
package struct SettlePolicy: Sendable, Hashable {
    /// Quiet before a complete file is taken.
    ///
    /// Default 2 s.
    package var settleTime: Duration
    /// Quiet before a file is taken whose content does not tell that it is complete.
    ///
    /// Default 10 s.
    package var unprovenSettleTime: Duration
    /// Quiet before a complete file is taken that a program has open for writing, or whose name looks unfinished.
    ///
    /// Default 5 min.
    package var suspiciousSettleTime: Duration
    /// Quiet before an incomplete file is given up.
    ///
    /// Default 1 h. It counts from the last change: a slow copy is never given up.
    package var patience: Duration
    /// The longest time between two looks at an incomplete file. The first is the settle time, and each is twice the last.
    ///
    /// Default 5 min.
    package var maximumInterval: Duration
    /// Files that are waited for at once; more are found by a later scan.
    ///
    /// Default 20,000.
    package var maximumCandidates: Int

    package init(
        settleTime: Duration = .seconds(2), unprovenSettleTime: Duration = .seconds(10),
        suspiciousSettleTime: Duration = .seconds(300), patience: Duration = .seconds(3600),
        maximumInterval: Duration = .seconds(300), maximumCandidates: Int = 20_000
    ) {
        self.settleTime = settleTime
        self.unprovenSettleTime = unprovenSettleTime
        self.suspiciousSettleTime = suspiciousSettleTime
        self.patience = patience
        self.maximumInterval = maximumInterval
        self.maximumCandidates = maximumCandidates
    }
}

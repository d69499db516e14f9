// SPDX-License-Identifier: Apache-2.0
import Logging
import ServiceLifecycle
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem

/// A service beside a daemon that shows and steers its work.
protocol DaemonCompanion: Sendable {
    /// The measurements of the daemon, where the companion shows them.
    var metrics: DaemonMetrics { get }

    /// The service beside one daemon.
    /// - Parameter start: Signalled once the daemon runs.
    /// - Throws: The error of a configuration that cannot be used.
    func service(
        _ daemon: Daemon, _ ledger: any SharedLedger, _ fitter: ImageFitter, after start: AsyncEvent,
        manager: ServiceManager?, logger: Logger
    ) throws -> any Service
}

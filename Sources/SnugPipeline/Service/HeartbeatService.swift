// SPDX-License-Identifier: Apache-2.0
package import Logging
public import ServiceLifecycle
package import SnugSystem

/// Tells the service manager that the daemon lives, for as long as its loop turns.
///
/// A daemon whose loop hangs gives no sign, and the manager restarts it: what it was doing is taken up.
public struct HeartbeatService: Service {
    private let daemon: Daemon
    private let manager: ServiceManager
    private let logger: Logger

    package init(_ daemon: Daemon, _ manager: ServiceManager, logger: Logger) {
        self.daemon = daemon
        self.manager = manager
        self.logger = logger
    }

    /// Runs until the graceful shutdown.
    public func run() async throws {
        guard let interval = manager.watchdogInterval else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                beat(interval)
                // Half of the interval, as sd_watchdog_enabled(3) recommends.
                try? await Task.sleep(for: interval / 2)
            }
        }
    }

    private func beat(_ interval: Duration) {
        guard daemon.isAlive(within: interval) else { return logger.critical("the loop of the daemon hangs") }
        do { try manager.send(.alive) } catch {
            logger.warning("service manager cannot be told", metadata: ["reason": "\(error)"])
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
public import ServiceLifecycle

/// Runs a daemon as one of the services of a process: a graceful shutdown drains it.
public struct DaemonService: Service {
    private let daemon: Daemon

    /// A service for a daemon that has not begun.
    public init(_ daemon: Daemon) { self.daemon = daemon }

    /// Runs until the graceful shutdown has drained the daemon.
    /// - Throws: As ``Daemon/run()``.
    public func run() async throws {
        let daemon = daemon
        try await withGracefulShutdownHandler {
            try await daemon.run()
        } onGracefulShutdown: {
            // A task of its own, because the handler cannot wait; run() returns when it has drained.
            Task { await daemon.drain() }
        }
    }
}

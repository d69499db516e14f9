// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugPipeline
import SnugSystem
import Synchronization

/// The signals of a daemon: reload, drain, stop at once.
final class WatchControl: Sendable {
    let daemon: Daemon
    let logger: Logger
    let manager: ServiceManager?
    private let loader: ConfigurationLoader
    /// The configuration at the start.
    private let initial: ServiceConfiguration
    private let log: LogSettings
    private let threads: BlockingThreads
    private let firstStop = Mutex<ContinuousClock.Instant?>(nil)

    init(
        daemon: Daemon, loader: ConfigurationLoader, initial: ServiceConfiguration, log: LogSettings, logger: Logger,
        manager: ServiceManager?, threads: BlockingThreads
    ) {
        self.initial = initial
        self.log = log
        self.daemon = daemon
        self.loader = loader
        self.logger = logger
        self.manager = manager
        self.threads = threads
    }

    /// Signals so close together are one, as a terminal sends Ctrl-C to a whole group and wrappers pass it on.
    private static let oneSignal = Duration.milliseconds(300)

    /// Reacts to a signal, on the thread that it comes on.
    func signal(_ number: Int32, drain: () -> Void) {
        if number == Signals.hangUp {
            // A task of its own, because signals come outside of all tasks.
            Task { await reload() }
            return
        }
        let now = ContinuousClock.now
        let first = firstStop.withLock { first in
            defer { if first == nil { first = now } }
            return first
        }
        guard let first else {
            try? manager?.send(.stopping, .status("stopping"), .extendStop(daemon.drainTime + .seconds(5)))
            return drain()
        }
        if now - first >= Self.oneSignal { Signals.exitNow(Interruption.exitCode) }
    }

    /// Takes the configuration as it is now; a bad one is refused, and the old one stays.
    private func reload() async {
        try? manager?.send(.reloading)
        let loader = loader
        do {
            var loaded = try await threads.run { try loader.load() }
            loaded.service.keepRole(of: initial)
            // All or nothing: no setting is in force that differs from the file's.
            try Daemon.refuse(loaded.service.keysNeedingRestart(since: initial))
            try await daemon.reload(loaded.service.watch)
            log.change(to: loaded.service.log)
            // Before the log: whoever reads that it is reloaded may stop it at once.
            try? manager?.send(.ready)
            logger.notice("configuration reloaded")
        } catch {
            try? manager?.send(.ready)
            let reason = (error as? DaemonError)?.message ?? "\(error)"
            logger.error("configuration refused, the old one stays", metadata: ["reason": "\(reason)"])
        }
    }
}

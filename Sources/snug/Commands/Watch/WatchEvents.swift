// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem

/// Everything that happens to a daemon, told to logs, metrics and the service manager.
struct WatchEvents: Sendable {
    var log: DaemonLog
    var metrics: DaemonMetrics
    var manager: ServiceManager?
    /// Signalled once the daemon runs.
    let start = AsyncEvent()
    /// Tells an address of jobs that end; `nil` for none.
    var webhook: WebhookService?

    /// Takes note of a step.
    func record(_ event: DaemonEvent) {
        log.record(event)
        metrics.record(event)
        webhook?.record(event)
        switch event.kind {
        case .started:
            start.signal()
            try? manager?.send(.ready, .status("watching"))
        case .draining: try? manager?.send(.stopping, .status("finishing what runs"))
        default: break
        }
    }
}

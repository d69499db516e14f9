// SPDX-License-Identifier: Apache-2.0
import Logging
import ServiceLifecycle
import SnugLedger
import SnugPipeline
import SnugSystem

/// Looks at a daemon from time to time, and shows its state on the terminal, in metrics and to the service manager.
struct StatusService: Service {
    private let daemon: Daemon
    private let display: WatchDisplay?
    private let events: WatchEvents
    private let logger: Logger

    init(_ daemon: Daemon, _ display: WatchDisplay?, _ events: WatchEvents, _ logger: Logger) {
        self.daemon = daemon
        self.display = display
        self.events = events
        self.logger = logger
    }

    /// Runs until the graceful shutdown.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let start = ContinuousClock.now
                await look()
                // Counting a large ledger takes time: never more than a hundredth of it.
                let pause = max(display == nil ? .seconds(15) : .milliseconds(500), (ContinuousClock.now - start) * 100)
                try? await Task.sleep(for: min(pause, .seconds(60)))
            }
        }
        if display != nil { await look() }
    }

    private func look() async {
        do {
            let status = try await daemon.status()
            events.metrics.record(status)
            display?.show(status)
            let books = status.books
            let line =
                "\(books.waiting) waiting, \(books.count(.delivered)) delivered, \(books.count(.failed)) failed, "
                + "\(books.count(.held)) held"
            try? events.manager?.send(.status(line))
        } catch is CancellationError {
            // The daemon ends, or never began.
        } catch {
            logger.warning("state cannot be read", metadata: ["reason": "\(error)"])
        }
    }
}

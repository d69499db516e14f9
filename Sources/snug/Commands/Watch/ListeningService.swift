// SPDX-License-Identifier: Apache-2.0
#if Server
    import Logging
    import ServiceLifecycle
    import SnugImage
    import SnugLedger
    import SnugPipeline
    import SnugServer
    import SnugSystem

    /// A server as one of the services of a command: it tells its address, and what keeps it from listening.
    struct ListeningService: Service {
        private let server: SnugServer
        /// Signalled once the daemon runs; `nil` for none.
        private let start: AsyncEvent?

        /// - Throws: `ServerConfigurationError`.
        init(
            _ configuration: ServerConfiguration, fitter: ImageFitter,
            registry: PrometheusRegistry = PrometheusRegistry(),
            jobs: ServerJobs?, after start: AsyncEvent?, manager: ServiceManager?, logger: Logger
        ) throws(ServerConfigurationError) {
            self.start = start
            server = try SnugServer(configuration, fitter: fitter, registry: registry, jobs: jobs, logger: logger) {
                address in
                OutputStream.standardError.writeLine("listening on http://\(address)")
                try? manager?.send(.ready, .status("listening on \(address)"))
            }
        }

        /// Serves until the graceful shutdown, from the start of the daemon on: one that cannot start has no page.
        /// - Throws: `DaemonError`.
        func run() async throws {
            if let start {
                await cancelWhenGracefulShutdown { await start.wait() }
                try Task.checkCancellation()
            }
            do { try await server.run() } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw DaemonError(.ioFailed, "the server ended: \(error); is the address free, and this machine's?")
            }
        }
    }

    /// The server of page and API beside a daemon.
    struct ListeningCompanion: DaemonCompanion {
        private let configuration: ServerConfiguration
        private let registry = PrometheusRegistry()

        init(_ configuration: ServerConfiguration) { self.configuration = configuration }

        var metrics: DaemonMetrics { DaemonMetrics(factory: registry) }

        func service(
            _ daemon: Daemon, _ ledger: any SharedLedger, _ fitter: ImageFitter, after start: AsyncEvent,
            manager: ServiceManager?, logger: Logger
        ) throws -> any Service {
            try ListeningService(
                configuration, fitter: fitter, registry: registry, jobs: ServerJobs(daemon, ledger: ledger),
                after: start,
                manager: manager, logger: logger)
        }
    }
#endif

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Logging
import ServiceLifecycle
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SnugUpload
import Synchronization
import SystemPackage

/// One run of a daemon: its ledger, its connections, its signals and its display.
struct WatchSession {
    var loader: ConfigurationLoader
    var service: ServiceConfiguration
    var isOnce: Bool
    var json: Bool
    /// The server of page and API beside the daemon; `nil` for none.
    var companion: (any DaemonCompanion)?
    /// The label of log messages.
    var label = "snug.watch"
    /// The time after which the job of a worker that gives no sign of life is another's; `nil` for the usual one.
    var leaseTime: Duration?

    /// Runs until a signal comes, or until everything is done.
    /// - Throws: ``DaemonError``; `ExitCode`.
    func run(_ interruption: Interruption, threads: BlockingThreads, showsLines: Bool) async throws {
        let messages = OutputStream.standardError
        let display = showsLines && messages.isTerminal && !Terminal.isDumb ? WatchDisplay(messages) : nil
        let log = LogSettings(service.log, isBesideLines: display != nil)
        let logger = logger(display, log)
        let manager = ServiceManager()
        let metrics = companion?.metrics ?? DaemonMetrics()
        var events = WatchEvents(log: DaemonLog(logger), metrics: metrics, manager: manager)
        let ledger: any SharedLedger
        do {
            ledger = try await service.ledgerLocation.open()
        } catch let error as LedgerError {
            messages.writeLine("Error: \(PrintableName.escaped(error.message))")
            throw ExitCode(1)
        }
        do {
            let fitter = Daemon.fitter(for: service.watch)
            let http = try makeClient(logger)
            try await HostName.reserve(service.watch.role, in: ledger)
            let storage = try await makeStorage(http, logger, threads)
            events.webhook = try await makeWebhook(ledger, http, logger, threads)
            let daemon = try await makeDaemon(ledger, storage, fitter, http, logger, events, threads)
            let control = WatchControl(
                daemon: daemon, loader: loader, initial: service, log: log, logger: logger, manager: manager,
                threads: threads)
            if isOnce {
                try await runOnce(daemon, control, interruption, events)
            } else {
                let page = try companion?.service(
                    daemon, ledger, fitter, after: events.start, manager: manager, logger: logger)
                try await serve(daemon, page, control, interruption, display, events)
            }
        } catch {
            display?.end()
            try? await ledger.close()
            throw error
        }
        display?.end()
        try? await ledger.close()
    }

    private func logger(_ display: WatchDisplay?, _ settings: LogSettings) -> Logger {
        Logger(label: label) { label in
            LogLineHandler(label: label, settings: settings) { line in
                if let display { display.tell(line) } else { OutputStream.standardError.writeLine(line) }
            }
        }
    }

    private func makeClient(_ logger: Logger) throws -> HTTPClient {
        var configuration = HTTPClientConfiguration()
        configuration.userAgent = "snug/\(Snug.version)"
        configuration.plainHTTP = service.network.allowsPlainHTTP ? .anywhere : .loopbackOnly
        configuration.additionalCertificates = service.network.certificates
        return try HTTPClient(configuration: configuration, logger: logger)
    }

    private func makeWebhook(
        _ ledger: any SharedLedger, _ http: HTTPClient, _ logger: Logger, _ threads: BlockingThreads
    ) async throws -> WebhookService? {
        guard let webhook = service.watch.webhook else { return nil }
        return try await threads.run { try WebhookService(webhook, ledger: ledger, http: http, logger: logger) }
    }

    private func makeStorage(
        _ http: HTTPClient, _ logger: Logger, _ threads: BlockingThreads
    ) async throws -> (any ByteStorage)? {
        guard let text = service.storage else { return nil }
        let keys = service.storageKeys
        do {
            return try await threads.run { try StorageAddress(text).open(keys: keys, http: http, logger: logger) }
        } catch let error as StorageError {
            OutputStream.standardError.writeLine("Error: \(PrintableName.escaped(error.message))")
            throw ExitCode(1)
        }
    }

    private func makeDaemon(
        _ ledger: any SharedLedger, _ storage: (any ByteStorage)?, _ fitter: ImageFitter, _ http: HTTPClient,
        _ logger: Logger, _ events: WatchEvents,
        _ threads: BlockingThreads
    ) async throws -> Daemon {
        let (watch, leaseTime) = (service.watch, leaseTime ?? .seconds(60))
        return try await threads.run {
            try Daemon(
                watch, ledger: ledger, generationStores: .ledger(ledger), uploadStore: LedgerUploadStore(ledger),
                storage: storage, http: http, logger: logger, fitter: fitter, leaseTime: leaseTime,
                onEvent: { events.record($0) })
        }
    }

    // MARK: Running

    private func runOnce(
        _ daemon: Daemon, _ control: WatchControl, _ interruption: Interruption, _ events: WatchEvents
    ) async throws {
        // A task of its own, because a signal cannot reach into a structured one.
        let work = Task { try await daemon.runOnce() }
        interruption.handleEach { number in
            control.signal(number) { Task { await daemon.drain() } }
        }
        let report = try await work.value
        // What is not accepted now is sent again by the next run.
        try await events.webhook?.sendOnce()
        try WatchReport.print(report, json: json)
        guard report.isClean else { throw ExitCode(1) }
    }

    private func serve(
        _ daemon: Daemon, _ page: (any Service)?, _ control: WatchControl, _ interruption: Interruption,
        _ display: WatchDisplay?, _ events: WatchEvents
    ) async throws {
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        if let manager = control.manager {
            services.append(.init(service: HeartbeatService(daemon, manager, logger: control.logger)))
        }
        if let webhook = events.webhook { services.append(.init(service: webhook)) }
        services.append(.init(service: StatusService(daemon, display, events, control.logger)))
        // Requests that come while both stop are refused, or wait for the next start.
        let together = ServicesTogether(services: [DaemonService(daemon)] + (page.map { [$0] } ?? []))
        services.append(
            .init(
                service: together, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .cancelGroup))
        // Our own signals, because SIGHUP reloads and a second one stops at once.
        var quiet = control.logger
        quiet.logLevel = .warning
        let configuration = ServiceGroupConfiguration(services: services, logger: quiet)
        let group = ServiceGroup(configuration: configuration)
        interruption.handleEach { number in
            control.signal(number) { Task { await group.triggerGracefulShutdown() } }
        }
        try await group.run()
    }
}

// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle
public import SnugImage
public import SnugLedger
import SnugPipeline
import SnugSystem
import Synchronization
public import SystemPackage

/// The service: HTTP API, page, health and metrics.
///
/// A graceful shutdown stops taking connections, finishes the requests that are under way, ends those that take longer than
/// the time for it, and returns.
public struct SnugServer: Service {
    private let configuration: ServerConfiguration
    private let services: ServerServices
    private let drainTime: @Sendable () -> Duration
    private let logger: Logger
    private let onRunning: @Sendable (ListenAddress) async -> Void

    /// Creates a server that does not listen yet.
    /// - Parameters:
    ///   - configuration: Address, access and bounds.
    ///   - fitter: The engine, whose memory and threads all requests share.
    ///   - registry: The values of `/metrics`.
    ///   - ledger: The ledger that readiness depends on; `nil` for none.
    ///   - jobs: The daemon that runs beside the server, whose ledger takes the place of the other; `nil` for none.
    ///   - folder: The folder whose disk has to have room; `nil` for none.
    ///   - logger: Gets a line for every failure.
    ///   - onRunning: Called with the address once it listens.
    /// - Throws: ``ServerConfigurationError``.
    public init(
        _ configuration: ServerConfiguration, fitter: ImageFitter = ImageFitter(),
        registry: PrometheusRegistry = PrometheusRegistry(), ledger: (any LedgerStore)? = nil,
        jobs: ServerJobs? = nil, folder: FilePath? = nil,
        logger: Logger, onRunning: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) throws(ServerConfigurationError) {
        try configuration.validate()
        self.configuration = configuration
        services = ServerServices(
            configuration, fitter: fitter, registry: registry, ledger: ledger, jobs: jobs,
            folder: folder ?? jobs?.stateDirectory)
        drainTime = { [daemon = jobs?.daemon, time = configuration.drainTime] in daemon?.drainTime ?? time }
        self.logger = logger
        self.onRunning = onRunning
    }

    /// Serves until the graceful shutdown has drained all requests, or its time is over.
    /// - Throws: What keeps it from listening.
    public func run() async throws {
        let (drainTime, logger) = (drainTime, logger)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await serve()
                return true
            }
            group.addTask {
                try await gracefulShutdown()
                let time = drainTime()
                try await Task.sleep(for: time)
                logger.notice(
                    "requests that are still under way are ended", metadata: ["seconds": "\(time / .seconds(1))"])
                return false
            }
            defer { group.cancelAll() }
            guard try await group.next() == false else { return }
            group.cancelAll()
            do { while try await group.next() != nil {} } catch is CancellationError {
                // The end of the requests, as wanted.
            }
        }
    }

    private func serve() async throws {
        let (services, host, onRunning) = (services, configuration.listen.host, onRunning)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: services.responder, server: .http1(configuration: channel),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.listen.host, port: configuration.listen.port),
                availableConnectionsDelegate: .maximum(configuration.maximumConnections, logger: quiet)),
            onServerRunning: { channel in
                await onRunning(ListenAddress(host: host, port: channel.localAddress?.port ?? 0))
            }, logger: logger)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                group.addTask {
                    await services.results.keepHouse()
                    try Task.checkCancellation()
                }
                group.addTask { try await Self.trim(services.memory) }
                if let desk = services.desk {
                    let (period, logger) = (configuration.uploadPeriod, logger)
                    group.addTask {
                        await desk.keepHouse(every: period, logger)
                        try Task.checkCancellation()
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } onGracefulShutdown: {
            services.readiness.drain()
        }
    }

    /// Gives memory for bodies back that a while has not needed.
    private static func trim(_ memory: MemoryFilePool) async throws {
        while true {
            try await Task.sleep(for: .seconds(15))
            memory.trim()
        }
    }

    private var channel: HTTP1Channel.Configuration {
        let limits = ConnectionGuard.Limits(
            headTimeout: TimeAmount(configuration.headTimeout), keepAlive: TimeAmount(configuration.keepAlive),
            ratePeriod: TimeAmount(configuration.ratePeriod),
            minimumBytes: Int(configuration.ratePeriod / .seconds(1) * Double(configuration.minimumRate)),
            maximumBodyBytes: configuration.maximumBodyBytes, maximumPartBytes: configuration.maximumUploadBytes)
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(limits, metrics: services.metrics)],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: configuration.maximumHeaderBytes,
                maxHeaderListSize: configuration.maximumHeaderBytes,
                maxHeaderFieldCount: 100))
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Logging
import ServiceLifecycle
import SnugImage
import SnugLedger
import SnugPipeline
import SnugServer
import SnugSystem

/// `snug serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Fits images over HTTP, for backends in any language.",
        discussion: """
            POST /v1/fit takes an image and answers with the fitted one; parameters of the query are named like the options of \
            'snug fit'. At most the limit's bytes come back, or status 422 says how small the image could become. \
            POST /v1/inspect tells what an image is. /livez, /readyz and /metrics are for orchestrators.

            The page at / does the same by dropping images on it; /openapi.yaml describes the API. POST /shrink works like the \
            Tinify API: its client libraries run with this address instead of theirs.

            Where the state directory has a ledger, /v1/jobs lists the jobs of 'snug watch' and carries out decisions about \
            them, and /v1/events tells each change.

            Only this machine can connect unless --listen says otherwise; then a token is needed.

            Signals: SIGTERM and Ctrl-C finish the requests under way, for --drain-time at most; a second one stops at once.

            Exit codes: 0 stopped as asked, 1 the address cannot be used, 64 bad usage or configuration, 130 stopped at once.

            Examples:
              snug serve
              curl --data-binary @photo.jpg 'http://127.0.0.1:8080/v1/fit?limit=1MB&max-side=2048' -o small.jpg
              curl -F image=@photo.jpg -F for=bluesky http://127.0.0.1:8080/v1/fit -o small.jpg
              snug serve --listen 0.0.0.0:8080 --token-file /run/secrets/snug --allow-host images.example.org
            """)

    @OptionGroup(title: "Access") var access: ServeAccessOptions
    @OptionGroup(title: "Bounds") var bounds: ServeBoundOptions

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Images fitted at once. (default: the number of cores)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var jobs: Int?

    @Option(
        help: ArgumentHelp("Memory for all images at once. (default: half of the machine's)", valueName: "size"),
        transform: ArgumentParsing.positiveByteCount)
    var memory: ByteCount?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"),
        completion: .list(ServiceConfiguration.Log.Level.allCases.map(\.rawValue)))
    var logLevel = ServiceConfiguration.Log.Level.info

    @Option(
        help: ArgumentHelp("text or json. (default: text)", valueName: "name"), completion: .list(["text", "json"]))
    var logFormat = ServiceConfiguration.Log.Format.text

    @OptionGroup var state: LedgerOptions

    @OptionGroup(title: "Configuration") var settings: ConfigurationOptions

    mutating func run() async throws { try await run(Interruption()) }

    /// Runs until a signal comes.
    func run(_ interruption: Interruption) async throws {
        var log = ServiceConfiguration.Log()
        (log.level, log.format) = (logLevel, logFormat)
        let settings = LogSettings(log, isBesideLines: false)
        let logger = Logger(label: "snug.serve") { label in
            LogLineHandler(label: label, settings: settings) { OutputStream.standardError.writeLine($0) }
        }
        do {
            try await state.withLedgerIfThere { try await serve($0, interruption, logger) }
        } catch let error as ServerConfigurationError {
            throw Self.failure(error.message, code: 64)
        } catch let error as LedgerError {
            throw Self.failure(error.message, code: 1)
        }
    }

    private func serve(_ ledger: (any SharedLedger)?, _ interruption: Interruption, _ logger: Logger) async throws {
        let server = try makeServer(ledger, logger)
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)], logger: logger)
        configuration.maximumGracefulShutdownDuration = bounds.drainTime ?? .seconds(30)
        let group = ServiceGroup(configuration: configuration)
        // A task of its own, because signals come outside of all tasks.
        interruption.handle(stop: { Task { await group.triggerGracefulShutdown() } }, cleanUp: {})
        do {
            try await group.run()
        } catch {
            throw Self.failure("the server ended: \(error); is the address free, and this machine's?", code: 1)
        }
    }

    private func makeServer(_ ledger: (any SharedLedger)?, _ logger: Logger) throws -> SnugServer {
        let fitter = ImageFitter(
            configuration: .init(memory: memory?.bytes, threads: min(jobs ?? Machine.usableCoreCount, 256)))
        let manager = ServiceManager()
        let folder = ledger == nil ? nil : try state.folder
        return try SnugServer(
            try serverConfiguration(), fitter: fitter, ledger: ledger, folder: folder, logger: logger
        ) { address in
            OutputStream.standardError.writeLine("listening on http://\(address)")
            try? manager?.send(.ready, .status("listening on \(address)"))
        }
    }

    private func serverConfiguration() throws(ServerConfigurationError) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        if let listen = access.listen { configuration.listen = listen }
        configuration.hosts = Set(access.allowHost)
        if let file = access.tokenFile {
            configuration.token = try BearerToken(file: file.path)
        } else if let text = Machine.environment("SNUG_SERVER_TOKEN"), !text.isEmpty {
            configuration.token = try BearerToken(text)
        }
        if let size = bounds.maxBody { configuration.maximumBodyBytes = size.bytes }
        if let count = bounds.maxConnections { configuration.maximumConnections = count }
        if let count = bounds.queue { configuration.queueLength = count }
        if let time = bounds.queueTimeout { configuration.queueTimeout = time }
        if let time = bounds.fitTimeout { configuration.fitTimeout = time }
        if let time = bounds.keepAlive { configuration.keepAlive = time }
        return configuration
    }

    private static func failure(_ message: String, code: Int32) -> ExitCode {
        OutputStream.standardError.writeLine("Error: \(PrintableName.escaped(message))")
        return ExitCode(code)
    }
}

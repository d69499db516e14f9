// SPDX-License-Identifier: Apache-2.0
#if Server
    import ArgumentParser
    import FoundationEssentials
    import Logging
    import ServiceLifecycle
    import SnugImage
    import SnugLedger
    import SnugPipeline
    import SnugServer
    import SnugSystem
    import SystemPackage

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

                POST /v1/jobs takes images to work on later: each becomes a job, which survives crashes, and whose result waits \
                at /v1/jobs/ID/result. The folders of --config run beside it, as with 'snug watch'. /v1/jobs lists all jobs and \
                carries out decisions about them; /v1/events tells each change. One process at a time uses a state directory; \
                --no-jobs needs none.

                Only this machine can connect unless --listen says otherwise; then a token is needed.

                Signals: SIGHUP reads the configuration of the folders again; SIGTERM and Ctrl-C finish the requests and jobs \
                under way, for --drain-time at most; a second one stops at once.

                Exit codes: 0 stopped as asked, 1 the address or the state directory cannot be used, 64 bad usage or configuration, 130 stopped at once.

                Examples:
                  snug serve
                  curl --data-binary @photo.jpg -o small.jpg \\
                    'http://127.0.0.1:8080/v1/fit?limit=1MB&max-side=2048'
                  curl -F image=@photo.jpg -F for=bluesky -o small.jpg \\
                    http://127.0.0.1:8080/v1/fit
                  curl -F image=@a.jpg -F image=@b.jpg -F limit=1MB \\
                    http://127.0.0.1:8080/v1/jobs
                  snug serve --config snug.yaml
                  snug serve --listen 0.0.0.0:8080 --token-file /run/secrets/snug \\
                    --allow-host images.example.org
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

        @Flag(
            inversion: .prefixedNo,
            help:
                "Handle every image in a process without files and network, where a fault of a codec costs that image only; on by default."
        )
        var isolate: Bool?

        @Option(
            help: ArgumentHelp(
                "trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"),
            completion: .list(ServiceConfiguration.Log.Level.allCases.map(\.rawValue)))
        var logLevel: ServiceConfiguration.Log.Level?

        @Option(
            help: ArgumentHelp("text or json. (default: text)", valueName: "name"), completion: .list(["text", "json"]))
        var logFormat: ServiceConfiguration.Log.Format?

        @Flag(help: "Take no jobs and run no folders: no state directory is needed, and several servers can run.")
        var noJobs = false

        @OptionGroup(title: "Fleet") var fleet: FleetOptions
        @OptionGroup(title: "Fleet") var host: HostOptions

        @OptionGroup var state: LedgerOptions

        @OptionGroup(title: "Configuration") var settings: ConfigurationOptions

        mutating func run() async throws { try await run(Interruption()) }

        /// Runs until a signal comes.
        func run(_ interruption: Interruption) async throws {
            do {
                let server = try serverConfiguration()
                try server.validate()
                if noJobs { return try await serve(server, interruption) }
                let (loader, threads) = (try loader(), BlockingThreads(count: 1))
                var loaded = try await threads.run { try loader.load() }
                loaded.service.watch.takesSubmissions = true
                loaded.service = try await threads.run { [service = loaded.service] in try service.takingRole() }
                var session = WatchSession(
                    loader: loader, service: loaded.service, isOnce: false, json: false,
                    companion: ListeningCompanion(server),
                    label: "snug.serve")
                session.leaseTime = fleet.lease
                try await session.run(interruption, threads: threads, showsLines: false)
            } catch {
                throw ServiceFailure.exitCode(error)
            }
        }

        /// The reader of the daemon's settings: those of the file, and those that options have.
        private func loader() throws -> ConfigurationLoader {
            var options: [OptionValue] = []
            func add(_ path: String..., value: String?, option: String) {
                if let value { options.append(OptionValue(path, [value], option: option)) }
            }
            add("workers", "fits", value: jobs.map { "\($0)" }, option: "--jobs")
            add("memory", value: memory.map { "\($0.bytes)" }, option: "--memory")
            add("isolate", value: isolate.map { "\($0)" }, option: isolate == false ? "--no-isolate" : "--isolate")
            add("drain_time", value: bounds.drainTime.map { DurationText.exact($0) }, option: "--drain-time")
            add("log", "level", value: logLevel?.rawValue, option: "--log-level")
            add("log", "format", value: logFormat?.rawValue, option: "--log-format")
            add("state_dir", value: state.state?.path.string, option: "--state")
            add("ledger", value: state.ledger, option: "--ledger")
            add("storage", value: fleet.place.storage, option: "--storage")
            add("host", value: host.host, option: "--host")
            var loader = ConfigurationLoader(
                file: settings.config?.path, environment: ProcessInfo.processInfo.environment, options: options,
                stateDirectory: try state.folder)
            loader.sections = ConfiguredArguments.otherSections(than: "")
            return loader
        }

        /// Serves without a daemon.
        private func serve(_ server: ServerConfiguration, _ interruption: Interruption) async throws {
            var log = ServiceConfiguration.Log()
            if let logLevel { log.level = logLevel }
            if let logFormat { log.format = logFormat }
            let settings = LogSettings(log, isBesideLines: false)
            let logger = Logger(label: "snug.serve") { label in
                LogLineHandler(label: label, settings: settings) { OutputStream.standardError.writeLine($0) }
            }
            let fitter = ImageFitter(
                configuration: .init(
                    memory: memory?.bytes, threads: min(jobs ?? Machine.usableCoreCount, 256),
                    isolation: isolate == false ? .riskyFormats : .everything))
            let service = try ListeningService(
                server, fitter: fitter, jobs: nil, after: nil, manager: ServiceManager(), logger: logger)
            let configuration = ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: logger)
            let group = ServiceGroup(configuration: configuration)
            // A task of its own, because signals come outside of all tasks.
            interruption.handle(stop: { Task { await group.triggerGracefulShutdown() } }, cleanUp: {})
            try await group.run()
        }

        private func serverConfiguration() throws(ServerConfigurationError) -> ServerConfiguration {
            var configuration = ServerConfiguration()
            if let listen = access.listen { configuration.listen = listen }
            try access.visitors.apply(to: &configuration)
            if let size = bounds.maxBody { configuration.maximumBodyBytes = size.bytes }
            if let size = bounds.maxUpload { configuration.maximumUploadBytes = size.bytes }
            if let count = bounds.maxConnections { configuration.maximumConnections = count }
            if let count = bounds.queue { configuration.queueLength = count }
            if let time = bounds.queueTimeout { configuration.queueTimeout = time }
            if let time = bounds.fitTimeout { configuration.fitTimeout = time }
            if let time = bounds.drainTime { configuration.drainTime = time }
            if let time = bounds.keepAlive { configuration.keepAlive = time }
            return configuration
        }
    }
#endif

// SPDX-License-Identifier: Apache-2.0
#if Server
    import ArgumentParser
    import SnugImage
    import SnugPipeline
    import SnugServer
    import SnugSystem

    /// The address of a server, and who may use it.
    struct ServeAccessOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp("The address to listen on. (default: 127.0.0.1:8080)", valueName: "host:port"),
            transform: ServeParsing.address)
        var listen: ListenAddress?

        @OptionGroup var visitors: VisitorOptions
    }

    /// The bounds of a server.
    struct ServeBoundOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp("Maximum size of a request. (default: 64MiB)", valueName: "size"),
            transform: ArgumentParsing.positiveByteCount)
        var maxBody: ByteCount?

        @Option(
            help: ArgumentHelp("Maximum size of a file that is uploaded in parts. (default: 1GiB)", valueName: "size"),
            transform: ArgumentParsing.positiveByteCount)
        var maxUpload: ByteCount?

        @Option(
            help: ArgumentHelp("Maximum connections at once. (default: 1024)", valueName: "n"),
            transform: ArgumentParsing.positive)
        var maxConnections: Int?

        @Option(
            help: ArgumentHelp(
                "Requests that may wait; beyond, the response is 503 with Retry-After. (default: 64)", valueName: "n"),
            transform: ArgumentParsing.positive)
        var queue: Int?

        @Option(
            help: ArgumentHelp("Longest wait of a request for its turn. (default: 30s)", valueName: "time"),
            transform: ServeParsing.duration)
        var queueTimeout: Duration?

        @Option(
            help: ArgumentHelp("Longest time for one image. (default: 2min)", valueName: "time"),
            transform: ServeParsing.duration)
        var fitTimeout: Duration?

        @Option(
            help: ArgumentHelp(
                "Time that an idle connection stays open; longer than a load balancer's. (default: 75s)",
                valueName: "time"),
            transform: ServeParsing.duration)
        var keepAlive: Duration?

        @Option(
            help: ArgumentHelp("Time that requests get to finish when stopped. (default: 30s)", valueName: "time"),
            transform: ServeParsing.duration)
        var drainTime: Duration?
    }

    /// Turns arguments of `snug serve` into values.
    enum ServeParsing {
        @Sendable static func address(_ text: String) throws -> ListenAddress {
            do throws(ServerConfigurationError) { return try ListenAddress(parsing: text) } catch {
                throw ValidationError(error.message)
            }
        }

        /// The token of a file, else of the environment; `nil` for none. It blocks.
        static func token(file: PathArgument?) throws(ServerConfigurationError) -> BearerToken? {
            if let file { return try BearerToken(file: file.path) }
            let variable = "SNUG_SERVER_TOKEN"
            guard let text = Machine.environment(variable) else { return nil }
            do { return try BearerToken(text) } catch {
                throw ServerConfigurationError(
                    "\(variable): \(error.message)" + (text.isEmpty ? ", or unset the variable to go without one" : ""))
            }
        }

        @Sendable static func duration(_ text: String) throws -> Duration {
            guard let duration = DurationText.parse(text), duration > .zero else {
                throw ValidationError("'\(PrintableName.escaped(text))' is no duration; write \(DurationText.examples)")
            }
            return duration
        }
    }
#endif

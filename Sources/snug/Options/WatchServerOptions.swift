// SPDX-License-Identifier: Apache-2.0
#if Server
    import ArgumentParser
    import SnugServer

    /// The server beside a daemon.
    struct WatchServerOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "Serve the page and the API of 'snug serve' at this address. (default: none)", valueName: "host:port"),
            transform: ServeParsing.address)
        var listen: ListenAddress?

        @OptionGroup var visitors: VisitorOptions

        /// True when something is given that is about the address.
        var isGiven: Bool { visitors.isGiven }

        /// The server; `nil` for none.
        var companion: (any DaemonCompanion)? {
            get throws {
                guard let listen else { return nil }
                var configuration = ServerConfiguration(listen: listen)
                try visitors.apply(to: &configuration)
                try configuration.validate()
                return ListeningCompanion(configuration)
            }
        }
    }
#endif

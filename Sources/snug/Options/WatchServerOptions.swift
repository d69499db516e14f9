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

        @Option(
            help: ArgumentHelp(
                "A file with the token that requests have to show, as 'Authorization: Bearer TOKEN'. (default: "
                    + "$SNUG_SERVER_TOKEN; needed unless --listen is of this machine only)", valueName: "file"))
        var tokenFile: PathArgument?

        @Option(
            help: ArgumentHelp(
                "A name that the server is reached by, besides localhost and addresses. Repeatable.", valueName: "name")
        )
        var allowHost: [String] = []

        /// True when something is given that is about the address.
        var isGiven: Bool { tokenFile != nil || !allowHost.isEmpty }

        /// The server; `nil` for none.
        var companion: (any DaemonCompanion)? {
            get throws {
                guard let listen else { return nil }
                var configuration = ServerConfiguration(listen: listen)
                configuration.hosts = Set(allowHost)
                configuration.token = try ServeParsing.token(file: tokenFile)
                try configuration.validate()
                return ListeningCompanion(configuration)
            }
        }
    }
#endif

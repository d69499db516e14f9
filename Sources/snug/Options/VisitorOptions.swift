// SPDX-License-Identifier: Apache-2.0
#if Server
    import ArgumentParser
    import SnugServer

    /// Who may use a server.
    struct VisitorOptions: ParsableArguments {
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

        /// True when something is given.
        var isGiven: Bool { tokenFile != nil || !allowHost.isEmpty }

        /// Sets names and token of a server. It blocks, to read the token.
        func apply(to configuration: inout ServerConfiguration) throws(ServerConfigurationError) {
            configuration.hosts = Set(allowHost)
            configuration.token = try ServeParsing.token(file: tokenFile)
        }
    }
#endif

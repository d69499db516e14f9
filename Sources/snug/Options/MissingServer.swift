// SPDX-License-Identifier: Apache-2.0
#if !Server
    import ArgumentParser

    /// The place of `snug serve` in a build without it.
    struct ServeCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "serve", abstract: "Fits images over HTTP; not in this build, which lacks the trait Server.")

        @Argument(parsing: .captureForPassthrough, help: .hidden) var arguments: [String] = []

        mutating func run() async throws { try await run(Interruption()) }

        func run(_ interruption: Interruption) async throws { throw MissingServer.refusal("snug serve") }
    }

    /// The server beside a daemon, in a build without it.
    struct WatchServerOptions: ParsableArguments {
        @Option(help: .hidden) var listen: String?
        @Option(help: .hidden) var tokenFile: String?
        @Option(help: .hidden) var allowHost: [String] = []

        /// True when something is given that is about the address.
        var isGiven: Bool { tokenFile != nil || !allowHost.isEmpty }

        /// The server; `nil` for none.
        var companion: (any DaemonCompanion)? {
            get throws {
                guard listen == nil else { throw MissingServer.refusal("page and API") }
                return nil
            }
        }
    }

    private enum MissingServer {
        static func refusal(_ what: String) -> ValidationError {
            ValidationError("this build lacks \(what); build it with the package trait Server, as 'make install' does")
        }
    }
#endif

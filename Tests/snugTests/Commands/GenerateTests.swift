// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SnugSimulator
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

/// The built `snug generate` against simulated providers, over real sockets. One after the other: each has a score of ports.
@Suite(.serialized) enum GenerateTests {}

/// An empty folder, simulated providers, and the command between them.
struct GenerateFolder: Sendable {
    let simulator: Simulator
    let place: CommandFolder
    var runner: CommandRunner

    /// Keys that the simulator knows, none of which may ever be seen.
    static let keys = [
        "POLLINATIONS_API_KEY": "sk_paid", "ELUMENTA_API_KEY": ElumentaAccount.key("elite"),
        "OPENAI_API_KEY": "sk-main",
    ]

    /// Runs `body` with a simulator that stops afterwards.
    static func with(
        _ configuration: Simulator.Configuration = Simulator.Configuration(),
        _ body: (GenerateFolder) async throws -> Void
    ) async throws {
        try await Simulator.with(configuration) { simulator in
            let place = try CommandFolder()
            var runner = place.runner
            runner.environment.merge(Self.keys) { $1 }
            runner.environment["SNUG_STATE_DIR"] = place.folder.path.appending("state").string
            runner.environment["TMPDIR"] = place.folder.path.string
            try await body(GenerateFolder(simulator: simulator, place: place, runner: runner))
        }
    }

    /// The same with standard error a terminal, or another environment.
    func with(_ change: (inout CommandRunner) -> Void) -> GenerateFolder {
        var copy = self
        change(&copy.runner)
        return copy
    }

    /// Runs the command on a thread of its own: the simulator needs Swift's.
    func run(
        _ arguments: [String], input: [UInt8]? = [],
        whenSaid: @escaping @Sendable (Int32, String) -> Void = { _, _ in }
    ) async throws -> CommandResult {
        try await onThread { [runner] in
            try runner.run(arguments.map { Array($0.utf8) }, input: input, whenSaid: whenSaid)
        }
    }

    func options(_ service: ServiceName) -> [String] {
        ["--provider", service.rawValue, "--base-url", simulator.addresses[service]]
    }

    /// `snug generate PROMPT…` at a provider.
    func generate(
        _ service: ServiceName, _ arguments: String..., input: [UInt8]? = [],
        whenSaid: @escaping @Sendable (Int32, String) -> Void = { _, _ in }
    ) async throws -> CommandResult {
        try await run(["generate"] + arguments + options(service), input: input, whenSaid: whenSaid)
    }

    /// Files below the folder, without what is kept about them.
    var files: [String] { place.folder.files().filter { !$0.hasPrefix("state/") && !$0.hasPrefix("snug-") } }

    /// Requests that a provider could charge for.
    var paidRequests: [RecordedRequest] {
        simulator.requests.filter {
            $0.method == "POST" || $0.path.hasPrefix("/image/") && $0.path != "/image/models"
        }
    }

    /// Ends a run by a signal once the provider has charged for something.
    func stop(_ number: Int32, afterCharges count: Int = 1) -> @Sendable (Int32, String) -> Void {
        let simulator = simulator
        // A second Ctrl-C would end it at once.
        let isSent = Mutex(false)
        return { process, text in
            guard text.contains("submits") else { return }
            let isFirst = isSent.withLock { isSent in
                defer { isSent = true }
                return !isSent
            }
            guard isFirst else { return }
            // On a thread that waits for nothing else.
            while simulator.ledger.charges.count < count { usleep(2000) }
            kill(process, number)
        }
    }

    func object(_ result: CommandResult) throws -> [String: Any] {
        try #require(try CommandFolder.objects(result).first, "\(result.standardError)")
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// `snug work`.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work",
        abstract: "Works for the hosts that watch folders: fits, uploads and generates what is in a shared ledger.",
        discussion: """
            Several hosts share one ledger, --ledger postgres://…, and one storage for bytes, --storage. Each host with \
            'snug watch' or 'snug serve' puts its files into both. A worker watches no folder: it claims jobs, fetches their \
            images, and stores what it made. The host of a file delivers it.

            Workers may come and go. A job whose worker ends, stands still or is cut off goes to another one; what was \
            submitted to a provider is never submitted twice. Accounts come from --config; a worker leaves generations of \
            accounts that it does not have to others.

            Signals and exit codes are those of 'snug watch'.

            Examples:
              snug work --ledger postgres://snug@db/snug --storage file:///mnt/snug
              snug work --config snug.yaml --steps fit,upload
              snug work --config snug.yaml --once
            """)

    @Option(
        help: ArgumentHelp(
            "The steps to do: some of fit, upload and generate. (default: all)", valueName: "list"),
        completion: .list(["fit", "upload", "generate"]), transform: Self.parseSteps)
    var steps: Set<JobStep>?

    @OptionGroup(title: "Fleet") var fleet: FleetOptions
    @OptionGroup(title: "Worker") var daemon: WatchRunOptions
    @OptionGroup var state: LedgerOptions

    mutating func validate() throws {
        if daemon.json, !daemon.once, !daemon.checkConfig {
            throw ValidationError("--json goes with --once or --check-config; logs are JSON by --log-format json")
        }
    }

    mutating func run() async throws { try await run(Interruption()) }

    /// Runs until a signal comes, or until nothing is due.
    func run(_ interruption: Interruption) async throws {
        let (loader, threads) = (try loader(), BlockingThreads(count: 1))
        let steps = steps ?? FleetRole.workerSteps
        do {
            var loaded = try await threads.run { try loader.load() }
            if daemon.checkConfig { return try ConfigurationPrinter.print(loaded.settings, json: daemon.json) }
            loaded.service = try await threads.run { [service = loaded.service] in
                try service.takingRole(workingOn: steps)
            }
            let parent = loaded.service.watch.stateDirectory
            let directory = try await threads.run { try WorkerDirectory.take(below: parent) }
            loaded.service.watch.stateDirectory = directory.path
            var session = WatchSession(loader: loader, service: loaded.service, isOnce: daemon.once, json: daemon.json)
            session.label = "snug.work"
            session.leaseTime = fleet.lease
            try await session.run(interruption, threads: threads, showsLines: daemon.logFormat == nil)
            withExtendedLifetime(directory) {}
        } catch {
            throw ServiceFailure.exitCode(error, json: daemon.json)
        }
    }

    /// The reader of the configuration that the arguments name.
    private func loader() throws -> ConfigurationLoader {
        let options = (daemon.given + fleet.given).map { value in
            OptionValue(value.key.split(separator: ".").map(String.init), value.values, option: value.option)
        }
        return try daemon.loader(options, state)
    }

    @Sendable private static func parseSteps(_ text: String) throws -> Set<JobStep> {
        let known: [String: Set<JobStep>] = [
            "fit": [.fit], "upload": [.upload], "generate": [.submit, .reconcile, .collect],
        ]
        var steps: Set<JobStep> = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            let word = String(name.drop { $0 == " " })
            guard let some = known[word] else {
                throw ValidationError(
                    "'\(PrintableName.escaped(word))' is no step; list some of fit, upload and generate")
            }
            steps.formUnion(some)
        }
        return steps
    }
}

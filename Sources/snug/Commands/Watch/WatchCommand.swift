// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugPipeline
import SnugSystem
import SystemPackage

/// `snug watch`.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", _superCommandName: "snug",
        abstract: "Watches folders: each file dropped into one is fitted, uploaded or edited, and delivered.",
        discussion: """
            A file is taken once it has been quiet for a while and is complete. Its result appears under the same name below \
            the output folder; the source moves to done/ beside the watched folder, or to failed/ with NAME.error.json, which \
            says why. A file NAME.json beside an image sets prompt, model, size and limits for it alone.

            Every step is recorded before it is begun. After a crash, kill -9 or a power cut the next start resumes: no file \
            is lost, no result appears in part, and nothing is paid for twice. 'snug jobs' shows and steers the work.

            With --listen, the page and the API of 'snug serve' show and steer the work, and take images too.

            Signals: SIGHUP reads the configuration again, and keeps the old one when the new one is wrong or needs a \
            restart (state_dir, ledger, storage, host, memory, isolate, network, webhook, more workers.fits); SIGTERM and Ctrl-C finish what runs, for --drain-time \
            at most; a second one stops at once.

            Exit codes: 0 stopped as asked, 1 a fault that a restart may cure or, with --once, some file failed or waits, 64 bad \
            usage or configuration, 70 internal error, 130 stopped at once.

            Examples:
              snug watch inbox/ -o outbox/
              snug watch inbox/ -o outbox/ --for bluesky --source delete
              snug watch inbox/ -o outbox/ --generate openai --prompt 'as a watercolour'
              snug watch --config snug.yaml
              snug watch --config snug.yaml --listen 127.0.0.1:8080
              snug watch --config snug.yaml --check-config
            """)

    @OptionGroup(title: "Folder") var folder: WatchFolderOptions
    @OptionGroup(title: "Limits") var fit: WatchFitOptions
    @OptionGroup(title: "Upload and generation") var stages: WatchStageOptions
    @OptionGroup(title: "Daemon") var daemon: WatchRunOptions
    @OptionGroup(title: "Page and API") var server: WatchServerOptions
    @OptionGroup(title: "Fleet") var fleet: FleetOptions
    @OptionGroup(title: "Fleet") var host: HostOptions
    @OptionGroup var state: LedgerOptions

    mutating func validate() throws {
        if daemon.config == nil {
            guard folder.inbox != nil else {
                throw ValidationError("no folder is given: pass DIR -o DIR, or --config FILE")
            }
            guard folder.output != nil else { throw ValidationError("no output is given: pass -o DIR") }
        } else if folder.inbox != nil || folder.output != nil || folder.name != nil {
            throw ValidationError("--config names the folders; omit DIR, -o and --name")
        } else if stages.generate != nil {
            throw ValidationError("--config names the accounts; set generate.account in the file instead of --generate")
        }
        if server.listen == nil, server.isGiven {
            throw ValidationError("--token-file and --allow-host are about --listen; give that too")
        }
        if server.listen != nil, daemon.once { throw ValidationError("--once ends by itself; omit --listen") }
        if daemon.json, !daemon.once, !daemon.checkConfig {
            throw ValidationError("--json goes with --once or --check-config; logs are JSON by --log-format json")
        }
    }

    mutating func run() async throws { try await run(Interruption()) }

    /// Runs until a signal comes, or until everything is done.
    func run(_ interruption: Interruption) async throws {
        let loader = try loader()
        let threads = BlockingThreads(count: 1)
        do {
            var loaded = try await threads.run { try loader.load() }
            if daemon.checkConfig {
                try await threads.run { [watch = loaded.service.watch] in try watch.validate() }
                try ConfigurationPrinter.print(loaded.settings, json: daemon.json)
                return
            }
            loaded.service = try await threads.run { [service = loaded.service] in try service.takingRole() }
            var session = WatchSession(loader: loader, service: loaded.service, isOnce: daemon.once, json: daemon.json)
            session.companion = try server.companion
            session.leaseTime = fleet.lease
            try await session.run(interruption, threads: threads, showsLines: daemon.logFormat == nil)
        } catch {
            throw ServiceFailure.exitCode(error, json: daemon.json)
        }
    }

    /// The reader of the configuration that the arguments name.
    func loader() throws -> ConfigurationLoader {
        var options: [OptionValue] = []
        func add(_ prefix: [String], _ given: [(key: String, values: [String], option: String)]) {
            options += given.map { value in
                OptionValue(
                    prefix + value.key.split(separator: ".").map(String.init), value.values, option: value.option)
            }
        }
        var name = ConfigurationLoader.everyName
        if let inbox = folder.inbox, let output = folder.output {
            let path = try WorkingFolder.absolute(inbox.path).lexicallyNormalized()
            name = folder.name ?? path.lastComponent?.string ?? "inbox"
            add(
                ["folders", name],
                [("inbox", [path.string], "DIR"), ("outbox", [output.path.string], "--output")])
        }
        add(["folders", name], folder.given + fit.given + stages.given)
        add(["accounts", WatchStageOptions.account], stages.givenOfAccount)
        add([], daemon.given + fleet.given + host.given)
        return try daemon.loader(options, state)
    }
}

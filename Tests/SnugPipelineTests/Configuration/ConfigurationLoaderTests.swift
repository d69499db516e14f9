// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugLedger
import SnugPipeline
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

/// Configurations from a file, the environment and options.
@Suite struct ConfigurationLoaderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func load(
        _ text: String?, environment: [String: String] = [:], options: [OptionValue] = []
    ) throws -> LoadedConfiguration {
        if let text { try folder.write(Array(text.utf8), to: "snug.yaml") }
        return try ConfigurationLoader(
            file: text == nil ? nil : folder.path.appending("snug.yaml"), environment: environment, options: options,
            stateDirectory: "/state"
        ).load()
    }

    /// The faults of a text, each without the folder of the file.
    private func faults(_ text: String, environment: [String: String] = [:]) throws -> [String] {
        do {
            _ = try load(text, environment: environment)
            return []
        } catch let error as ConfigurationError {
            return error.faults.map { $0.description.replacing(folder.path.string + "/", with: "") }
        }
    }

    private static let small = """
        folders:
          inbox:
            inbox: in
            outbox: /out

        """

    private static let everything = """
        state_dir: /var/lib/snug
        memory: 512MiB
        drain_time: 1min
        workers: {fits: 3, uploads: 5, submissions: 7, deliveries: 1}
        retention: {delivered: 7d, cancelled: never, failed: 90d}
        log: {level: debug, format: json}
        network: {allow_plain_http: true, cacert: ca.pem}
        accounts:
          main:
            provider: openai
            base_url: https://images.example/v1
            key_env: IMAGES_KEY
            idempotency: replay
            rate_limits: [60/min, 500/hour]
            max_concurrency: 2
            timeout: 5min
          spare: {provider: elumenta, key_file: /run/secrets/key}
        folders:
          photos:
            inbox: in
            outbox: /srv/out
            source: leave
            failed: bad
            settle: 500ms
            patience: 10min
            scan_interval: 5min
            poll_interval: 1s
            polling: true
            recursive: false
            priority: interactive
            max_attempts: 3
            fit: {for: bluesky, max_side: 1000, format: jpg, strategy: stepped, effort: fast, keep_size: true,
                  quality_floor: 60, quality_ceiling: 90, chroma: '4:4:4', metadata: keep, background: '#ff8000',
                  salvage: true}
          edits:
            inbox: /edits/in
            outbox: /edits/out
            upload:
              to: https://host/files/
              protocol: tus
              content_type: image/jpeg
              headers: ['X-Kind: edit', 'Authorization: Bearer ${env:TOKEN}']
            generate:
              account: main
              prompt: as a watercolour
              model: m
              fallback_models: [n, o]
              size: 1024x768
              count: 2
              seed: 7
              format: image/png
              parameters: [quality=high, steps=4]

        """

    @Test("Everything that a daemon knows can be set, in any number of folders and accounts")
    func everything() throws {
        let loaded = try load(Self.everything)
        let watch = loaded.service.watch
        #expect(watch.stateDirectory == "/var/lib/snug" && watch.memory == 512 << 20)
        #expect(watch.drainTime == .seconds(60) && watch.workers.fits == 3 && watch.workers.deliveries == 1)
        #expect(watch.retention.delivered == .seconds(7 * 86_400) && watch.retention.cancelled == nil)
        #expect(loaded.service.log.level == .debug && loaded.service.log.format == .json)
        #expect(loaded.service.network.certificates == folder.path.appending("ca.pem"))
        #expect(watch.accounts.map(\.name) == ["main", "spare"])
        #expect(watch.accounts[0].key == .environment("IMAGES_KEY") && watch.accounts[0].rateLimits.count == 2)
        #expect(watch.accounts[1].key == .file("/run/secrets/key") && watch.accounts[1].provider == .elumenta)
        let photos = try #require(watch.folders.first)
        expectPhotos(photos)
        expectEdits(watch.folders[1])
    }

    private func expectPhotos(_ photos: WatchFolder) {
        // Relative paths start from the folder of the file.
        #expect(photos.inbox == folder.path.appending("in") && photos.failedFolder == folder.path.appending("bad"))
        #expect(photos.doneFolder == folder.path.appending("done") && photos.source == .leave)
        #expect(photos.settleTime == .milliseconds(500) && photos.prefersPolling && !photos.isRecursive)
        #expect(photos.limits.fileByteLimit == TargetProfile.named("bluesky")?.limits.fileByteLimit)
        #expect(photos.limits.maximumSide == 1000 && photos.policy.format == .jpeg && photos.policy.chroma == .s444)
        #expect(photos.policy.background == RGBColour(red: 255, green: 128, blue: 0))
        #expect(photos.pipeline == .fit)
    }

    private func expectEdits(_ edits: WatchFolder) {
        #expect(edits.pipeline.description == "fit,upload,generate")
        #expect(edits.upload?.headers.count == 2 && edits.upload?.uploadProtocol == .tus)
        #expect(
            edits.upload?.headers.last
                == UploadSettings.Header("Authorization", .secret(prefix: "Bearer ", .environment("TOKEN"))))
        #expect(edits.generation?.fallbackModels == ["n", "o"] && edits.generation?.count == 2)
        #expect(edits.generation?.parameters == ["quality": .text("high"), "steps": .integer(4)])
    }

    @Test("Options win over the environment, which wins over the file, and each value knows its place")
    func precedence() throws {
        let text = Self.small + "memory: 1GB\ndrain_time: 5s\nlog:\n  level: debug\n"
        let loaded = try load(
            text, environment: ["SNUG_MEMORY": "2GB", "SNUG_LOG_LEVEL": "error", "SNUG_FOLDERS_INBOX_SETTLE": "3s"],
            options: [
                OptionValue(["memory"], ["3GB"], option: "--memory"),
                OptionValue(["folders", "*", "fit", "limit"], ["1MB"], option: "--limit"),
            ])
        #expect(loaded.service.watch.memory == 3_000_000_000)
        #expect(loaded.service.log.level == .error)
        #expect(loaded.service.watch.folders.first?.settleTime == .seconds(3))
        #expect(loaded.service.watch.folders.first?.limits.byteLimit == 1_000_000)
        func setting(_ key: String) throws -> EffectiveSetting {
            try #require(loaded.settings.first { $0.key == key }, "\(key)")
        }
        #expect(try setting("memory").place == "--memory" && setting("memory").origin == .option)
        #expect(try setting("log.level").place == "SNUG_LOG_LEVEL" && setting("log.level").origin == .environment)
        #expect(try setting("drain_time").place.hasSuffix("snug.yaml:6") && setting("drain_time").origin == .file)
        #expect(try setting("folders.inbox.outbox").place.hasSuffix("snug.yaml:4"))
        #expect(try setting("folders.inbox.settle").place == "SNUG_FOLDERS_INBOX_SETTLE")
        #expect(
            try setting("folders.inbox.fit.limit").value == "1.00 MB"
                && setting("folders.inbox.fit.limit").place == "--limit")
        #expect(
            try setting("folders.inbox.pipeline").value == "fit" && setting("folders.inbox.pipeline").origin == .default
        )
        #expect(try setting("workers.uploads").value == "4" && setting("workers.uploads").origin == .default)
    }

    @Test("Without a file, options alone make a folder")
    func optionsOnly() throws {
        let loaded = try load(
            nil,
            options: [
                OptionValue(["folders", "a", "inbox"], ["/in"], option: "DIR"),
                OptionValue(["folders", "a", "outbox"], ["/out"], option: "--output"),
                OptionValue(["accounts", "main", "provider"], ["openai"], option: "--generate"),
                OptionValue(["folders", "a", "generate", "account"], ["main"], option: "--generate"),
            ])
        #expect(loaded.service.watch.folders.map(\.name) == ["a"])
        #expect(loaded.service.watch.folders[0].pipeline.description == "fit,generate")
        #expect(loaded.service.watch.stateDirectory == "/state")
    }

    @Test(
        "Each fault names its line, its key and the remedy",
        arguments: [
            ("memori: 1GB", "snug.yaml:5: memori: is not known. Did you mean 'memory'?"),
            ("memory: lots", "snug.yaml:5: memory: 'lots' is not a size that can be used; write a number"),
            ("memory: [1, 2]", "snug.yaml:5: memory: takes one value, and has a list"),
            ("memory:", "snug.yaml:5: memory: has no value; give one, or remove the line"),
            ("workers: 3", "snug.yaml:5: workers: takes keys below it, and has a value"),
            ("workers: {fits: 0}", "snug.yaml:5: workers.fits: '0' is no whole number above 0"),
            ("drain_time: 5", "snug.yaml:5: drain_time: '5' is no duration; write 500ms, 2s, 10min, 1h30m or 30d"),
            ("log: {level: debgu}", "snug.yaml:5: log.level: 'debgu' is not known. Did you mean debug? Write trace,"),
            (
                "accounts: {a: {provider: opnai}}",
                "snug.yaml:5: accounts.a.provider: 'opnai' is not known. Did you mean openai"
            ),
            ("accounts: {a: {key_env: K}}", "snug.yaml:5: accounts.a: names no provider; set provider to"),
            (
                "accounts: {a: {provider: openai, api_key: x}}",
                "snug.yaml:5: accounts.a.api_key: keys are never in this file; name a variable by key_env, or a file by"
            ),
            (
                "storage_key: x",
                "snug.yaml:5: storage_key: keys are never in this file; name variables by storage_key_id_env"
            ),
            ("AWS_SECRET_ACCESS_KEY: x", "keys are never in this file"),
            ("memory: 1GB\nmemory: 2GB", "the key 'memory' is there twice; remove one"),
            ("a: b: c", "snug.yaml:5: is no YAML: mapping values are not allowed in this context"),
        ])
    func names(line: String, expected: String) throws {
        let found = try faults(Self.small + line + "\n")
        #expect(found.count == 1 && found.first?.contains(expected) == true, "\(found)")
    }

    @Test(
        "Faults of a folder name its line",
        arguments: [
            ("setle: 2s", "snug.yaml:5: folders.inbox.setle: is not known. Did you mean 'settle'?"),
            ("source: mve", "snug.yaml:5: folders.inbox.source: 'mve' is not known. Did you mean move?"),
            ("pipeline: fit", "snug.yaml:5: folders.inbox.pipeline: takes a list; write [a] or [a, b]"),
            ("pipeline: [upload, fit]", "snug.yaml:5: folders.inbox.pipeline: 'upload,fit' is no pipeline;"),
            (
                "fit: {for: blusky}",
                "snug.yaml:5: folders.inbox.fit.for: no profile is named 'blusky'. Did you mean blue"
            ),
            (
                "upload: {protocol: tus}",
                "snug.yaml:5: folders.inbox.upload.protocol: has no upload to belong to; set upload.to"
            ),
            ("upload: {to: 'ftp://x'}", "snug.yaml:5: folders.inbox.upload.to: "),
            // One fault is told once.
            ("upload: {to: 'ftp://x', protocol: put, region: eu}", "snug.yaml:5: folders.inbox.upload.to: "),
            ("upload: {to: 'https://u:p@x/'}", "it holds a user name; credentials belong in a header"),
            ("upload: {to: 'https://x/${env:A}/'}", "the end of an address's query only"),
            (
                "upload: {to: 'https://x/', headers: ['Authorization: Bearer abc']}",
                "snug.yaml:5: folders.inbox.upload.headers: the value of Authorization is a secret, and never in"
            ),
            ("generate: {prompt: a}", "snug.yaml:5: folders.inbox.generate.prompt: has no generation to belong to;"),
        ])
    func namesOfFolder(line: String, expected: String) throws {
        let found = try faults(Self.small + "    " + line + "\n")
        #expect(found.count == 1 && found.first?.contains(expected) == true, "\(found)")
    }

    @Test("The secret of an upload's address is kept by its place, and is the end of its query")
    func secretAddress() throws {
        let loaded = try load(
            Self.small + "    upload: {to: 'https://h/box/?sv=1&sig=${env:SAS}'}\n",
            environment: ["SAS": "sk-very-secret"])
        let setting = try #require(loaded.settings.first { $0.key == "folders.inbox.upload.to" })
        #expect(setting.value == "https://h/box/?sv=1&sig=${env:SAS}")
        let folder = try #require(loaded.service.watch.folders.first)
        #expect(folder.upload?.query == .secret(prefix: "sv=1&sig=", .environment("SAS")))
        #expect(!"\(folder)".contains("sk-very-secret"))
    }

    @Test("All faults are reported at once, in the order of the file")
    func several() throws {
        let found = try faults("memory: x\ndrain_time: y\nfolders:\n  a:\n    inbox: i\n    outbox: o\n    settle: z\n")
        #expect(found.map { $0.prefix(11) } == ["snug.yaml:1", "snug.yaml:2", "snug.yaml:7"], "\(found)")
        #expect(
            try faults("folders:\n  a: {inbox: i}\n") == ["snug.yaml:2: folders.a: names no outbox; set it to a folder"]
        )
    }

    @Test("A variable that looks like a setting and is none is refused")
    func variables() throws {
        let found = try faults(
            Self.small, environment: ["SNUG_FOLDERS_INBOX_SETLE": "1s", "SNUG_STATE_DIR": "/x", "SNUG_OTHER": "1"])
        #expect(
            found == [
                "SNUG_FOLDERS_INBOX_SETLE: is no setting of this configuration. Did you mean SNUG_FOLDERS_INBOX_SETTLE?"
            ])
        let wrong = try faults(Self.small, environment: ["SNUG_MEMORY": "x"])
        #expect(wrong.first?.hasPrefix("SNUG_MEMORY: memory: ") == true, "\(wrong)")
    }

    @Test("A file that is not there, and one that is no text, say so")
    func unreadable() throws {
        #expect(throws: ConfigurationError.self) {
            try ConfigurationLoader(file: folder.path.appending("gone.yaml"), stateDirectory: "/s").load()
        }
        try folder.write([0xFF, 0xFE, 0x00], to: "snug.yaml")
        do {
            _ = try ConfigurationLoader(file: folder.path.appending("snug.yaml"), stateDirectory: "/s").load()
            Issue.record("it was read")
        } catch { #expect("\(error)".hasSuffix("snug.yaml: is not UTF-8; save it as UTF-8")) }
    }
}

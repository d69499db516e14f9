// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// Every key that a configuration may have: a value that it takes, the value that is shown, and one that it refuses.
@Suite struct SettingTableTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// One key. Keys of accounts begin with `accounts.a`, those of folders with `folders.f`.
    struct Row: CustomTestStringConvertible, Sendable {
        var key: String
        var value: String
        /// As `--check-config` shows it; `nil` where it is not shown.
        var shown: String?
        /// A value that is refused, and a part of the reason.
        var refused: (value: String, reason: String)?

        init(_ key: String, _ value: String, _ shown: String?, _ refused: (String, String)? = nil) {
            self.key = key
            self.value = value
            self.shown = shown
            self.refused = refused.map { (value: $0.0, reason: $0.1) }
        }

        var testDescription: String { key }
    }

    static let daemon = [
        Row("state_dir", "/var/lib/snug", "/var/lib/snug", ("''", "is empty; name a folder")),
        Row(
            "ledger", "postgres://db.example/snug", "postgres://db.example/snug",
            ("/var/lib/x.sqlite", "names no service; write postgres://")),
        Row("storage", "file:///mnt//snug/", "file:///mnt/snug", ("/mnt/snug", "is no address of a storage")),
        Row("storage_key_id_env", "S3_ID", "S3_ID", ("''", "is empty; give a value")),
        Row("storage_key_id_file", "/run/id", "/run/id", ("''", "is empty; name a folder")),
        Row("storage_key_env", "S3_KEY", "S3_KEY", ("''", "is empty; give a value")),
        Row("storage_key_file", "/run/key", "/run/key", ("''", "is empty; name a folder")),
        Row("storage_token_env", "S3_TOKEN", "S3_TOKEN", ("''", "is empty; give a value")),
        Row("storage_token_file", "/run/token", "/run/token", ("''", "is empty; name a folder")),
        Row("host", "web1", "web1", ("web@1", "is no name of a host")),
        Row("memory", "512MiB", "512MiB", ("0", "leaves no room")),
        Row("isolate", "false", "false", ("sometimes", "write true or false")),
        Row("drain_time", "90s", "1min30s", ("90", "is no duration")),
        Row("workers.fits", "3", "3", ("0", "is no whole number above 0")),
        Row("workers.uploads", "5", "5", ("-1", "is no whole number above 0")),
        Row("workers.submissions", "7", "7", ("many", "is no whole number above 0")),
        Row("workers.deliveries", "1", "1", ("1.5", "is no whole number above 0")),
        Row("retention.delivered", "7d", "7d", ("soon", "write 30d or never")),
        Row("retention.cancelled", "never", "never", ("30", "write 30d or never")),
        Row("retention.failed", "90d", "90d", ("''", "write 30d or never")),
        Row("log.level", "debug", "debug", ("loud", "Write trace, debug, info, notice, warning, error, critical")),
        Row("log.format", "json", "json", ("jsn", "Did you mean json? Write text, json")),
        Row("network.allow_plain_http", "yes", "true", ("maybe", "write true or false")),
        Row("network.cacert", "/etc/ca.pem", "/etc/ca.pem", ("''", "is empty; name a folder")),
        Row("webhook.url", "https://h.test/hook", "https://h.test/hook", ("ftp://h.test", "http")),
        Row("webhook.secret_env", "HOOK", "HOOK", ("''", "is empty; give a value")),
        Row("webhook.secret_file", "/run/hook", "/run/hook", ("''", "is empty; name a folder")),
        Row("webhook.allow_internal", "yes", "true", ("maybe", "write true or false")),
    ]

    static let account = [
        Row("provider", "elumenta", "elumenta", ("midjourney", "Write pollinations, elumenta, openai")),
        Row("base_url", "https://images.example/v1", "https://images.example/v1", ("''", "is empty; give a value")),
        Row("key_env", "IMAGES_KEY", "IMAGES_KEY", ("''", "is empty; give a value")),
        Row("key_file", "/run/key", "/run/key", ("''", "is empty; name a folder")),
        Row("idempotency", "reject_duplicate", "reject_duplicate", ("replay_", "Did you mean replay?")),
        Row(
            "rate_limits", "[60/min, 1000/day]", "60/min, 1000/day", ("[60/fortnight]", "'60/fortnight' is no rate")),
        Row("max_concurrency", "2", "2", ("0", "is no whole number above 0")),
        Row("timeout", "5min", "5min", ("-5min", "is no duration")),
        Row("allow_internal", "yes", "true", ("maybe", "write true or false")),
    ]

    /// A key belongs to a host.
    static let hosting = [
        Row("image_host", "pollinations", "pollinations", ("imgur", "write pollinations or pollinations=URL")),
        Row("image_host_key_env", "HOST_KEY", "HOST_KEY", ("''", "is empty; give a value")),
        Row("image_host_key_file", "/run/host", "/run/host", ("''", "is empty; name a folder")),
    ]

    static let own = [
        Row("inbox", "/other", "/other", ("''", "is empty; name a folder")),
        Row("outbox", "/other", "/other", ("''", "is empty; name a folder")),
        Row("pipeline", "[fit, upload]", "fit,upload", ("[generate, fit]", "in this order")),
        Row("source", "leave", "leave", ("moev", "Did you mean move?")),
        Row("done", "/done", "/done", ("''", "is empty; name a folder")),
        Row("failed", "/bad", "/bad", ("''", "is empty; name a folder")),
        Row("settle", "500ms", "500ms", ("fast", "is no duration")),
        Row("patience", "10min", "10min", ("long", "is no duration")),
        Row("scan_interval", "5min", "5min", ("5", "is no duration")),
        Row("poll_interval", "1s", "1s", ("1", "is no duration")),
        Row("polling", "on", "true", ("always", "write true or false")),
        Row("recursive", "no", "false", ("deep", "write true or false")),
        Row("priority", "interactive", "interactive", ("urgent", "Write interactive, background")),
        Row("max_attempts", "3", "3", ("none", "is no whole number above 0")),
    ]

    static let fit = [
        Row("fit.for", "bluesky", "bluesky", ("nowhere", "no profile is named 'nowhere'")),
        Row("fit.limit", "1MB", "1.00 MB", ("-1MB", "is negative")),
        Row("fit.base64", "true", "true", ("64", "write true or false")),
        Row("fit.max_side", "1000", "1000", ("1000px", "is no whole number above 0")),
        Row("fit.max_pixels", "1000000", "1000000", ("1MP", "is no whole number above 0")),
        Row("fit.format", "jpg", "jpeg", ("gif", "Write auto, jpeg, png, webp, keep")),
        Row("fit.strategy", "stepped", "stepped", ("step", "Write best, stepped")),
        Row("fit.effort", "fast", "fast", ("slow", "Write fast, default")),
        Row("fit.keep_size", "1", "true", ("2", "write true or false")),
        Row("fit.quality_floor", "60", "60", ("0", "from 1 to 100")),
        Row("fit.quality_ceiling", "90", "90", ("101", "from 1 to 100")),
        Row("fit.palette", "never", "never", ("nevr", "Did you mean never?")),
        Row("fit.dither", "always", "always", ("on", "Write auto, always, never")),
        Row("fit.chroma", "'4:4:4'", "4:4:4", ("'4:2:2'", "Did you mean 4:2:0?")),
        Row("fit.metadata", "keep", "keep", ("gsp", "Did you mean gps? Write strip, keep, gps, exif")),
        Row("fit.background", "'#ff8000'", "#ff8000", ("no-colour", "no-colour")),
        Row("fit.page", "3", "3", ("0", "is no whole number above 0")),
        Row("fit.salvage", "off", "false", ("some", "write true or false")),
    ]

    static let upload = [
        Row("upload.to", "https://h.test/in/", "https://h.test/in/", ("ftp://h.test/", "http")),
        Row("upload.protocol", "ranged-put", "ranged-put", ("webdav", "Write auto, tus, resumable, s3")),
        Row("upload.content_type", "image/jpeg", "image/jpeg"),
        Row("upload.file_field", "photo", "photo"),
        Row(
            "upload.headers", "['X-Kind: a', 'Authorization: Bearer ${env:T}']",
            "X-Kind: a, Authorization: Bearer ${env:T}", ("[nonsense]", "write 'Name: value'")),
        Row("upload.region", "eu-west-1", "eu-west-1", ("''", "is empty; give a value")),
        Row("upload.access_key_env", "S3_ID", "S3_ID", ("''", "is empty; give a value")),
        Row("upload.access_key_file", "/run/id", "/run/id", ("''", "is empty; name a folder")),
        Row("upload.secret_key_env", "S3_KEY", "S3_KEY", ("''", "is empty; give a value")),
        Row("upload.secret_key_file", "/run/key", "/run/key", ("''", "is empty; name a folder")),
    ]

    static let generate = [
        Row("generate.account", "a", "a", ("''", "is empty; give a value")),
        Row("generate.prompt", "as a watercolour", "as a watercolour"),
        Row("generate.model", "flux", "flux"),
        Row("generate.fallback_models", "[m, n]", "m, n"),
        Row("generate.size", "1024x768", "1024x768", ("large", "write 1024x768")),
        Row("generate.count", "2", "2", ("0", "is no whole number above 0")),
        Row("generate.seed", "-7", "-7", ("7.5", "is no whole number")),
        Row("generate.format", "image/png", "image/png"),
        Row("generate.parameters", "[steps=4, quality=high]", "quality=high, steps=4", ("[=4]", "write name=value")),
    ]

    static let ofFolder = own + fit + upload + generate

    /// Nests `a.b` and a value: `{a: {b: value}}`, in YAML's flow style.
    private static func nested(_ key: String, _ value: String, beside: String = "") -> String {
        let parts = key.split(separator: ".", maxSplits: 1)
        guard parts.count == 2 else { return "\(key): \(value)" }
        return "\(parts[0]): {\(beside)\(parts[1]): \(value)}"
    }

    /// A whole configuration with one key set in it.
    private static func text(_ row: Row, _ value: String, _ kind: String) -> String {
        switch kind {
        case "daemon":
            let needed = row.key.hasPrefix("webhook.") && row.key != "webhook.url" ? "url: 'https://h.test/', " : ""
            return nested(row.key, value, beside: needed)
        case "account":
            let provider = row.key == "provider" ? "" : "provider: openai, "
            let host = row.key.hasPrefix("image_host_key") ? "image_host: pollinations, " : ""
            return "accounts: {a: {\(provider)\(host)\(row.key): \(value)}}"
        default:
            let places = ["inbox", "outbox"].filter { $0 != row.key }.map { "\($0): /\($0)" }
            let needed = ["upload": "to: 'https://h.test/', ", "generate": "account: a, "]
            let group = String(row.key.prefix { $0 != "." })
            let isFirst = ["upload.to", "generate.account"].contains(row.key)
            let setting = nested(row.key, value, beside: isFirst ? "" : needed[group] ?? "")
            return "folders: {f: {\((places + [setting]).joined(separator: ", "))}}"
        }
    }

    private func load(_ text: String) throws -> LoadedConfiguration {
        try folder.write(Array(text.utf8), to: "snug.yaml")
        return try ConfigurationLoader(file: folder.path.appending("snug.yaml"), stateDirectory: "/state").load()
    }

    private func check(_ row: Row, _ kind: String, below prefix: String) throws {
        let loaded = try load(Self.text(row, row.value, kind))
        let setting = try #require(loaded.settings.first { $0.key == prefix + row.key })
        #expect(setting.value == row.shown && setting.origin == .file && setting.place.hasSuffix("snug.yaml:1"))
        #expect(loaded.settings.count { $0.key == setting.key } == 1)
        guard let refused = row.refused else { return }
        let error = #expect(throws: ConfigurationError.self) { try load(Self.text(row, refused.value, kind)) }
        let fault = try #require(error?.faults.first)
        #expect(error?.faults.count == 1 && fault.key == prefix + row.key && fault.place.hasSuffix("snug.yaml:1"))
        #expect(fault.message.contains(refused.reason), "\(fault.message)")
    }

    @Test("A setting of the daemon takes a value, shows it, and refuses what is none", arguments: daemon)
    func daemonSettings(row: Row) throws { try check(row, "daemon", below: "") }

    @Test("A setting of an account takes a value, shows it, and refuses what is none", arguments: account + hosting)
    func accountSettings(row: Row) throws { try check(row, "account", below: "accounts.a.") }

    @Test("A setting of a folder takes a value, shows it, and refuses what is none", arguments: ofFolder)
    func folderSettings(row: Row) throws { try check(row, "folder", below: "folders.f.") }

    @Test("The tables above have every key there is")
    func complete() {
        func keys<Target>(_ table: [Setting<Target>], _ more: [String] = []) -> [String] {
            (table.map { $0.path.joined(separator: ".") } + more).sorted()
        }
        #expect(Self.daemon.map(\.key).sorted() == keys(DaemonSettings.all))
        #expect((Self.account + Self.hosting).map(\.key).sorted() == keys(AccountSettings.all, ["provider"]))
        #expect(Self.ofFolder.map(\.key).sorted() == keys(FolderSettings.all, ["inbox", "outbox"]))
    }

    @Test("A value that is shown reads as itself", arguments: daemon)
    func daemonRoundTrip(row: Row) throws {
        let shown = try #require(row.shown)
        #expect(try load(Self.text(row, shown, "daemon")).service == load(Self.text(row, row.value, "daemon")).service)
    }

    @Test("A folder's value that is shown reads as itself", arguments: ofFolder)
    func folderRoundTrip(row: Row) throws {
        let shown = try #require(row.shown)
        let isList = row.value.hasPrefix("[")
        let items = shown.split(separator: ",").map { "'\($0.drop { $0 == " " })'" }.joined(separator: ", ")
        let again = Self.text(row, isList ? "[\(items)]" : "'\(shown)'", "folder")
        #expect(try load(again).service == load(Self.text(row, row.value, "folder")).service)
    }

    @Test(
        "A size is shown without losing a byte",
        arguments: [
            ("1000", "1.00 kB"), ("1024", "1KiB"), ("10MB", "10.0 MB"), ("512MiB", "512MiB"), ("1.5GiB", "1536MiB"),
            ("123456", "123456"), ("1", "1 bytes"), ("10000000000", "10.0 GB"), ("3GiB", "3GiB"),
        ])
    func sizes(text: String, shown: String) throws {
        let loaded = try load("memory: \(text)")
        #expect(loaded.settings.first { $0.key == "memory" }?.value == shown)
        #expect(try load("memory: \(shown)").service.watch.memory == loaded.service.watch.memory)
    }

    @Test(
        "Parameters of a provider keep the type that they are written in",
        arguments: [
            ("a=1", .integer(1)), ("a=-1", .integer(-1)), ("a=1.5", .number(1.5)), ("a=true", .flag(true)),
            ("a=false", .flag(false)), ("a=True", .text("True")), ("a=", .text("")), ("a=b=c", .text("b=c")),
            ("a=007", .number(7)), ("a=1e3", .number(1000)), ("a=nan", .text("nan")), ("a=inf", .text("inf")),
            ("a=0x10", .number(16)), ("a= 1", .text(" 1")),
        ] as [(String, GenerationRequest.Parameter)])
    func parameters(text: String, value: GenerationRequest.Parameter) throws {
        let found = try #require(GenerationRequest.Parameter.named(text))
        #expect(found.name == "a" && found.value == value)
        #expect(GenerationRequest.Parameter.named("=1") == nil && GenerationRequest.Parameter.named("a") == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

/// The file itself: its YAML, its places in messages, its secrets, and the sources that win over it.
@Suite struct ConfigurationFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func load(
        _ text: String, environment: [String: String] = [:], options: [OptionValue] = []
    ) throws -> LoadedConfiguration {
        try folder.write(Array(text.utf8), to: "etc/snug.yaml")
        return try ConfigurationLoader(
            file: folder.path.appending("etc").appending("snug.yaml"), environment: environment, options: options,
            stateDirectory: "/state"
        ).load()
    }

    private func faults(_ text: String, environment: [String: String] = [:]) -> [ConfigurationError.Fault] {
        do {
            _ = try load(text, environment: environment)
            return []
        } catch {
            let folder = folder.path.string + "/etc/"
            return ((error as? ConfigurationError)?.faults ?? []).map { fault in
                var fault = fault
                fault.place = fault.place.replacing(folder, with: "")
                return fault
            }
        }
    }

    /// A folder with further lines of its own.
    private func inbox(_ name: String = "inbox", _ lines: String...) -> String {
        "folders:\n  \(name):\n    inbox: /in\n    outbox: /out\n" + lines.map { "    \($0)\n" }.joined()
    }

    @Test(
        "What is no YAML is an error that names its line",
        arguments: [
            ("memory: 1GB\n  drain_time: 5s\n", 2), ("log: [level\n", 2), ("log: {level: debug\n", 2),
            ("memory: 'open\n", 2), ("\tmemory: 1GB\n", 1), ("memory: @x\n", 1), ("a: &b c\nd: *e\n", 2),
        ])
    func syntax(text: String, line: Int) {
        let found = faults(text)
        #expect(found.count == 1 && found.first?.place == "snug.yaml:\(line)", "\(found)")
        #expect(found.first?.message.hasPrefix("is no YAML: ") == true)
    }

    @Test(
        "A file that is no list of keys is an error",
        arguments: [
            ("just text", "is no list of keys; write 'key: value' lines"), ("- a\n- b\n", "is no list of keys"),
            ("12", "is no list of keys"), ("? [a, b]\n: c\n", "a key is no text"),
            ("log: {level: [[debug]]}", "the list holds more than plain values"),
            ("accounts: {a: {provider: openai, rate_limits: [{a: b}]}}", "the list holds more than plain values"),
        ])
    func shapes(text: String, message: String) {
        let found = faults(text)
        #expect(found.count == 1 && found.first?.place == "snug.yaml:1", "\(found)")
        #expect(found.first?.message.contains(message) == true, "\(found)")
    }

    @Test(
        "A key that is there twice is refused, at any depth",
        arguments: ["memory: 1GB\nmemory: 1GB\n", "log: {level: info, level: info}\n"])
    func duplicates(text: String) {
        let found = faults(text)
        #expect(found.count == 1 && found.first?.message.hasSuffix("is there twice; remove one") == true, "\(found)")
    }

    @Test(
        "A file without a key is a configuration without a setting",
        arguments: ["{}\n", "{} # nothing\n", "", "\n\n", "# nothing is set yet\n", "---\n", "null\n"])
    func empty(text: String) throws {
        let loaded = try load(text)
        #expect(loaded.service.watch.folders.isEmpty && loaded.service.watch.stateDirectory == "/state")
        #expect(loaded.settings.allSatisfy { $0.origin == .default && $0.place.isEmpty })
    }

    @Test(
        "An unknown key names the nearest one that is known, and a strange one all of them",
        arguments: [
            ("memroy: 1GB", "memroy", "Did you mean 'memory'?"),
            ("state-dir: /x", "state-dir", "Did you mean 'state_dir'?"),
            ("workers: {fit: 1}", "workers.fit", "Did you mean 'fits'?"),
            ("log: {colour: red}", "log.colour", "known here are format, level"),
            (
                "quux: 1", "quux",
                "known here are accounts, drain_time, folders, host, isolate, ledger, log, memory, network, retention, state_dir"
            ),
            ("accounts: {a: {provider: openai, key-env: X}}", "accounts.a.key-env", "Did you mean 'key_env'?"),
        ])
    func unknown(text: String, key: String, message: String) {
        let found = faults(text)
        #expect(found.map(\.key) == [key] && found.first?.message.contains(message) == true, "\(found)")
    }

    @Test("A fault inside an unknown group is not reported beside it")
    func oneFaultForAGroup() {
        let found = faults("logs:\n  level: debgu\n  fromat: x\nmemory: lots\n")
        #expect(found.map(\.key) == ["logs"])
    }

    @Test("A key with control characters in it reaches no terminal as it is")
    func hostileKeys() {
        let found = faults("\"me\\e[2Jmory\": 1\n")
        #expect(found.first?.key == "me\\u{1b}[2Jmory")
        #expect(found.first.map { $0.description.unicodeScalars.allSatisfy { $0.value >= 32 } } == true)
        // Where the list of a key, or a key that is there twice, is the fault, too.
        for text in ["log: {\"le\\e[2Jvel\": [[a]]}\n", "\"le\\e[2Jvel\": 1\n\"le\\e[2Jvel\": 1\n"] {
            let found = faults(text)
            #expect(found.first.map { $0.description.contains("le\\u{1b}[2Jvel") } == true, "\(found)")
            #expect(found.allSatisfy { $0.description.unicodeScalars.allSatisfy { $0.value >= 32 } }, "\(found)")
        }
        let value = faults("log: {level: \"de\\abug\"}\n")
        #expect(value.first.map { $0.message.unicodeScalars.allSatisfy { $0.value >= 32 } } == true)
    }

    @Test(
        "A secret in the file is refused, and is not in the message",
        arguments: [
            "accounts: {a: {provider: openai, api_key: sk-12345}}", "accounts: {a: {provider: openai, key: sk-12345}}",
            "accounts: {a: {provider: openai, token: sk-12345}}",
            "accounts: {a: {provider: openai, password: sk-12345}}",
            "folders: {f: {inbox: /i, outbox: /o, upload: {to: 'https://h/', headers: ['Authorization: sk-12345']}}}",
            "folders: {f: {inbox: /i, outbox: /o, upload: {to: 'https://h/', headers: ['Cookie: s=sk-12345']}}}",
            "folders: {f: {inbox: /i, outbox: /o, upload: {to: 'https://h/', headers: ['X-Api-Key: sk-12345']}}}",
            "folders: {f: {inbox: /i, outbox: /o, upload: {to: 'https://h/', headers: ['x-amz-security-TOKEN: sk-12345']}}}",
            "folders: {f: {inbox: /i, outbox: /o, upload: {to: 'https://h/', headers: ['X-Auth: sk-12345']}}}",
            "folders: {f: {inbox: /i, outbox: /o, upload: {to: 'https://h/?sig=sk-12345', protocol: put}}}",
            "folders: {f: {inbox: /i, outbox: /o, upload: {to: 'https://h/?v=1&token=sk-12345'}}}",
            "folders: {f: {inbox: /i, outbox: /o, upload: {to: 'https://h/?X-Amz-Signature=sk-12345&x=${env:X}'}}}",
        ])
    func secrets(text: String) {
        let found = faults(text)
        #expect(found.count == 1)
        for fault in found {
            #expect(!fault.description.contains("sk-12345") && fault.message.contains("never in this file"))
        }
    }

    @Test("A secret is shown by its place, wherever it is")
    func places() throws {
        try folder.write(Array("sk-very-secret\n".utf8), to: "etc/token")
        let text =
            inbox(
                "f", "upload: {to: 'https://h/', headers: ['Authorization: Bearer ${file:token}', 'X-Key: ${env:K}']}")
            + "accounts: {a: {provider: openai, key_file: token}, b: {provider: openai, key_env: B_KEY}}\n"
            + "storage: 's3://images/snug'\nstorage_key_file: token\nstorage_key_id_env: ID\n"
        let variables = ["K", "B_KEY", "ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
        let loaded = try load(
            text, environment: Dictionary(uniqueKeysWithValues: variables.map { ($0, "sk-very-secret") }))
        let shown = loaded.settings.map { $0.json.description }.joined(separator: "\n")
        #expect(!shown.contains("sk-very-secret"))
        let token = folder.path.appending("etc").appending("token").string
        func value(_ key: String) -> String? { loaded.settings.first { $0.key == key }?.value }
        #expect(value("folders.f.upload.headers") == "Authorization: Bearer ${file:\(token)}, X-Key: ${env:K}")
        #expect(value("accounts.a.key_file") == token && value("accounts.a.key_env") == nil)
        #expect(value("accounts.b.key_env") == "B_KEY" && value("accounts.b.key_file") == nil)
        #expect(value("storage_key_file") == token && value("storage_key_env") == nil)
        #expect(value("storage_key_id_env") == "ID" && value("storage_token_env") == nil)
        let usual = try load(inbox("f", "upload: {to: 'https://h/'}") + "storage: 's3://images/snug'\n")
        let shownKeys = usual.settings.filter { $0.key.hasPrefix("storage_") }.map(\.value)
        #expect(shownKeys == ["AWS_ACCESS_KEY_ID", nil, "AWS_SECRET_ACCESS_KEY", nil, "AWS_SESSION_TOKEN", nil])
    }

    @Test("Relative paths of the file start from its folder, those of variables and options from the current one")
    func relativePaths() throws {
        let here = try FileSystem.currentFolder()
        let text = "state_dir: ../state\nfolders:\n  f: {inbox: in, outbox: ./out/../box, done: kept}\n"
        let loaded = try load(
            text, environment: ["SNUG_FOLDERS_F_FAILED": "bad"],
            options: [OptionValue(["folders", "f", "done"], ["finished"], option: "--done")])
        let found = try #require(loaded.service.watch.folders.first)
        let etc = folder.path.appending("etc")
        #expect(loaded.service.watch.stateDirectory == folder.path.appending("state"))
        #expect(found.inbox == etc.appending("in") && found.outbox == etc.appending("box"))
        #expect(found.failedFolder == here.appending("bad") && found.doneFolder == here.appending("finished"))
    }

    @Test(
        "The variable of a key is the one that is read, whatever a folder is called",
        arguments: [
            ("inbox", "INBOX"), ("my-photos", "MY_PHOTOS"), ("my.photos", "MY_PHOTOS"), ("myPhotos", "MY_PHOTOS"),
            ("PHOTOS", "PHOTOS"), ("a b", "A_B"), ("bücher", "BÜCHER"), ("photos2024", "PHOTOS2024"),
        ])
    func variables(name: String, variable: String) throws {
        let key = "SNUG_FOLDERS_\(variable)_SETTLE"
        let loaded = try load(inbox("\"\(name)\""), environment: [key: "7s"])
        #expect(loaded.service.watch.folders.first?.settleTime == .seconds(7))
        #expect(loaded.settings.first { $0.key == "folders.\(name).settle" }?.place == key)
    }

    @Test("A list in a variable has commas between its values")
    func listVariable() throws {
        let loaded = try load(
            inbox() + "accounts: {main: {provider: openai}}\n",
            environment: [
                "SNUG_FOLDERS_INBOX_PIPELINE": "fit,generate", "SNUG_ACCOUNTS_MAIN_RATE_LIMITS": "60/min,500/hour",
                "SNUG_FOLDERS_INBOX_GENERATE_ACCOUNT": "main",
            ])
        #expect(loaded.service.watch.folders.first?.pipeline.description == "fit,generate")
        #expect(loaded.service.watch.accounts.first?.rateLimits.map(\.count) == [60, 500])
    }

    @Test("Each source wins over those below it, in every combination", arguments: 0..<8)
    func precedence(sources: Int) throws {
        let (inFile, inEnvironment, inOptions) = (sources & 1 != 0, sources & 2 != 0, sources & 4 != 0)
        let loaded = try load(
            inFile ? "drain_time: 1s\n" : "{}\n", environment: inEnvironment ? ["SNUG_DRAIN_TIME": "2s"] : [:],
            options: inOptions ? [OptionValue(["drain_time"], ["3s"], option: "--drain-time")] : [])
        let expected =
            inOptions
            ? (3, EffectiveSetting.Origin.option, "--drain-time")
            : inEnvironment
                ? (2, .environment, "SNUG_DRAIN_TIME") : inFile ? (1, .file, "snug.yaml:1") : (30, .default, "")
        let setting = try #require(loaded.settings.first { $0.key == "drain_time" })
        #expect(loaded.service.watch.drainTime == .seconds(expected.0) && setting.value == "\(expected.0)s")
        #expect(setting.origin == expected.1)
        #expect(setting.place == expected.2 || (inFile && setting.place.hasSuffix("/" + expected.2)))
    }

    @Test("A faulty value that a better source overrides does no harm, and one that wins is named by its source")
    func overridden() throws {
        let loaded = try load(
            "drain_time: soon\n", options: [OptionValue(["drain_time"], ["3s"], option: "--drain-time")])
        #expect(loaded.service.watch.drainTime == .seconds(3))
        let found = faults("drain_time: 3s\n", environment: ["SNUG_DRAIN_TIME": "soon"])
        #expect(found.map(\.place) == ["SNUG_DRAIN_TIME"] && found.first?.key == "drain_time")
    }

    @Test("An option for every folder reaches each, and one for a single folder wins where it is named later")
    func everyFolder() throws {
        let text = "folders: {a: {inbox: /a, outbox: /oa}, b: {inbox: /b, outbox: /ob, settle: 9s}}\n"
        let every = OptionValue(["folders", ConfigurationLoader.everyName, "settle"], ["4s"], option: "--settle")
        let both = try load(text, options: [every]).service.watch.folders
        #expect(both.map(\.settleTime) == [.seconds(4), .seconds(4)])
        let single = OptionValue(["folders", "b", "settle"], ["5s"], option: "--b-settle")
        let one = try load(text, options: [every, single])
        #expect(one.service.watch.folders.map(\.settleTime) == [.seconds(4), .seconds(5)])
        #expect(one.settings.first { $0.key == "folders.b.settle" }?.place == "--b-settle")
    }

    @Test(
        "A folder does what is configured for it, unless its pipeline is named",
        arguments: [
            ([], "fit"), (["upload: {to: 'https://h/'}"], "fit,upload"),
            (["generate: {account: a}"], "fit,generate"),
            (["upload: {to: 'https://h/'}", "generate: {account: a}"], "fit,upload,generate"),
            (["upload: {to: 'https://h/'}", "pipeline: [upload]"], "upload"),
        ])
    func pipelines(lines: [String], expected: String) throws {
        let text = inbox() + lines.map { "    \($0)\n" }.joined()
        let loaded = try load(text)
        #expect(loaded.service.watch.folders.first?.pipeline.description == expected)
        let setting = try #require(loaded.settings.first { $0.key == "folders.inbox.pipeline" })
        #expect(setting.value == expected)
    }

    @Test("A profile gives its limits, and settings beside it win, wherever they are in the file")
    func profile() throws {
        let plain = try load(inbox("f", "fit: {for: bluesky}")).service.watch.folders
        let narrowed = try load(inbox("f", "fit: {max_side: 10, limit: 1kB, for: bluesky}")).service.watch.folders
        #expect(narrowed.first?.limits.maximumSide == 10 && narrowed.first?.limits.byteLimit == 1000)
        #expect(narrowed.first?.limits.formats == plain.first?.limits.formats)
    }

    @Test("A file of more than a mebibyte, and a folder, are refused without being parsed")
    func refused() throws {
        let long = "# " + String(repeating: "x", count: 1 << 20) + "\nmemory: 1GB\n"
        #expect(faults(long).map(\.message) == ["is larger than 1 MiB; name another file"])
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationLoader(file: folder.path.appending("etc"), stateDirectory: "/s").load()
        }
        #expect(error?.faults.first?.message == "is a folder; name a file")
    }

    @Test("A configuration's error is one JSON object with its faults")
    func json() throws {
        let error = ConfigurationError([
            .init(place: "a.yaml:3", key: "memory", message: "no"), .init(message: "whole"),
        ])
        #expect(error.description == "a.yaml:3: memory: no\nwhole")
        #expect(
            error.json["code"] == "invalid_configuration"
                && error.json["message"]?.description.contains("whole") == true)
        let first = try #require(error.json["details"]?["faults"]?.elements.first)
        #expect(first.members.map(\.key) == ["place", "key", "message"] && first["place"] == "a.yaml:3")
    }
}

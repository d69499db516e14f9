// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage
import Testing

@testable import snug

/// Settings of commands from a file and the environment.
@Suite struct ConfiguredCommandTests {
    private let place: CommandFolder

    init() throws {
        place = try CommandFolder()
        try place.folder.write(CommandFolder.commented(bytes: 40_000), to: "a.jpg")
    }

    /// Runs the command with a configuration at its usual place.
    private func snug(
        _ arguments: String..., file: String?, named name: String = "config/snug/config.yaml",
        environment: [String: String] = [:]
    ) throws -> CommandResult {
        if let file { try place.folder.write(Array(file.utf8), to: name) }
        var runner = place.runner
        runner.environment["XDG_CONFIG_HOME"] = place.folder.path.appending("config").string
        runner.environment.merge(environment) { $1 }
        return try runner.run(arguments)
    }

    private func limit(_ result: CommandResult) throws -> Int? {
        try CommandFolder.objects(result).first?["limit_bytes"] as? Int
    }

    @Test("Settings hold unless an option or a variable says otherwise; options win over variables")
    func precedence() throws {
        let file = "fit:\n  limit: 5MB\n  dry-run: true\n  json: true\n  output: out\n"
        #expect(try limit(try snug("fit", "a.jpg", file: file)) == 5_000_000)
        let variables = ["SNUG_FIT_LIMIT": "4MB"]
        #expect(try limit(try snug("fit", "a.jpg", file: nil, environment: variables)) == 4_000_000)
        let given = try snug("fit", "a.jpg", "--limit", "3MB", file: nil, environment: variables)
        #expect(try limit(given) == 3_000_000)
        // What a profile says counts when it is asked for by name.
        #expect(try limit(try snug("fit", "a.jpg", "--for", "openai-edit", file: nil)) != 5_000_000)
        #expect(!place.folder.files().contains { $0.hasPrefix("out/") })
    }

    @Test("An option replaces the settings that contradict it")
    func replaced() throws {
        let file = "fit: {output: out, quiet: true}\n"
        #expect(try snug("fit", "a.jpg", "--in-place", "--verbose", file: file).exitCode == 0)
        #expect(!place.folder.files().contains { $0.hasPrefix("out/") })
        #expect(try snug("fit", "a.jpg", file: nil).exitCode == 0)
        #expect(place.folder.files().contains("out/a.jpg"))
    }

    private static let contradictions: [(settings: String, options: [String], output: String)] = [
        ("limit: 5MB, metadata: [gps, copyright]", ["--size", "8x8", "--crop"], #""output_width":8,"#),
        ("lossless: true, min-saving: 5%", ["--size", "50x50", "--pad"], #""output_width":50,"#),
        ("size: 50x50, crop: true", ["--lossless"], #""output_width":16,"#),
        ("size: 50x50, pad: true", ["--metadata", "keep"], #""status":"copied""#),
        ("size: 50x50, pad: true", ["--max-side", "8"], #""output_width":8,"#),
        ("max-side: 8", ["--size", "50x50", "--pad"], #""output_width":50,"#),
        ("max-pixels: 100", ["--size", "50x50", "--pad"], #""output_width":50,"#),
        ("lossless: true", ["--max-side", "8"], #""output_width":8,"#),
        ("lossless: true", ["--scale", "50%"], #""output_width":8,"#),
        ("lossless: true", ["--format", "png"], #""format":"png""#),
        ("format: png", ["--lossless"], #""format":"jpeg""#),
        ("format: jpeg", ["--palette", "always"], #""format":"png""#),
        ("palette: always", ["--format", "jpeg"], #""format":"jpeg""#),
        ("palette: never", ["--dither", "always"], #""status":"stripped""#),
        ("format: jpeg", ["-o", "x.png"], #""format":"png""#),
        ("quality-ceiling: 40", ["--quality-floor", "60"], #""status":"stripped""#),
        ("quality-floor: 60", ["--quality-ceiling", "55"], #""status":"stripped""#),
        ("min-bytes: 60k", ["--limit", "20k"], #""limit_bytes":20000,"#),
        ("limit: 20k", ["--min-bytes", "60k"], #""output_bytes":60000,"#),
        ("copy-compliant: true", ["--metadata", "strip"], #""status":"stripped""#),
        ("metadata: [gps]", ["--copy-compliant"], #""status":"copied""#),
        // Values that go together stay.
        ("min-bytes: 20k", ["--limit", "30k"], #""output_bytes":20000,"#),
        ("size: 50x50, pad: true", ["--max-side", "60"], #""output_width":50,"#),
        ("size: 50x50, pad: true", ["--metadata", "strip"], #""output_width":50,"#),
        ("copy-compliant: true", ["--metadata", "keep"], #""status":"copied""#),
        ("format: png", ["-o", "x.png"], #""format":"png""#),
    ]

    @Test("Options of fit win over settings that contradict them", arguments: contradictions)
    func contradiction(settings: String, options: [String], output: String) throws {
        try place.folder.write(Array("fit: {\(settings)}\n".utf8), to: "own.yaml")
        let folder = options.contains("-o") ? [] : ["-o", "out"]
        let result = try place.runner.run(["fit", "a.jpg", "--json", "--config", "own.yaml"] + folder + options)
        #expect(result.exitCode == 0 && result.standardOutput.contains(output), "\(result)")
    }

    @Test("Settings that contradict each other are refused with their places")
    func contradictorySettings() throws {
        let result = try snug("fit", "a.jpg", "-o", "out", file: "fit:\n  copy-compliant: true\n  metadata: [gps]\n")
        #expect(result.exitCode == 64 && result.standardError.contains("config.yaml:2: fit.copy-compliant"))
    }

    @Test("A list becomes one value of an option that takes kinds, and several of one that may be repeated")
    func lists() throws {
        let file = """
            fit: {output: out, metadata: [gps, copyright]}
            generate: {fallback-model: [m, n], provider: openai}
            """
        let fit = try snug("fit", "--show-config", "--json", file: file)
        let rows = try CommandFolder.objects(fit)
        #expect(rows.first { $0["key"] as? String == "fit.metadata" }?["value"] as? String == "gps, copyright")
        #expect(try snug("fit", "a.jpg", file: nil).exitCode == 0)
        let generate = try snug("generate", "--show-config", file: nil)
        #expect(generate.standardOutput.contains("generate.fallback-model  m, n"), "\(generate.standardOutput)")
    }

    @Test(
        "A wrong file is bad usage, named with its line and the remedy",
        arguments: [
            ("fit:\n  limit: 5XB\n", "config.yaml:2: fit.limit: ", "5XB"),
            ("fit:\n  limt: 5MB\n", "config.yaml:2: fit.limt: ", "Did you mean 'limit'?"),
            ("fit:\n  max_side: 10\n", "config.yaml:2: fit.max_side: ", "Did you mean 'max-side'?"),
            ("fit:\n  salvage: maybe\n", "config.yaml:2: fit.salvage: ", "write true or false"),
            ("\nfitt:\n  limit: 5MB\n", "config.yaml:2: fitt: ", "Did you mean 'fit'?"),
            ("fit: 5MB\n", "config.yaml:1: fit: ", "takes keys below it"),
            ("fit:\n  min-saving: 5%\n", "config.yaml:2: fit.min-saving: ", "--lossless"),
            ("fit:\n  limit: [\n", "config.yaml:", "is no YAML"),
        ])
    func faults(text: String, place name: String, remedy: String) throws {
        let result = try snug("fit", "a.jpg", "-o", "out", file: text)
        #expect(result.exitCode == 64)
        #expect(
            result.standardError.contains(name) && result.standardError.contains(remedy), "\(result.standardError)")
        #expect(result.standardOutput.isEmpty)
    }

    @Test("Faults of a variable and of a named file are told; help needs no configuration")
    func otherPlaces() throws {
        let variable = try snug("fit", "a.jpg", "-o", "out", file: nil, environment: ["SNUG_FIT_LIMTI": "1MB"])
        #expect(variable.exitCode == 64 && variable.standardError.contains("Did you mean SNUG_FIT_LIMIT?"))
        let value = try snug("fit", "a.jpg", "-o", "out", file: nil, environment: ["SNUG_FIT_LIMIT": "-1"])
        #expect(value.exitCode == 64 && value.standardError.contains("SNUG_FIT_LIMIT: fit.limit: "))
        let missing = try snug("inspect", "a.jpg", "--config", "none.yaml", file: nil)
        #expect(missing.exitCode == 64 && missing.standardError.contains("none.yaml: cannot be read"))
        let folder = try snug("inspect", "a.jpg", "--config", ".", file: nil)
        #expect(folder.exitCode == 64 && folder.standardError.contains("is a folder; name a file"))
        #expect(try snug("fit", "--help", file: "nonsense: 1\n").exitCode == 0)
        // An empty file sets nothing.
        #expect(try snug("fit", "a.jpg", "-o", "out", "--config", "/dev/null", file: nil).exitCode == 0)
    }

    @Test("What is wrong on the command line is not blamed on the file")
    func userFaults() throws {
        let result = try snug("fit", "a.jpg", "-o", "out", "--limit", "5XB", file: "fit: {salvage: true}\n")
        #expect(result.exitCode == 64 && !result.standardError.contains("config.yaml"))
    }

    @Test("A file holds the folders of snug watch beside the settings of commands")
    func shared() throws {
        let file = """
            folders:
              inbox: {inbox: in, outbox: out, fit: {max_side: 100}}
            fit: {limit: 5MB}
            watch: {log-level: debug}
            """
        let watched = try snug("watch", "--config", "both.yaml", "--check-config", file: file, named: "both.yaml")
        #expect(watched.exitCode == 0, "\(watched.standardError)")
        #expect(watched.standardOutput.contains("folders.inbox.fit.max_side"))
        #expect(watched.standardOutput.contains(/log\.level +debug/))
        let fitted = try snug("fit", "a.jpg", "-o", "out", "-n", "--json", "--config", "both.yaml", file: nil)
        #expect(try limit(fitted) == 5_000_000)
        #expect(try snug("doctor", "--config", "both.yaml", file: nil).standardOutput.contains("1 folder"))
        let wrong = "fit: {limit: 5MB}\nupload: {prallel: 3}\n"
        let checked = try snug("doctor", "--config", "wrong.yaml", file: wrong, named: "wrong.yaml")
        #expect(checked.exitCode == 1 && checked.standardOutput.contains("Did you mean 'parallel'?"))
    }

    @Test("Subcommands have sections of their own within their command's")
    func subcommands() throws {
        let file = "state_dir: elsewhere\njobs:\n  json: true\n  list: {limit: 7}\n"
        for arguments in [["jobs"], ["jobs", "list"]] {
            var runner = place.runner
            runner.environment["SNUG_STATE_DIR"] = nil
            try place.folder.write(Array(file.utf8), to: "own/jobs.yaml")
            let result = try runner.run(arguments + ["--config", "own/jobs.yaml", "--show-config"])
            let rows = try CommandFolder.objects(result)
            func value(_ key: String) -> String? { rows.first { $0["key"] as? String == key }?["value"] as? String }
            #expect(value("jobs.list.limit") == "7" && value("jobs.json") == "true")
            // The key that sets it, not the command's name alone.
            #expect(value("jobs.list.ledger")?.contains("SNUG_LEDGER") == true)
            // As the daemon reads it: from the folder of the file.
            #expect(value("state_dir")?.hasSuffix("own/elsewhere") == true)
        }
    }

    @Test("The settings in force are shown with their origins, and without secrets")
    func shown() throws {
        let file = "upload:\n  header: ['X-Key: swordfish']\n  to: https://host/a?sig=swordfish\n  jobs: 2\n"
        let result = try snug("upload", "--show-config", "--parallel", "4", file: file)
        #expect(result.exitCode == 0, "\(result.standardError)")
        #expect(!result.standardOutput.contains("swordfish"))
        #expect(result.standardOutput.contains(/upload\.jobs +2 +# .*config\.yaml:4\n/))
        #expect(result.standardOutput.contains(/upload\.parallel +4 +# --parallel\n/))
        #expect(result.standardOutput.contains(/upload\.max-attempts +10 +# default\n/))
    }

    private static let homes: [([String: String], String?)] = [
        (["XDG_CONFIG_HOME": "/x"], "x"), (["HOME": "/h"], "h"),
        (["HOME": "/h", "XDG_CONFIG_HOME": "relative"], "h"), (["HOME": "/h", "XDG_CONFIG_HOME": ""], "h"), ([:], nil),
    ]

    @Test("The usual file follows the XDG Base Directory Specification", arguments: homes)
    func usual(environment: [String: String], expected: String?) throws {
        try place.folder.write([], to: "x/snug/config.yaml")
        try place.folder.write([], to: "h/.config/snug/config.yaml")
        let root = place.folder.path
        let found = ConfigurationOptions.usualFile { name in
            environment[name].map { $0.hasPrefix("/") ? root.string + $0 : $0 }
        }
        let files = ["x": root.appending("x/snug/config.yaml"), "h": root.appending("h/.config/snug/config.yaml")]
        #expect(found == expected.flatMap { files[$0] })
    }
}

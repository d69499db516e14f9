// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import FoundationEssentials
import SnugPipeline
import SnugSystem
import SystemPackage

/// The arguments of a command, completed by the settings of a configuration.
///
/// A setting becomes the option that it is named after, unless the command line has that option. So values are read,
/// checked and combined by one piece of code, wherever they come from.
struct ConfiguredArguments {
    /// All arguments, those of settings before the user's own.
    private(set) var arguments: [String]
    /// The settings that became arguments.
    private(set) var settings: [CommandSetting] = []
    /// The command's description; `nil` where nothing can be configured.
    private(set) var command: CommandDescription?
    /// The names of the command, as in `jobs` and `list`.
    private(set) var path: [String] = []
    private(set) var given = GivenOptions([], of: [])
    /// True for `--json` with `--show-config`, which commands take that have no such option otherwise.
    private var showsJSON = false

    /// Options of new requests and their results.
    private static let ofNewRequests = [
        "model", "fallback-model", "size", "count", "image", "mask", "seed", "format", "param", "partial-images",
        "output", "overwrite", "again", "batch",
    ]

    /// Options that a person gives instead of others, whose settings count no longer.
    private static let replaced: [String: [String]] = [
        "output": ["in-place"], "in-place": ["output", "suffix", "name", "format"], "suffix": ["name"],
        "name": ["suffix"], "crop": ["pad"], "pad": ["crop"], "quiet": ["verbose"], "verbose": ["quiet"],
        "key-file": ["session-file"], "session-file": ["key-file"],
        "resume": ["no-resume"], "no-resume": ["resume"],
        "checksums": ["no-checksums"], "no-checksums": ["checksums"],
        "retry": ofNewRequests, "drop": ofNewRequests, "unpark": ofNewRequests,
        "for": ["limit", "min-bytes", "base64", "max-side", "short-side", "max-width", "max-height", "max-pixels"],
        "provider": [
            "base-url", "key-file", "session-file", "idempotency", "model", "fallback-model", "host", "param",
        ],
    ]

    /// Reads the configuration that the arguments and the environment name. It blocks.
    /// - Throws: ``ConfigurationError``; what describing the command throws.
    init(_ arguments: [String], environment: [String: String]) throws {
        self.arguments = arguments
        let options = arguments.prefix { $0 != "--" }
        guard let (path, type, length) = Self.command(of: arguments), !options.contains("--help"),
            !options.contains("-h")
        else { return }
        let usual = ConfigurationOptions.usualFile { environment[$0] }
        let prefix = "SNUG_" + path[0].uppercased() + "_"
        guard
            usual != nil || options.contains(where: { $0.hasPrefix("--config") || $0 == "--show-config" })
                || environment.keys.contains(where: { $0.hasPrefix(prefix) })
        else { return }

        let top = try CommandDescription(type)
        let command = path.dropFirst().reduce(top) { found, name in
            found.subcommands?.first { $0.commandName == name } ?? found
        }
        self.command = command
        self.path = path
        given = GivenOptions(arguments.dropFirst(length), of: command.options)
        if showsSettings, !command.options.contains(where: { $0.longNames.contains("json") }),
            let index = options.firstIndex(of: "--json")
        {
            self.arguments.remove(at: index)
            showsJSON = true
        }
        let named = given.values["config"].map { FilePath(bytes: RawArguments.decode($0)) }
        // This command reads the file itself, and says first whether the file is wanted at all.
        if [["watch"], ["work"]].contains(path), let named, !FileSystem.isFile(named) { return }
        let file = named ?? usual
        let sections = Self.otherSections(than: path[0]) + [top.section]
        let found = try CommandSettings(file: file, environment: environment, sections: sections).load(
            path,
            options: command.configurable.flatMap { option in
                option.longNames.map { CommandSettings.Option($0, isList: option.isRepeating) }
            })
        var counted = given.names
        for name in given.names where name != "provider" || isOtherProvider(found) {
            counted.formUnion(Self.replaced[name] ?? [])
        }
        if ["fit", "inspect", "upload"].contains(path[0]) {
            counted.formUnion(OptionConflict.losers(among: found, against: given, of: path[0]))
        }
        settings = found.filter { !counted.contains($0.option) }
        let added = try settings.flatMap { try Self.arguments(of: $0, command.configurable) }
        self.arguments.insert(contentsOf: added, at: length)
    }

    /// True for `--show-config`.
    var showsSettings: Bool { given.names.contains("show-config") }

    /// True for `--json`, whoever asked for it.
    var printsJSON: Bool {
        showsJSON || given.names.contains("json") || settings.contains { $0.option == "json" && $0.values == ["true"] }
    }

    /// The settings that a message about arguments is about, with their places; `nil` for a message about others.
    func places(in message: String) -> String? {
        let named = Set(message.matches(of: /--([a-z0-9][a-z0-9-]*)/).map { String($0.output.1) })
        let found = settings.filter { named.contains($0.option) }
        return found.isEmpty ? nil : found.map { "\($0.place): \($0.key)" }.joined(separator: ", ")
    }

    // MARK: Commands

    /// The command that arguments start with: its names, its type, and the number of arguments that name it.
    private static func command(
        of arguments: [String]
    ) -> (path: [String], type: any ParsableCommand.Type, length: Int)? {
        guard let name = arguments.first,
            let type = Snug.configuration.subcommands.first(where: { $0.configuration.commandName == name })
        else { return nil }
        let inner = type.configuration.subcommands
        if arguments.count > 1, inner.contains(where: { $0.configuration.commandName == arguments[1] }) {
            return ([name, arguments[1]], type, 2)
        }
        return ([name, type.configuration.defaultSubcommand?.configuration.commandName].compactMap { $0 }, type, 1)
    }

    /// Sections that are known by their names only: their commands check them.
    static func otherSections(than name: String) -> [CommandSection] {
        Snug.configuration.subcommands.compactMap { $0.configuration.commandName }.filter { $0 != name }
            .map { CommandSection($0, options: nil) }
    }

    /// True when the command line names another provider than the configuration.
    private func isOtherProvider(_ settings: [CommandSetting]) -> Bool {
        settings.first { $0.option == "provider" }?.values.first != given.values["provider"]
    }

    // MARK: Values

    private static func arguments(
        of setting: CommandSetting, _ options: [CommandDescription.Argument]
    ) throws -> [String] {
        guard let option = options.first(where: { $0.longNames.contains(setting.option) }) else { return [] }
        if option.isFlag { return try flag(setting, options) }
        let values = option.isRepeating ? setting.values : [setting.values.joined(separator: ",")]
        return values.map { value in
            let text =
                option.isPath && value.hasPrefix("~/")
                ? Machine.environment("HOME").map { $0 + value.dropFirst() } : nil
            return "--\(setting.option)=" + RawArguments.encode(Array((text ?? value).utf8))
        }
    }

    private static func flag(
        _ setting: CommandSetting, _ options: [CommandDescription.Argument]
    ) throws -> [String] {
        let text = setting.values.joined(separator: ",")
        switch text.lowercased() {
        case "true", "yes", "on", "1": return ["--\(setting.option)"]
        case "false", "no", "off", "0":
            let opposite = "no-\(setting.option)"
            return options.contains { $0.longNames.contains(opposite) } ? ["--\(opposite)"] : []
        default:
            throw ConfigurationError([
                setting.fault("'\(PrintableName.escaped(text))' is no choice; write true or false")
            ])
        }
    }
}

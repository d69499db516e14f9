// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import FoundationEssentials
import SnugPipeline
import SnugSystem

/// A command and its options, as the argument parser describes them.
struct CommandDescription: Decodable, Sendable {
    /// An option, a flag or an argument.
    struct Argument: Decodable, Sendable {
        struct Name: Decodable, Sendable {
            var kind: String
            var name: String
        }

        /// The kind of value that a shell completes.
        struct Completion: Decodable, Sendable {
            struct Details: Decodable, Sendable {}
            struct Words: Decodable, Sendable { var values: [String] }

            var file: Details?
            var directory: Details?
            var list: Words?
        }

        var kind: String
        var names: [Name]?
        var isRepeating: Bool
        var completionKind: Completion?
        var defaultValue: String?
        var abstract: String?

        var longNames: [String] { (names ?? []).filter { $0.kind == "long" }.map(\.name) }
        var shortNames: [String] { (names ?? []).filter { $0.kind == "short" }.map(\.name) }
        var isFlag: Bool { kind == "flag" }
        /// True for the path of a file or folder.
        var isPath: Bool { completionKind?.file != nil || completionKind?.directory != nil }
        /// The value in force where nothing sets one, as the help says it.
        var usualValue: String? {
            if let defaultValue { return isFlag ? nil : defaultValue }
            return abstract?.firstMatch(of: /\(default: ([^)]*)\)/).map { String($0.output.1) }
        }
    }

    var commandName: String
    var subcommands: [CommandDescription]?
    var arguments: [Argument]?

    /// Options and flags.
    var options: [Argument] { (arguments ?? []).filter { $0.kind != "positional" } }

    /// Describes a command.
    init(_ command: any ParsableCommand.Type) throws {
        struct Tool: Decodable { var command: CommandDescription }
        self = try JSONDecoder().decode(Tool.self, from: Data(command._dumpHelp().utf8)).command
    }

    /// The command that arguments name, its subcommand where they name one; `nil` for none.
    static func named(by arguments: [String]) throws -> CommandDescription? {
        try type(namedBy: arguments).map { try CommandDescription($0) }
    }

    /// The type of the command that arguments name.
    static func type(namedBy arguments: [String]) -> (any ParsableCommand.Type)? {
        let all = Snug.configuration.subcommands
        guard let type = all.first(where: { $0.configuration.commandName == arguments.first }) else { return nil }
        let inner = type.configuration.subcommands
        let named = inner.first { arguments.count > 1 && $0.configuration.commandName == arguments[1] }
        return named ?? type.configuration.defaultSubcommand ?? type
    }

    /// True for an option, such as `--limit` or `-j`, that has a value after it.
    func takesValue(_ text: String) -> Bool {
        options.contains { option in
            !option.isFlag
                && (option.longNames.contains { text == "--\($0)" } || option.shortNames.contains { text == "-\($0)" })
        }
    }

    /// The message about a long option that the command does not have; `nil` where all are known.
    func unknownOption(in arguments: [String]) -> String? {
        let names = options.flatMap(\.longNames)
        var skips = false
        for argument in arguments.prefix(while: { $0 != "--" }) {
            defer { skips = !skips && takesValue(argument) }
            guard !skips, argument.hasPrefix("--") else { continue }
            let name = String(argument.dropFirst(2).prefix { $0 != "=" })
            guard !names.contains(name) else { continue }
            let near = NearestName.of(name, among: names).map { ". Did you mean '--\($0)'?" } ?? ""
            return "Unknown option '--\(PrintableName.escaped(name))'\(near)"
        }
        return nil
    }

    /// Options that are about a single run, and so are no settings.
    private static let notConfigurable: Set = ["help", "version", "config", "show-config", "check-config"]

    /// Options that a configuration may set.
    var configurable: [Argument] {
        options.filter { $0.longNames.first.map { !Self.notConfigurable.contains($0) } ?? false }
    }

    /// The section of a configuration that is about the command.
    var section: CommandSection {
        let inner = (subcommands ?? []).map(\.section)
        let names = configurable.flatMap(\.longNames) + inner.flatMap { $0.options ?? [] }
        return CommandSection(commandName, options: names, sections: inner)
    }
}

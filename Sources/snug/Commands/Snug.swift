// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import FoundationEssentials
import SnugPipeline
import SnugSystem

/// The command `snug`.
struct Snug: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "snug",
        abstract: "Fits any image under any API's limits.",
        discussion: """
            Start with
              snug fit photos/ -o out/           every image to at most 10 MB
              snug fit a.jpg -o out/ --for x     within X's limits
              snug inspect a.jpg                 its format, and whether it complies
              snug upload a.jpg --to URL         in chunks, resumed after any interruption
              snug generate 'a cat' --provider pollinations
              snug watch inbox/ -o outbox/       every file dropped in, from now on
              snug serve                         the same over HTTP, for backends
              snug work --config snug.yaml       for the folders of other hosts

            Exit codes: 0 all done, 1 some input failed, 64 bad usage, 70 internal error, 130 interrupted.
            """,
        version: version,
        subcommands: [
            FitCommand.self, InspectCommand.self, UploadCommand.self, GenerateCommand.self, ModelsCommand.self,
            BalanceCommand.self, WatchCommand.self, WorkCommand.self, ServeCommand.self, JobsCommand.self,
            ProfilesCommand.self, BackupCommand.self, LedgerCommand.self, StorageCommand.self, DoctorCommand.self,
        ])

    /// Runs the command that the process was started with.
    static func main(_ interruption: Interruption) async {
        let given = RawArguments.ofThisProcess()
        let arguments = RawArguments.completed(given) { option in
            (try? CommandDescription.named(by: given))?.takesValue(option) ?? false
        }
        if let message = unknownCommand(in: arguments) {
            OutputStream.standardError.writeLine("Error: \(message)")
            exit(withError: ExitCode(64))
        }
        do {
            var command = try parsed(arguments)
            if let command = command as? FitCommand {
                try await command.run(interruption)
            } else if let command = command as? UploadCommand {
                try await command.run(interruption)
            } else if let command = command as? GenerateCommand {
                try await command.run(interruption)
            } else if let command = command as? WatchCommand {
                try await command.run(interruption)
            } else if let command = command as? WorkCommand {
                try await command.run(interruption)
            } else if let command = command as? ServeCommand {
                try await command.run(interruption)
            } else if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            try OutputStream.standardOutput.checkDelivered()
        } catch let error as ValidationError {
            // By a command whose arguments parsed: the usage of all commands would say nothing about it.
            OutputStream.standardError.writeLine("Error: \(error.message)")
            exit(withError: ExitCode(64))
        } catch {
            printResult(of: error)
            exit(withError: error)
        }
    }

    /// Prints help, version or a completion script, and ends; returns for everything else.
    private static func printResult(of error: any Error) {
        let text = fullMessage(for: error)
        guard exitCode(for: error).isSuccess, !text.isEmpty else { return }
        let columns = Terminal.columnsByEnvironment ?? OutputStream.standardOutput.columns
        let isHelp = text.hasPrefix("OVERVIEW: ")
        OutputStream.standardOutput.writeLine(columns.flatMap { isHelp ? HelpText.fitted(text, to: $0) : nil } ?? text)
        do {
            try OutputStream.standardOutput.checkDelivered()
        } catch {
            exit(withError: error)
        }
        exit(withError: ExitCode.success)
    }

    /// The command that the arguments and the configuration ask for.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        do {
            let configured = try ConfiguredArguments(arguments, environment: ProcessInfo.processInfo.environment)
            do {
                if configured.showsSettings {
                    try configured.printSettings()
                    throw ExitCode.success
                }
                return try parsedAlone(configured.arguments) ?? parseAsRoot(configured.arguments)
            } catch {
                // What a misspelt option leaves out would be named before it.
                if exitCode(for: error) == .validationFailure, let type = CommandDescription.type(namedBy: arguments),
                    let message = try CommandDescription(type).unknownOption(in: configured.arguments)
                {
                    let usage = usageString(for: type)
                    let name = usage.prefix { $0 != "[" && $0 != "<" }.split(separator: " ").joined(separator: " ")
                    OutputStream.standardError.writeLine(
                        "Error: \(message)\nUsage: \(usage)\n  See '\(name) --help' for more information.")
                    throw ExitCode(64)
                }
                if let fault = configured.fault(of: error) { throw fault }
                let text = fullMessage(for: error)
                let plain = "Error: " + UsageText.namingValueOnce(String(text.dropFirst("Error: ".count)))
                guard text.hasPrefix("Error: "), plain != text else { throw error }
                OutputStream.standardError.writeLine(plain)
                throw exitCode(for: error)
            }
        } catch let error as ConfigurationError {
            if arguments.prefix(while: { $0 != "--" }).contains("--json") {
                OutputStream.standardOutput.writeLine((["error": error.json] as JSONValue).description)
            }
            for fault in error.faults { OutputStream.standardError.writeLine("Error: \(fault)") }
            throw ExitCode(64)
        }
    }

    /// The command that the arguments name, parsed by itself: by way of all commands, its options are described twice more,
    /// which takes a fifth of the time that a small image takes.
    /// - Returns: `nil` for what has to be parsed by that way: commands of commands, and everything that ends in a message.
    private static func parsedAlone(_ arguments: [String]) -> (any ParsableCommand)? {
        guard let name = arguments.first,
            let type = configuration.subcommands.first(where: { $0.configuration.commandName == name }),
            type.configuration._superCommandName != nil
        else { return nil }
        let command = try? type.parseAsRoot(Array(arguments.dropFirst()))
        // Help is another command, which shows its place among all.
        return command.flatMap { Swift.type(of: $0) == type ? $0 : nil }
    }

    /// The message about a name that is no command, or none of a command's own; `nil` where there is none.
    static func unknownCommand(in arguments: [String]) -> String? {
        let isHelp = arguments.first == "help"
        var (parent, known): (String, [any ParsableCommand.Type]) = ("snug", configuration.subcommands)
        for name in arguments.dropFirst(isHelp ? 1 : 0).prefix(2) {
            guard !name.hasPrefix("-"), !known.isEmpty else { return nil }
            if let next = known.first(where: { $0.configuration.commandName == name }) {
                (parent, known) = ("\(parent) \(name)", next.configuration.subcommands)
                continue
            }
            let names =
                known.compactMap { $0.configuration.commandName } + (parent == "snug" && !isHelp ? ["help"] : [])
            guard !names.contains(name) else { return nil }
            let near = NearestName.of(name, among: names).map { "Did you mean '\(parent) \($0)'? " } ?? ""
            return "'\(PrintableName.escaped(name))' is no command of \(parent). \(near)'\(parent) --help' lists all."
        }
        return nil
    }
}

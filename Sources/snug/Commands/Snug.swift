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

            Exit codes: 0 all done, 1 some input failed, 64 bad usage, 70 internal error, 130 interrupted.
            """,
        version: version,
        subcommands: [
            FitCommand.self, InspectCommand.self, UploadCommand.self, GenerateCommand.self, ModelsCommand.self,
            BalanceCommand.self, WatchCommand.self, JobsCommand.self, ProfilesCommand.self, BackupCommand.self,
            DoctorCommand.self,
        ])

    /// Runs the command that the process was started with.
    static func main(_ interruption: Interruption) async {
        let arguments = RawArguments.completed(RawArguments.ofThisProcess())
        if let name = arguments.first, let message = unknownCommand(name) {
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
            } else if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error)
        }
    }

    /// The command that the arguments and the configuration ask for.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        do {
            let configured = try ConfiguredArguments(arguments, environment: ProcessInfo.processInfo.environment)
            if configured.showsSettings {
                try configured.printSettings()
                throw ExitCode.success
            }
            do {
                return try parseAsRoot(configured.arguments)
            } catch {
                throw configured.fault(of: error) ?? error
            }
        } catch let error as ConfigurationError {
            for fault in error.faults { OutputStream.standardError.writeLine("Error: \(fault)") }
            throw ExitCode(64)
        }
    }

    /// The message about a name that is no command; `nil` for one that is, and for options.
    static func unknownCommand(_ name: String) -> String? {
        let names = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
        guard !name.hasPrefix("-"), !names.contains(name) else { return nil }
        let near = NearestName.of(name, among: names).map { "Did you mean 'snug \($0)'? " } ?? ""
        return "'\(PrintableName.escaped(name))' is no command of snug. \(near)'snug --help' lists all."
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

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

            Exit codes: 0 all done, 1 some input failed, 64 bad usage, 70 internal error, 130 interrupted.
            """,
        version: version,
        subcommands: [
            FitCommand.self, InspectCommand.self, UploadCommand.self, GenerateCommand.self, ModelsCommand.self,
            BalanceCommand.self, ProfilesCommand.self, BackupCommand.self, DoctorCommand.self,
        ])

    /// Runs the command that the process was started with.
    static func main(_ interruption: Interruption) async {
        do {
            var command = try parseAsRoot(RawArguments.ofThisProcess())
            if let command = command as? FitCommand {
                try await command.run(interruption)
            } else if let command = command as? UploadCommand {
                try await command.run(interruption)
            } else if let command = command as? GenerateCommand {
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
}

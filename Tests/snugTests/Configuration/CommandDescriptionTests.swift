// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugTestSupport
import Testing

@testable import snug

/// Names and options that are mistyped.
@Suite struct CommandDescriptionTests {
    private static let commands: [([String], String)] = [
        (["fti", "a.jpg"], "'fti' is no command of snug. Did you mean 'snug fit'?"),
        (["genrate"], "Did you mean 'snug generate'?"), (["job"], "Did you mean 'snug jobs'?"),
        (["xylophone"], "'xylophone' is no command of snug. 'snug --help' lists all."),
        (["jobs", "lst"], "'lst' is no command of snug jobs. Did you mean 'snug jobs list'?"),
        (["help", "fti"], "Did you mean 'snug fit'?"), (["help", "jobs", "shwo"], "Did you mean 'snug jobs show'?"),
    ]

    @Test("A mistyped command is told, with the one that was probably meant", arguments: commands)
    func unknownCommand(arguments: [String], message: String) {
        #expect(Snug.unknownCommand(in: arguments)?.contains(message) == true)
    }

    private static let known: [[String]] = [
        [], ["fit", "jobs"], ["--help"], ["jobs", "--failed"], ["jobs", "list"], ["help"], ["help", "jobs", "list"],
        ["inspect", "lst"],
    ]

    @Test("Commands, options and arguments are not taken for mistyped commands", arguments: known)
    func knownCommand(arguments: [String]) { #expect(Snug.unknownCommand(in: arguments) == nil) }

    @Test("A mistyped option is told before what it leaves out, with the usage of its command")
    func unknownOption() throws {
        let place = try CommandFolder()
        let result = try place.snug("upload", "--lst")
        #expect(result.exitCode == 64)
        #expect(result.standardError.hasPrefix("Error: Unknown option '--lst'. Did you mean '--list'?\n"))
        #expect(result.standardError.contains("\nUsage: snug "))
        #expect(result.standardError.contains(" --help' for more information."))
        #expect(result.standardError.contains("snug upload"))
        // The value of an option is no option.
        let named = try place.snug("fit", "--suffix", "--lst", "-o", "out")
        #expect(named.exitCode == 64 && !named.standardError.contains("--lst"))
    }

    private static let negative: [([String], [String])] = [
        (["fit", "--limit", "-5MB"], ["fit", "--limit=-5MB"]), (["fit", "-j", "-1"], ["fit", "-j=-1"]),
        // A flag has no value: the file stays a file.
        (["fit", "--salvage", "-5.jpg"], ["fit", "--salvage", "-5.jpg"]),
        (["fit", "--limit", "-5MB", "--", "--limit", "-5"], ["fit", "--limit=-5MB", "--", "--limit", "-5"]),
        (["fit", "--overwrite", "-5.jpg"], ["fit", "--overwrite=always", "-5.jpg"]),
        (["jobs", "--limit", "-5"], ["jobs", "--limit=-5"]),
    ]

    @Test("Negative numbers belong to options that take a value, and to no flag", arguments: negative)
    func negativeNumbers(arguments: [String], completed: [String]) throws {
        let command = try #require(try CommandDescription.named(by: arguments))
        #expect(RawArguments.completed(arguments, takesValue: command.takesValue) == completed)
    }

    @Test("A negative size of a short or a long option is refused by name")
    func refused() throws {
        let place = try CommandFolder()
        for option in ["--jobs", "-j"] {
            let result = try place.snug("fit", "a.jpg", "-o", "out", option, "-1")
            #expect(result.exitCode == 64 && result.standardError.contains("'-1' is not a whole number above 0"))
        }
    }

    @Test(
        "Shells complete the values of options that take words",
        arguments: [
            ("upload", "protocol", "resumable"), ("upload", "ranged-style", "session"),
            ("generate", "provider", "openai"),
            ("generate", "format", "webp"), ("fit", "for", "bluesky"), ("fit", "chroma", "4:4:4"),
            ("watch", "log-level", "debug"), ("watch", "strategy", "stepped"), ("watch", "protocol", "tus"),
            ("fit", "metadata", "gps"), ("fit", "background", "silver"), ("watch", "background", "white"),
        ])
    func completions(command: String, option: String, value: String) throws {
        let found = try #require(
            try CommandDescription.named(by: [command])?.options.first { $0.longNames == [option] })
        #expect(found.completionKind?.list?.values.contains(value) == true)
    }

    @Test("An upload protocol that there is none of is told with those that there are")
    func unknownProtocol() throws {
        let place = try CommandFolder()
        let result = try place.snug("upload", "a", "--to", "https://host/", "--protocol", "tsu")
        #expect(
            result.exitCode == 64 && result.standardError.contains("Did you mean tus? There are auto, tus, resumable"))
    }
}

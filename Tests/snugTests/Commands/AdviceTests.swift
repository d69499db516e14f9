// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import SystemPackage
import Testing

@testable import snug

/// Options that messages name exist in the commands that print the messages.
///
/// The texts are read from the sources: a message that no test provokes is checked as well.
@Suite struct AdviceTests {
    /// A string of the sources that names options.
    struct Text {
        var file: String
        var line: Int
        var text: String
    }

    private static let sources: FilePath = {
        // Tests/snugTests/Commands/AdviceTests.swift
        var path = FilePath(#filePath)
        for _ in 0..<4 { path.removeLastComponent() }
        return path.appending("Sources")
    }()

    /// Commands and subcommands by their names.
    private static let commands: [String: CommandDescription] = {
        var found: [String: CommandDescription] = [:]
        for type in Snug.configuration.subcommands {
            guard let command = try? CommandDescription(type) else { continue }
            found[command.commandName] = command
            for inner in command.subcommands ?? [] { found["\(command.commandName) \(inner.commandName)"] = inner }
        }
        return found
    }()

    /// Files of the command itself by folder, and the sources in them.
    private static func files(below folder: String) -> [(name: String, content: String)] {
        let root = sources.appending(folder).string
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".swift") }.sorted().compactMap { name in
            (try? String(contentsOfFile: "\(root)/\(name)", encoding: .utf8)).map { ("\(folder)/\(name)", $0) }
        }
    }

    /// The lines of a file whose text names options; comments, examples of curl and the names of types left out.
    private static func texts(of file: (name: String, content: String)) -> [Text] {
        file.content.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            let text = line.trimmingCharacters(in: .whitespaces)
            guard !text.hasPrefix("//"), !text.hasPrefix("curl "), text.contains(/--[a-z]/) else { return nil }
            return Text(file: file.name, line: index + 1, text: text)
        }
    }

    /// Options of the parser itself.
    private static let always: Set = ["help", "version", "generate-completion-script"]

    /// The options of a line: those after `snug NAME`, and those of the command that prints it.
    private static func named(in text: String) -> [(command: String?, option: String)] {
        text.matches(of: /(?:snug ([a-z]+(?: [a-z]+)?)(?:(?!snug )[^'";|])*?)?--([a-z][a-z0-9-]*)/).map { match in
            (match.output.1.map(String.init), String(match.output.2))
        }
    }

    private static func has(_ command: String, _ option: String) -> Bool {
        guard let description = commands[command] else { return false }
        let inner = (description.subcommands ?? []).flatMap(\.options)
        return (description.options + inner).contains { $0.longNames.contains(option) }
    }

    /// The command in words such as `jobs list` or `fit photos`.
    private static func command(_ words: String) -> String? {
        let first = String(words.prefix { $0 != " " })
        return commands[words] != nil ? words : commands[first] != nil ? first : nil
    }

    /// The words of a command whose file is in the folder of its group.
    private static func owner(_ name: String, in file: String) -> String {
        for (folder, group) in [("/Jobs/", "jobs"), ("/Storage/", "storage")] where file.contains(folder) {
            return name == group ? name : "\(group) \(name)"
        }
        return name
    }

    private func check(_ text: Text, printedBy owners: [String]) {
        for (words, option) in Self.named(in: text.text) where !Self.always.contains(option) {
            let named = words.flatMap(Self.command)
            for owner in named.map({ [$0] }) ?? owners {
                #expect(Self.has(owner, option), "snug \(owner) has no --\(option): \(text.file):\(text.line)")
            }
        }
    }

    @Test("What a command says of itself names options that it has")
    func commandTexts() throws {
        for file in Self.files(below: "snug/Commands") where !file.name.hasSuffix("/Snug.swift") {
            guard let name = file.content.firstMatch(of: /commandName: "([a-z]+)"/).map({ String($0.output.1) }) else {
                continue
            }
            let owner = Self.owner(name, in: file.name)
            for text in Self.texts(of: file) { check(text, printedBy: [owner]) }
        }
    }

    @Test("What a group of options says names options of every command that has the group")
    func groupTexts() throws {
        let commands = Self.files(below: "snug/Commands")
        let groups = Self.files(below: "snug/Options")
        /// The commands that have a group, also by way of another group.
        func owners(of group: String) -> [String] {
            let direct = commands.filter { $0.content.contains("var [a-zA-Z]+: \(group)\n".regex) }.compactMap { file in
                file.content.firstMatch(of: /commandName: "([a-z]+)"/).map { match in
                    Self.owner(String(match.output.1), in: file.name)
                }
            }
            let outer = groups.flatMap { file in
                Self.structures(of: file.content).filter { $0.body.contains("var [a-zA-Z]+: \(group)\n".regex) }
                    .map(\.name)
            }
            return direct + outer.flatMap(owners)
        }
        var count = 0
        for file in groups {
            for structure in Self.structures(of: file.content) where structure.isGroup {
                let owners = owners(of: structure.name)
                #expect(!owners.isEmpty, "\(structure.name)")
                for text in Self.texts(of: (file.name, structure.body)) { check(text, printedBy: owners) }
                count += 1
            }
        }
        #expect(count > 15)
    }

    /// The structures of a file, by the brace that ends each, as far in as its first line.
    private static func structures(of content: String) -> [(name: String, isGroup: Bool, body: String)] {
        content.matches(of: /(?sm)^( *)struct ([A-Za-z]+): ([^{\n]*)\{\n(.*?)\n\1}\n/).map { match in
            (
                String(match.output.2), match.output.3.contains("ParsableArguments"),
                String(match.output.4) + "\n"
            )
        }
    }

    /// Files whose texts are printed by commands that they do not name, and those commands.
    private static let printers: [String: [String]] = [
        "snug/Terminal/CommandFailure.swift": ["upload"], "snug/Terminal/FitRecord+Line.swift": ["fit"],
        "snug/Terminal/GenerateReporter.swift": ["generate"], "snug/Terminal/GenerationPlanPrinter.swift": ["generate"],
        "snug/Terminal/ImageError+Options.swift": ["fit"], "snug/Terminal/UploadReporter.swift": ["upload"],
        "snug/Terminal/Checkup.swift": ["doctor"], "snug/Terminal/Checkup+Ledger.swift": ["doctor"],
        "snug/Terminal/PendingTable.swift": ["generate"],
        "snug/Terminal/ConfigurationReport.swift": ["fit"],
        "snug/Options/LedgerAccess.swift": ["jobs list", "jobs show", "jobs retry"],
        "snug/Options/GenerationAccess.swift": ["generate"], "snug/Options/TextFile.swift": ["fit"],
        "snug/Options/WatchRunOptions+Loader.swift": ["watch", "work"],
        "SnugLedger/SQLite/LedgerError+SQLite.swift": ["fit", "upload", "generate", "watch", "jobs list", "backup"],
        "SnugLedger/SQLite/LedgerFiles.swift": ["backup"],
        "SnugLedger/Stores/LedgerUploadStore.swift": ["upload"], "SnugPipeline/Uploading/FileJob.swift": ["upload"],
        "SnugPipeline/Reports/Jobs/JobReport.swift": ["jobs resolve"],
        "SnugPipeline/Jobs/Daemon/CurrentHolds.swift": ["jobs resume"],
        "snug/Options/UploadOptions+Protocol.swift": ["upload"],
        "SnugPipeline/Configuration/ServiceConfiguration+Fleet.swift": ["watch", "serve"],
        "SnugPipeline/Jobs/Stages/JobTask+Storing.swift": ["watch", "serve", "work"],
    ]

    @Test("What the reporters and the libraries say names options of the commands that print it")
    func otherTexts() throws {
        let folders = [
            "snug/Terminal", "SnugSystem", "SnugImage", "SnugHTTP", "SnugUpload", "SnugGeneration", "SnugLedger",
            "SnugPipeline",
        ]
        for file in folders.flatMap(Self.files) + Self.files(below: "snug/Options") {
            let isGroup = Self.structures(of: file.content).contains(where: \.isGroup)
            guard !isGroup, !file.name.hasSuffix("/ConfiguredArguments.swift"),
                !file.name.hasSuffix("/RawArguments.swift"), !file.name.hasSuffix("/FormBody.swift")
            else { continue }
            for text in Self.texts(of: file) {
                let owners = Self.printers[file.name]
                let isExplicit = Self.named(in: text.text).allSatisfy { $0.command.flatMap(Self.command) != nil }
                #expect(
                    owners != nil || isExplicit || file.name.hasSuffix("/Remedy.swift"), "\(file.name):\(text.line)")
                check(text, printedBy: owners ?? [])
            }
        }
    }

    @Test("Remedies of the libraries are worded with options of the commands that print them")
    func remedies() {
        for text in Remedy.requests.values {
            for command in ["upload", "generate", "models", "balance"] {
                check(Text(file: "Remedy.swift", line: 0, text: text), printedBy: [command])
            }
        }
        for text in Remedy.generations.values {
            check(Text(file: "Remedy.swift", line: 0, text: text), printedBy: ["generate"])
        }
        // The words that are replaced are still those of the libraries.
        let library = ["SnugHTTP", "SnugGeneration"].flatMap(Self.files).map(\.content).joined()
        for words in Array(Remedy.requests.keys) + Array(Remedy.generations.keys) {
            #expect(library.contains(words), "\(words)")
        }
    }
}

extension String {
    /// The text as a pattern.
    fileprivate var regex: Regex<AnyRegexOutput> { (try? Regex(self)) ?? Regex(verbatim: self) }
}

extension Regex where Output == AnyRegexOutput {
    fileprivate init(verbatim text: String) { self.init(Regex<Substring>(verbatim: text)) }
}

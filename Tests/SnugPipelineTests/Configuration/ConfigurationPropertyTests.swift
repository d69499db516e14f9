// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// Random configurations: their values, the lines of their faults, and files that are no configurations at all.
@Suite struct ConfigurationPropertyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    typealias Row = SettingTableTests.Row

    /// A file in block style, that knows the line of each key.
    private struct File {
        private(set) var lines: [String] = []
        private(set) var places: [String: Int] = [:]

        /// Writes rows below a path, in groups of one key each.
        mutating func add(_ rows: [Row], below path: [String], values: (Row) -> String) {
            let indent = String(repeating: "  ", count: path.count)
            var groups: [String] = []
            for row in rows where !groups.contains(row.group) { groups.append(row.group) }
            for group in groups {
                let members = rows.filter { $0.group == group }
                guard let first = members.first, first.key.contains(".") else {
                    for row in members { add(row, row.key, indent, path, values) }
                    continue
                }
                lines.append("\(indent)\(group):")
                for row in members { add(row, row.leaf, indent + "  ", path, values) }
            }
        }

        private mutating func add(
            _ row: Row, _ name: String, _ indent: String, _ path: [String], _ values: (Row) -> String
        ) {
            // Comments and empty lines move what comes after them.
            if row.key.utf8.count % 3 == 0 { lines.append("\(indent)# about \(name)") }
            lines.append("\(indent)\(name): \(values(row))")
            places[(path + [row.key]).joined(separator: ".")] = lines.count
        }

        mutating func add(_ line: String) { lines.append(line) }

        var text: String { lines.joined(separator: "\n") + "\n" }
    }

    private static func choose(_ rows: [Row], _ random: inout SeededGenerator) -> [Row] {
        rows.filter { _ in Bool.random(using: &random) }
    }

    /// Rows of the daemon without those that another has to stand before.
    private static let alone = SettingTableTests.daemon.filter {
        !$0.key.hasPrefix("webhook.") && !($0.key.hasPrefix("storage_") && $0.key.hasSuffix("_env"))
            || $0.key == "webhook.url"
    }

    /// Rows of a folder without those that another has to stand before.
    private static func ofFolder(_ random: inout SeededGenerator) -> [Row] {
        let rows = choose(SettingTableTests.own + SettingTableTests.fit, &random)
        return rows.filter { !["inbox", "outbox"].contains($0.key) && $0.key != "fit.for" }
    }

    private static func file(_ random: inout SeededGenerator, values: (Row) -> String) -> (
        File, rows: [(key: String, row: Row)]
    ) {
        var file = File()
        var rows: [(key: String, row: Row)] = []
        let daemon = choose(alone, &random)
        file.add(daemon, below: [], values: values)
        rows += daemon.map { ($0.key, $0) }
        file.add("accounts:")
        for name in ["main", "spare"] {
            file.add("  \(name):")
            file.add("    provider: openai")
            let chosen = choose(SettingTableTests.account, &random).filter {
                !["provider", "key_env"].contains($0.key)
            }
            file.add(chosen, below: ["accounts", name], values: values)
            rows += chosen.map { ("accounts.\(name).\($0.key)", $0) }
        }
        file.add("folders:")
        for name in ["photos", "scans"] {
            file.add("  \(name):")
            file.add("    inbox: /in/\(name)")
            file.add("    outbox: /out/\(name)")
            let chosen = ofFolder(&random)
            file.add(chosen, below: ["folders", name], values: values)
            rows += chosen.map { ("folders.\(name).\($0.key)", $0) }
        }
        return (file, rows)
    }

    private func load(_ text: String, environment: [String: String] = [:]) throws -> LoadedConfiguration {
        try folder.write(Array(text.utf8), to: "snug.yaml")
        return try ConfigurationLoader(
            file: folder.path.appending("snug.yaml"), environment: environment, stateDirectory: "/state"
        ).load()
    }

    @Test("Each value of a file is in force and known by its line; all others are defaults", arguments: 0..<20)
    func values(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let (file, rows) = Self.file(&random) { $0.value }
        let loaded = try load(file.text)
        for (key, row) in rows {
            let setting = try #require(loaded.settings.first { $0.key == key })
            #expect(setting.value == row.shown && setting.origin == .file, "\(key)")
            #expect(setting.place.hasSuffix("snug.yaml:\(file.places[key] ?? 0)"), "\(key) \(setting.place)")
        }
        let fixed = ["provider", "inbox", "outbox"]
        let others = loaded.settings.filter { setting in
            !rows.contains { $0.key == setting.key } && !fixed.contains { setting.key.hasSuffix("." + $0) }
        }
        #expect(others.allSatisfy { $0.origin == .default && $0.place.isEmpty })
        #expect(Set(loaded.settings.map(\.key)).count == loaded.settings.count)
        #expect(loaded.service.watch.folders.map(\.name) == ["photos", "scans"])
    }

    @Test(
        "Of a file with any number of faults, each is reported with its own line and key, and nothing else is",
        arguments: 0..<20)
    func faults(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed + 100)
        var broken: Set<String> = []
        let (file, rows) = Self.file(&random) { row in
            guard let refused = row.refused, row.key.utf8.count % 2 == Int(seed % 2) else { return row.value }
            broken.insert(row.key)
            return refused.value
        }
        let expected = rows.filter { broken.contains($0.row.key) }
        guard !expected.isEmpty else { return }
        let error = #expect(throws: ConfigurationError.self) { try load(file.text) }
        let found = error?.faults ?? []
        #expect(Set(found.map(\.key)) == Set(expected.map(\.key)) && found.count == expected.count)
        for fault in found {
            #expect(fault.place.hasSuffix("snug.yaml:\(file.places[fault.key] ?? 0)"), "\(fault)")
            let reason = expected.first { $0.key == fault.key }?.row.refused?.reason ?? ""
            #expect(fault.message.contains(reason), "\(fault)")
        }
    }

    @Test(
        "A file that is damaged anywhere is read or refused with a reason that a terminal can show", arguments: 0..<30)
    func damaged(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed + 200)
        let (file, _) = Self.file(&random) { $0.value }
        var bytes = Array(file.text.utf8)
        let odd = Array(":-[]{}'\"#&*!|>%@`,\n\t ?\u{1B}\u{0}".utf8) + [0xFF, 0xC3]
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = odd.randomElement(using: &random) ?? 0
            case 1: bytes.insert(odd.randomElement(using: &random) ?? 0, at: place)
            default: bytes.removeSubrange(place..<min(bytes.count, place + 5))
            }
        }
        let path = try folder.write(bytes, to: "snug.yaml")
        do {
            _ = try ConfigurationLoader(file: path, stateDirectory: "/state").load()
        } catch {
            #expect(!error.faults.isEmpty)
            for fault in error.faults {
                #expect(!fault.message.isEmpty && fault.place.contains("snug.yaml"))
                #expect(fault.key.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
            }
        }
    }

    // MARK: Every key from everywhere

    /// The text of a value without YAML's quotes, and the items of a list.
    private static func plain(_ value: String) -> [String] {
        let isList = value.hasPrefix("[")
        let items = isList ? value.dropFirst().dropLast().split(separator: ",").map(String.init) : [value]
        return items.map { $0.trimmed.unquoted }
    }

    private static let everywhere = alone.filter { $0.key != "network.cacert" }

    @Test("A variable and an option say the same as a line of the file", arguments: everywhere)
    func sources(row: Row) throws {
        let path = row.key.split(separator: ".").map(String.init)
        let text = Self.plain(row.value)[0]
        let file = try load(path.count > 1 ? "\(path[0]): {\(path[1]): \(row.value)}" : "\(row.key): \(row.value)")
        let variable = "SNUG_" + path.joined(separator: "_").uppercased()
        let environment = try load("{}", environment: [variable: text])
        let options = try ConfigurationLoader(
            options: [OptionValue(path, [text], option: "--x")], stateDirectory: "/state"
        ).load()
        #expect(environment.service == file.service && options.service == file.service)
        func place(_ loaded: LoadedConfiguration) -> String? { loaded.settings.first { $0.key == row.key }?.place }
        #expect(place(environment) == variable && place(options) == "--x")
        // And a wrong one is refused by its own place.
        guard let refused = row.refused else { return }
        let wrong = Self.plain(refused.value)[0]
        let error = #expect(throws: ConfigurationError.self) { try load("{}", environment: [variable: wrong]) }
        #expect(error?.faults.map(\.place) == [variable])
    }

    @Test(
        "A folder's variable says the same as a line of the file",
        arguments: SettingTableTests.own + SettingTableTests.fit)
    func folderVariables(row: Row) throws {
        let places = "folders: {f: {inbox: /in, outbox: /out}}"
        let text = Self.plain(row.value).joined(separator: ",")
        let variable = "SNUG_FOLDERS_F_" + row.key.replacing(".", with: "_").uppercased()
        let loaded = try load(places, environment: [variable: text])
        let setting = try #require(loaded.settings.first { $0.key == "folders.f." + row.key })
        #expect(setting.value == row.shown && setting.origin == .environment && setting.place == variable)
    }

    @Test(
        "A key with one letter too many is answered by the key",
        arguments: SettingTableTests.daemon + SettingTableTests.fit)
    func typos(row: Row) throws {
        let parts = row.key.split(separator: ".")
        let isFit = row.key.hasPrefix("fit.")
        let typo = "\(row.leaf)\(row.leaf.last ?? "x")"
        let group = parts.count > 1 ? "\(parts[0]): {\(typo): 1}" : "\(typo): 1"
        let text = isFit ? "folders: {f: {inbox: /in, outbox: /out, \(group)}}" : group
        let error = #expect(throws: ConfigurationError.self) { try load(text) }
        #expect(
            error?.faults.map(\.message) == ["is not known. Did you mean '\(row.leaf)'?"],
            "\(String(describing: error))")
    }

    @Test(
        "Letters to change are counted as in the textbook's examples",
        arguments: [
            ("kitten", "sitting", 3), ("saturday", "sunday", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0),
            ("flaw", "lawn", 2), ("a", "b", 1), ("ü", "u", 1),
        ])
    func distance(left: String, right: String, expected: Int) {
        #expect(NearestName.distance(left, right) == expected && NearestName.distance(right, left) == expected)
        #expect(NearestName.distance(String(repeating: "a", count: 65), left) == .max)
    }
}

extension SettingTableTests.Row {
    /// The part before the first dot.
    fileprivate var group: String { String(key.prefix { $0 != "." }) }
    /// The part after it.
    fileprivate var leaf: String { key.split(separator: ".").last.map(String.init) ?? key }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
    fileprivate var unquoted: String {
        count >= 2 && first == "'" && last == "'" ? String(dropFirst().dropLast()) : self
    }
}

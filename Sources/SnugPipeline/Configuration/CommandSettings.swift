// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// Reads the settings of one command: the environment wins over the file.
///
/// The option `max-side` of `fit` is the key `fit.max-side` of the file, and the variable `SNUG_FIT_MAX_SIDE`.
package struct CommandSettings: Sendable {
    /// An option that may be configured.
    package struct Option: Sendable, Hashable {
        package var name: String
        /// True for one that may be given several times.
        package var isList: Bool

        package init(_ name: String, isList: Bool) {
            self.name = name
            self.isList = isList
        }
    }

    /// The file; `nil` for none.
    package var file: FilePath?
    package var environment: [String: String]
    /// The sections of all commands.
    package var sections: [CommandSection]

    package init(file: FilePath?, environment: [String: String], sections: [CommandSection]) {
        self.file = file
        self.environment = environment
        self.sections = sections
    }

    /// The settings of a command, in the order of its options. It blocks.
    /// - Parameter command: The command, and its subcommand, whose settings win over those of the command itself.
    /// - Throws: ``ConfigurationError`` with every fault that was found.
    package func load(
        _ command: [String], options: [Option]
    ) throws(ConfigurationError) -> [CommandSetting] {
        var document: ConfigurationDocument?
        if let file { document = try ConfigurationDocument(reading: file) }
        var faults = document.map { ConfigurationSchema.root.including(sections).faults(in: $0) } ?? []
        faults += strangers(command, options: options)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        let reader = try SettingReader(document: document, environment: environment)
        var settings: [CommandSetting] = []
        for option in options {
            for path in Self.paths(of: option.name, of: command) {
                let entry = document?.entries.first { $0.path == path }
                let isNamed = environment[ConfigurationSchema.variable(path)].map { !$0.isEmpty } ?? false
                // A variable with this name is read by the commands themselves.
                if path == Self.stateDirectory, isNamed { break }
                let isList = isNamed ? option.isList : entry?.kind == .list
                guard isNamed || entry != nil, var values = reader.values(of: path, isList: isList) else { continue }
                if path == Self.stateDirectory, let folder = document?.folder {
                    // As the daemon reads it.
                    values = values.map { folder.pushing(FilePath($0)).lexicallyNormalized().string }
                }
                let (origin, place) = reader.place(of: path)
                settings.append(
                    CommandSetting(option: option.name, path: path, values: values, origin: origin, place: place))
                break
            }
        }
        return settings
    }

    /// The state directory of the daemon, which is that of all commands.
    private static let stateDirectory = ["state_dir"]

    /// The keys of an option, the one that wins first.
    private static func paths(of option: String, of command: [String]) -> [[String]] {
        let own = (1...max(command.count, 1)).reversed().map { Array(command.prefix($0)) + [option] }
        return option == "state" ? own + [stateDirectory] : own
    }

    /// Variables that look like settings of the command and are none.
    private func strangers(_ command: [String], options: [Option]) -> [ConfigurationError.Fault] {
        guard let name = command.first else { return [] }
        let prefix = ConfigurationSchema.variable([name]) + "_"
        let found = environment.keys.filter { $0.hasPrefix(prefix) }.sorted()
        guard !found.isEmpty, let section = sections.first(where: { $0.name == name }) else { return [] }
        var known = Set((section.options ?? []).map { ConfigurationSchema.variable([name, $0]) })
        for inner in section.sections {
            known.formUnion((inner.options ?? []).map { ConfigurationSchema.variable([name, inner.name, $0]) })
        }
        return found.filter { !known.contains($0) }.map { variable in
            let nearest = NearestName.of(variable.lowercased(), among: known.map { $0.lowercased() })
            return ConfigurationError.Fault(
                place: PrintableName.escaped(variable),
                message: "is no setting of snug \(name)"
                    + (nearest.map { ". Did you mean \($0.uppercased())?" } ?? "; remove it"))
        }
    }
}

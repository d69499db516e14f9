// SPDX-License-Identifier: Apache-2.0
import Configuration
import SnugSystem
import Synchronization
public import SystemPackage

/// A configuration that was read and found sound, and the origin of each value.
public struct LoadedConfiguration: Sendable {
    /// The configuration.
    public var service: ServiceConfiguration
    /// All settings in force, in the order in which a file would have them.
    public var settings: [EffectiveSetting]
}

/// Reads configurations: options win over the environment, which wins over the file.
///
/// A key of the file is a variable in capitals, with `_` between its parts: `folders.inbox.settle` is
/// `SNUG_FOLDERS_INBOX_SETTLE`.
public struct ConfigurationLoader: Sendable {
    /// In the path of an option it stands for every folder, or every account, of the configuration.
    public static let everyName = "*"

    /// The file; `nil` for none.
    public var file: FilePath?
    /// The environment.
    public var environment: [String: String]
    /// The values of options.
    public var options: [OptionValue]
    /// The state directory where nothing names one.
    public var stateDirectory: FilePath

    /// The settings that commands take from the same file.
    package var sections: [CommandSection] = []

    /// Names the sources.
    public init(
        file: FilePath? = nil, environment: [String: String] = [:], options: [OptionValue] = [],
        stateDirectory: FilePath
    ) {
        self.file = file
        self.environment = environment
        self.options = options
        self.stateDirectory = stateDirectory
    }

    /// Reads everything, and checks it as far as that is possible without the folders themselves. It blocks.
    /// - Throws: ``ConfigurationError`` with every fault that was found.
    public func load() throws(ConfigurationError) -> LoadedConfiguration {
        var document: ConfigurationDocument?
        if let file { document = try ConfigurationDocument(reading: file) }
        if let faults = document.map({ ConfigurationSchema.root.including(sections).faults(in: $0) }), !faults.isEmpty {
            throw ConfigurationError(faults)
        }
        let accounts = names(in: "accounts", document)
        let folders = names(in: "folders", document)
        let strangers = ConfigurationSchema.faults(
            inEnvironment: Array(environment.keys), accounts: accounts, folders: folders)
        guard strangers.isEmpty else { throw ConfigurationError(strangers) }
        var loader = self
        loader.options = options.flatMap { option in
            guard option.path.count > 2, option.path[1] == Self.everyName else { return [option] }
            return (option.path[0] == "folders" ? folders : accounts).map { name in
                OptionValue([option.path[0], name] + option.path.dropFirst(2), option.values, option: option.option)
            }
        }
        var reading = try ConfigurationReading(loader, document)
        let result = reading.service(accounts: accounts, folders: folders)
        guard reading.faults.isEmpty else { throw ConfigurationError(reading.faults) }
        return LoadedConfiguration(service: result, settings: reading.settings)
    }

    /// Names in the order of the file, then those of options.
    private func names(in group: String, _ document: ConfigurationDocument?) -> [String] {
        var names = document?.names(in: [group]) ?? []
        for option in options where option.path.first == group && option.path.count > 1 {
            let name = option.path[1]
            if name != Self.everyName, !names.contains(name) { names.append(name) }
        }
        return names
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The settings that a command takes from a configuration, named by its long options.
package struct CommandSection: Sendable, Hashable {
    /// The command's name, which is the key of its settings.
    package var name: String
    /// The long options without their dashes; `nil` leaves the section to the command itself.
    package var options: [String]?
    /// The sections of its subcommands.
    package var sections: [CommandSection]

    /// Describes a section.
    package init(_ name: String, options: [String]?, sections: [CommandSection] = []) {
        self.name = name
        self.options = options
        self.sections = sections
    }
}

/// A value that a configuration gives to an option of a command.
package struct CommandSetting: Sendable, Hashable {
    /// The long option, without its dashes.
    package var option: String
    /// The parts of the key: the command, and the option.
    package var path: [String]
    /// The values as text.
    package var values: [String]
    /// The kind of place.
    package var origin: EffectiveSetting.Origin
    /// The place: `config.yaml:3`, or a variable.
    package var place: String

    /// The key, with dots between its parts.
    package var key: String { path.joined(separator: ".") }

    /// A fault of the value.
    package func fault(_ message: String) -> ConfigurationError.Fault {
        .init(place: place, key: key, message: message)
    }
}

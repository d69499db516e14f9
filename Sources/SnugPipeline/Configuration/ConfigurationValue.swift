// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// A value given by an option of a command.
public struct OptionValue: Sendable, Hashable {
    /// The parts of the key.
    public var path: [String]
    /// The value, or the values of a list.
    public var values: [String]
    /// The option, as the user wrote it: `--limit`.
    public var option: String

    /// Names a value.
    public init(_ path: [String], _ values: [String], option: String) {
        self.path = path
        self.values = values
        self.option = option
    }
}

/// A setting in force, and where its value came from.
public struct EffectiveSetting: Sendable, Hashable {
    /// The kinds of places, the weakest first.
    public enum Origin: String, Sendable, Hashable {
        case `default`, file, environment, option
    }

    /// The key, with dots between its parts.
    public var key: String
    /// The value as a file would have it; `nil` for none. Secrets are named by their places, never shown.
    public var value: String?
    /// The kind of place.
    public var origin: Origin
    /// The place: `snug.yaml:12`, a variable, an option; empty for a default.
    public var place: String

    /// Describes a setting.
    package init(key: String, value: String?, origin: Origin, place: String) {
        self.key = key
        self.value = value
        self.origin = origin
        self.place = place
    }

    /// The setting as JSON.
    package var json: JSONValue {
        ["key": .text(key), "value": .optional(value), "origin": .text(origin.rawValue), "place": .text(place)]
    }
}

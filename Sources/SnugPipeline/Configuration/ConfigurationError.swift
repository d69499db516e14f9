// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Everything that is wrong with a configuration.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One thing that is wrong.
    public struct Fault: Sendable, Hashable, CustomStringConvertible {
        /// Its place: `snug.yaml:12`, a variable of the environment, or an option; empty for the whole.
        public var place: String
        /// The key, with dots between its parts; empty for the whole.
        public var key: String
        /// The fault and its remedy.
        public var message: String

        /// Describes a fault.
        public init(place: String = "", key: String = "", message: String) {
            self.place = place
            self.key = key
            self.message = message
        }

        /// Place, key and message.
        public var description: String {
            // An option names its setting itself.
            [place, place.hasPrefix("--") ? "" : key, message].filter { !$0.isEmpty }.joined(separator: ": ")
        }

        /// The fault as JSON.
        package var json: JSONValue {
            ["place": .text(place), "key": .text(key), "message": .text(message)]
        }
    }

    /// The faults in the order of the file; at least one.
    public var faults: [Fault]

    /// Reports faults.
    public init(_ faults: [Fault]) { self.faults = faults }

    /// The faults, a line each.
    public var description: String { faults.map(\.description).joined(separator: "\n") }

    /// The error as JSON.
    package var json: JSONValue {
        .error(
            code: DaemonError.Code.invalidConfiguration.description, message: description,
            details: ["faults": .array(faults.map(\.json))])
    }
}

/// The fault of one value.
struct SettingFault: Error {
    var message: String
    /// The key that the value has no use without, where that is the fault.
    var base: String?

    init(_ message: String, base: String? = nil) {
        self.message = message
        self.base = base
    }
}

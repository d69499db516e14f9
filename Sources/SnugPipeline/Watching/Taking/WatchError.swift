// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// A folder that cannot be watched as configured, or a file in it that cannot be processed.
package struct WatchError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable name of the failure, used in JSON, logs and metrics.
    package enum Code: String, Sendable, Hashable {
        /// Two folders of the configuration would feed each other.
        case foldersOverlap = "folders_overlap"
        /// A file did not become complete within the patience for it.
        case incomplete
        /// A sidecar is no valid JSON object of known keys.
        case invalidSidecar = "invalid_sidecar"
        /// The system refused a step.
        case fileSystem = "io_failed"
    }

    package var code: Code
    /// The event with its values, and the remedy.
    package var message: String
    /// True for a fault of the surroundings, which passes without any change of the file.
    package var isEnvironmental: Bool

    package init(_ code: Code, _ message: String, isEnvironmental: Bool = false) {
        self.code = code
        self.message = message
        self.isEnvironmental = isEnvironmental
    }

    init(_ failure: SystemFailure) {
        self.init(.fileSystem, "\(failure); \(failure.remedy)", isEnvironmental: true)
    }

    package var description: String { "\(code.rawValue): \(message)" }
}

// SPDX-License-Identifier: Apache-2.0

/// The reason why a daemon cannot run as it is configured.
public struct DaemonError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable name of a failure: snake_case, used in JSON, logs and metrics.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case invalidConfiguration = "invalid_configuration"
            case foldersOverlap = "folders_overlap"
            case secretMissing = "secret_missing"
            case alreadyRunning = "already_running"
            case ioFailed = "io_failed"
            case restartNeeded = "restart_needed"
            case notRunning = "not_running"
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// A setting contradicts another, or lacks something.
        public static let invalidConfiguration = Code(.invalidConfiguration)
        /// Two folders would feed each other, or a file would be processed twice.
        public static let foldersOverlap = Code(.foldersOverlap)
        /// A key is not where the configuration says.
        public static let secretMissing = Code(.secretMissing)
        /// Another daemon uses the state directory.
        public static let alreadyRunning = Code(.alreadyRunning)
        /// The system refused a step.
        public static let ioFailed = Code(.ioFailed)

        /// The daemon has not begun yet, or stops.
        public static let notRunning = Code(.notRunning)
        /// A setting changed that a running daemon cannot take.
        public static let restartNeeded = Code(.restartNeeded)

        /// The stable name.
        public var description: String { value.rawValue }
    }

    /// The kind of failure.
    public var code: Code
    /// The failure with its values, and the remedy.
    public var message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}

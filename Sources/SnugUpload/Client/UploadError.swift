// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes

/// Why an upload ended without a receipt, and whether it can go on from where it stopped.
public struct UploadError: Error, Sendable, CustomStringConvertible {
    /// A stable name of a failure: snake_case, used in JSON, logs and metrics.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case invalidTarget = "invalid_target"
            case sourceFailed = "source_failed"
            case sourceChanged = "source_changed"
            case stateFailed = "state_failed"
            case inUse = "in_use"
            case notSupported = "not_supported"
            case refused
            case credentialsRefused = "credentials_refused"
            case tooLarge = "too_large"
            case gone
            case checksumMismatch = "checksum_mismatch"
            case verificationFailed = "verification_failed"
            case outcomeUnknown = "outcome_unknown"
            case retriesSpent = "retries_spent"
            case deadlineExceeded = "deadline_exceeded"
            case serverMisbehaved = "server_misbehaved"
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// The target contradicts itself or lacks something that its protocol needs.
        public static let invalidTarget = Code(.invalidTarget)
        /// The file cannot be read.
        public static let sourceFailed = Code(.sourceFailed)
        /// The file changed while it was sent.
        public static let sourceChanged = Code(.sourceChanged)
        /// The record of the upload cannot be kept.
        public static let stateFailed = Code(.stateFailed)
        /// Another process is sending the same file to the same place.
        public static let inUse = Code(.inUse)
        /// The server does not speak the protocol, or not what is needed of it.
        public static let notSupported = Code(.notSupported)
        /// The server refused for good.
        public static let refused = Code(.refused)
        /// The server refused who is asking.
        public static let credentialsRefused = Code(.credentialsRefused)
        /// The file, or the smallest piece that can be sent, is larger than the server takes.
        public static let tooLarge = Code(.tooLarge)
        /// The server has forgotten the upload again and again.
        public static let gone = Code(.gone)
        /// What arrived was not what was sent, again and again.
        public static let checksumMismatch = Code(.checksumMismatch)
        /// What the server has afterwards is not the file.
        public static let verificationFailed = Code(.verificationFailed)
        /// Everything was sent, no answer came, and sending it again could store it twice.
        public static let outcomeUnknown = Code(.outcomeUnknown)
        /// No progress in spite of all attempts.
        public static let retriesSpent = Code(.retriesSpent)
        /// The deadline passed.
        public static let deadlineExceeded = Code(.deadlineExceeded)
        /// The server breaks its own protocol.
        public static let serverMisbehaved = Code(.serverMisbehaved)

        /// The stable name.
        public var description: String { value.rawValue }
    }

    /// How to go on.
    public enum Resumption: Sendable, Hashable {
        /// Uploading the same file to the same target goes on after so many bytes.
        case resumable(from: Int)
        /// Uploading it again begins at the first byte.
        case startOver
        /// Uploading it again would fail in the same way.
        case none
    }

    /// What kind of failure this is.
    public var code: Code
    /// For a person: what happened, with the values, and what to do.
    public var message: String
    /// How to go on.
    public var resumption: Resumption
    /// The last answer's status, when there was one.
    public var status: Int?
    /// How long the server asked to be left alone.
    public var retryAfter: Duration?
    /// What lies beneath.
    public var cause: (any Error)?

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, resumption: Resumption = .none, status: Int? = nil,
        retryAfter: Duration? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.resumption = resumption
        self.status = status
        self.retryAfter = retryAfter
        self.cause = cause
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}

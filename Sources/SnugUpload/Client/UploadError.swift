// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes

/// The reason why an upload ended without a receipt, and the way to continue.
public struct UploadError: Error, Sendable, CustomStringConvertible {
    /// A stable name of a failure: snake_case, used in JSON, logs and metrics.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case invalidTarget = "invalid_target"
            case nameCollision = "name_collision"
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
            case interrupted
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// The target contradicts itself, or lacks something that its protocol needs.
        public static let invalidTarget = Code(.invalidTarget)
        /// Two files would be uploaded to one address.
        public static let nameCollision = Code(.nameCollision)
        /// The file cannot be read.
        public static let sourceFailed = Code(.sourceFailed)
        /// The file changed while it was sent.
        public static let sourceChanged = Code(.sourceChanged)
        /// The record of the upload cannot be read or written.
        public static let stateFailed = Code(.stateFailed)
        /// Another process is sending the same file to the same place.
        public static let inUse = Code(.inUse)
        /// The server does not support the protocol, or not the needed part of it.
        public static let notSupported = Code(.notSupported)
        /// The server refused, and another attempt would not help.
        public static let refused = Code(.refused)
        /// The server refused the credentials.
        public static let credentialsRefused = Code(.credentialsRefused)
        /// The file, or the smallest possible chunk, is larger than the server accepts.
        public static let tooLarge = Code(.tooLarge)
        /// The server forgot the upload repeatedly.
        public static let gone = Code(.gone)
        /// The data arrived damaged repeatedly.
        public static let checksumMismatch = Code(.checksumMismatch)
        /// The object at the server is not the file.
        public static let verificationFailed = Code(.verificationFailed)
        /// Everything was sent and no response came, so another attempt could store the file twice.
        public static let outcomeUnknown = Code(.outcomeUnknown)
        /// No attempt made progress.
        public static let retriesSpent = Code(.retriesSpent)
        /// The deadline passed.
        public static let deadlineExceeded = Code(.deadlineExceeded)
        /// The server violates the protocol.
        public static let serverMisbehaved = Code(.serverMisbehaved)

        /// The command was interrupted.
        public static let interrupted = Code(.interrupted)

        /// The stable name.
        public var description: String { value.rawValue }
    }

    /// The way to continue.
    public enum Resumption: Sendable, Hashable {
        /// Uploading the same file to the same target resumes after this number of bytes.
        case resumable(from: Int)
        /// Uploading it again starts at the first byte.
        case startOver
        /// Uploading it again would fail in the same way.
        case none
    }

    /// The failure.
    public var code: Code
    /// The failure and its remedy, for a person.
    public var message: String
    /// The way to continue.
    public var resumption: Resumption
    /// The status of the last response, if any.
    public var status: Int?
    /// The wait that the server asked for.
    public var retryAfter: Duration?
    /// The underlying error, if any.
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

    /// An earlier run has sent a request that may have taken effect.
    static var noResponse: UploadError {
        UploadError(
            .outcomeUnknown,
            "an earlier run sent the whole file, and nobody knows whether it was stored; check the server before sending "
                + "it again")
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}

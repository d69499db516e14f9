// SPDX-License-Identifier: Apache-2.0

/// The reason why a call to a bucket failed, and its remedy.
public struct BucketError: Error, Sendable, CustomStringConvertible {
    /// A stable name of a failure.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The address of the bucket, or the name of an object, cannot be used.
        case invalidAddress = "invalid_address"
        /// The object is not there.
        case notFound = "not_found"
        /// There is no such bucket.
        case noBucket = "no_bucket"
        /// The server refuses the keys, or what they ask for.
        case credentialsRefused = "credentials_refused"
        /// The server refuses the request, and another attempt would not help.
        case refused
        /// The server cannot be reached, or asks to wait: the same may succeed later.
        case unavailable
        /// The server knows no such request.
        case unsupported
        /// The bytes are not those that were expected.
        case damaged
        /// A file of this machine cannot be read or written.
        case fileFailed = "file_failed"
        /// The server violates the protocol.
        case misbehaved = "server_misbehaved"
    }

    /// The failure.
    public var code: Code
    /// The failure and its remedy, for a person.
    public var message: String
    /// The status of the last response, if any.
    public var status: Int?
    /// The code in the server's error, such as `NoSuchBucket`, if any.
    public var serverCode: String?
    /// The wait that the server asked for.
    public var retryAfter: Duration?
    /// The underlying error, if any.
    public var cause: (any Error)?

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, status: Int? = nil, retryAfter: Duration? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.status = status
        self.retryAfter = retryAfter
        self.cause = cause
    }

    /// Code and message.
    public var description: String { "\(code.rawValue): \(message)" }
}

extension BucketError {
    /// A failed upload as an error of the bucket.
    init(_ error: UploadError) {
        let code: Code =
            switch error.code {
            case .credentialsRefused: .credentialsRefused
            case .checksumMismatch, .verificationFailed: .damaged
            case .sourceFailed, .sourceChanged, .stateFailed: .fileFailed
            case .serverMisbehaved: .misbehaved
            case .retriesSpent, .deadlineExceeded, .outcomeUnknown, .inUse, .interrupted, .gone: .unavailable
            default: .refused
            }
        self.init(code, error.message, status: error.status, retryAfter: error.retryAfter, cause: error)
    }
}

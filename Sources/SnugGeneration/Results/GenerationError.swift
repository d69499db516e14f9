// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP

/// The reason why there is no image, whether it may have been charged, and the remedy.
public struct GenerationError: Error, Sendable, CustomStringConvertible {
    /// A stable name of a failure: snake_case, used in JSON, logs and metrics.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case invalidRequest = "invalid_request"
            case notAuthenticated = "not_authenticated"
            case paymentRequired = "payment_required"
            case forbidden
            case modelNotFound = "model_not_found"
            case jobNotFound = "job_not_found"
            case policyRefused = "policy_refused"
            case payloadTooLarge = "payload_too_large"
            case unsupportedMedia = "unsupported_media"
            case rateLimited = "rate_limited"
            case noCapacity = "no_capacity"
            case providerFailed = "provider_failed"
            case generationFailed = "generation_failed"
            case outcomeUnknown = "outcome_unknown"
            case notSent = "not_sent"
            case deadlineExceeded = "deadline_exceeded"
            case circuitOpen = "circuit_open"
            case retriesSpent = "retries_spent"
            case imageFailed = "image_failed"
            case hostNeeded = "host_needed"
            case badResponse = "bad_answer"
            case badImage = "bad_picture"
            case downloadFailed = "download_failed"
            case outputFailed = "output_failed"
            case wrongFormat = "wrong_format"
            case journalFailed = "journal_failed"
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// The request cannot be right; `fields` names what. Nothing was charged.
        public static let invalidRequest = Code(.invalidRequest)
        /// The key or token is not accepted.
        public static let notAuthenticated = Code(.notAuthenticated)
        /// The account has not enough left, or its quota is spent for good; `required` and `available` say how much.
        public static let paymentRequired = Code(.paymentRequired)
        /// The account may not do this.
        public static let forbidden = Code(.forbidden)
        /// There is no such model; `suggestions` has those there are.
        public static let modelNotFound = Code(.modelNotFound)
        /// The provider no longer knows the job.
        public static let jobNotFound = Code(.jobNotFound)
        /// The provider will not make this image.
        public static let policyRefused = Code(.policyRefused)
        /// The input is too large even after it was fitted again.
        public static let payloadTooLarge = Code(.payloadTooLarge)
        /// The input's format is not taken, even as JPEG or PNG.
        public static let unsupportedMedia = Code(.unsupportedMedia)
        /// Too many requests, and the wait is longer than there is time; `retryAfter` says how long.
        public static let rateLimited = Code(.rateLimited)
        /// No model asked had capacity.
        public static let noCapacity = Code(.noCapacity)
        /// The provider broke, and said that nothing came of it.
        public static let providerFailed = Code(.providerFailed)
        /// The job ran and ended without an image.
        public static let generationFailed = Code(.generationFailed)
        /// It may have been made and charged, and cannot be asked for: held for a person.
        public static let outcomeUnknown = Code(.outcomeUnknown)
        /// The request did not get there.
        public static let notSent = Code(.notSent)
        /// The time for the whole operation is over.
        public static let deadlineExceeded = Code(.deadlineExceeded)
        /// Too many failures in a row: not asked at all for a while.
        public static let circuitOpen = Code(.circuitOpen)
        /// The retry budget for this host is spent.
        public static let retriesSpent = Code(.retriesSpent)
        /// An input image cannot be read or fitted.
        public static let imageFailed = Code(.imageFailed)
        /// The provider takes addresses only, and there is nowhere to put the image.
        public static let hostNeeded = Code(.hostNeeded)
        /// The response is not what the provider documents.
        public static let badResponse = Code(.badResponse)
        /// The result is no image, or is damaged.
        public static let badImage = Code(.badImage)
        /// The image was made and cannot be fetched.
        public static let downloadFailed = Code(.downloadFailed)
        /// The image cannot be written here.
        public static let outputFailed = Code(.outputFailed)
        /// The image is here, and could not be converted to the format that its name asks for.
        public static let wrongFormat = Code(.wrongFormat)
        /// A record could not be saved: the request was not sent, or its outcome is not recorded.
        public static let journalFailed = Code(.journalFailed)

        /// The stable name.
        public var description: String { value.rawValue }
    }

    /// A complaint about one field.
    public struct Field: Sendable, Hashable {
        /// The name that the provider, or this library, uses.
        public var name: String
        /// The complaint.
        public var message: String

        /// Names a field and its fault.
        public init(_ name: String, _ message: String) {
            self.name = name
            self.message = message
        }
    }

    /// The kind of failure.
    public var code: Code
    /// For a person: what happened, with the values, and what to do. Never holds a key or an image's bytes.
    public var message: String
    /// The fields complained of.
    public var fields: [Field] = []
    /// The status of the response that decided.
    public var status: Int?
    /// The provider's own word for the failure.
    public var providerCode: String?
    /// The provider's name for the request.
    public var requestID: String?
    /// The wait before another attempt, when waiting helps.
    public var retryAfter: Duration?
    /// The end of that wait, seconds since 1970.
    public var retryAt: Int?
    /// True when an image may have been made and charged.
    public var isOutcomeUnknown = false
    /// The provider's name for the job, when there is one: polling it again is free.
    public var jobID: String?
    /// The name under which the journal knows it.
    public var journalKey: String?
    /// The amount that `payment_required` asks for.
    public var required: Double?
    /// The account's balance, in the same unit.
    public var available: Double?
    /// Models or values that are accepted.
    public var suggestions: [String] = []
    /// Images that were delivered all the same, of several.
    public var delivered: [Generation.Image] = []
    /// Every request that was sent for it.
    public var attempts: [Attempt] = []
    /// The underlying error.
    public var cause: (any Error)?

    /// Makes an error; the rest is set as it is known.
    public init(_ code: Code, _ message: String, status: Int? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.status = status
        self.cause = cause
    }

    /// True when more than one request was sent.
    public var wasRetried: Bool { attempts.count > 1 }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}

// SPDX-License-Identifier: Apache-2.0

/// The reason why a request brought no usable response.
///
/// ``code`` names the failure. ``outcome`` tells how far the request got, and so whether it may be sent again; see
/// ``ResponseClass``.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// A stable name of a failure: snake_case, used in JSON, logs and metrics.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case invalidURL = "invalid_url"
            case invalidRequest = "invalid_request"
            case insecureScheme = "insecure_scheme"
            case cannotResolve = "cannot_resolve"
            case cannotConnect = "cannot_connect"
            case connectTimedOut = "connect_timed_out"
            case tlsFailed = "tls_failed"
            case certificateRefused = "certificate_refused"
            case addressRefused = "address_refused"
            case connectionLost = "connection_lost"
            case responseCut = "answer_cut"
            case malformedResponse = "malformed_answer"
            case stalled = "stalled"
            case attemptTimedOut = "attempt_timed_out"
            case deadlineExceeded = "deadline_exceeded"
            case responseTooLarge = "response_too_large"
            case bodyFailed = "body_failed"
            case sinkFailed = "sink_failed"
            case redirectRefused = "redirect_refused"
            case transientStatus = "transient_status"
            case outOfMemory = "out_of_memory"
            case transportFailed = "transport_failed"
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// The text is not an `http` or `https` address.
        public static let invalidURL = Code(.invalidURL)
        /// The request contradicts itself: a line break in a header, a body with HEAD.
        public static let invalidRequest = Code(.invalidRequest)
        /// Plain `http` to another machine, which the configuration does not allow.
        public static let insecureScheme = Code(.insecureScheme)
        /// The host's (or the proxy's) name has no address.
        public static let cannotResolve = Code(.cannotResolve)
        /// The connection was refused or failed.
        public static let cannotConnect = Code(.cannotConnect)
        /// Connecting took longer than the connect timeout.
        public static let connectTimedOut = Code(.connectTimedOut)
        /// The TLS handshake failed for another reason than the certificate.
        public static let tlsFailed = Code(.tlsFailed)
        /// The server's certificate is not trusted.
        public static let certificateRefused = Code(.certificateRefused)
        /// The host's address is an internal one and the request allows public ones only.
        public static let addressRefused = Code(.addressRefused)
        /// The connection ended before a response came.
        public static let connectionLost = Code(.connectionLost)
        /// The connection ended within the response; status and headers are there.
        public static let responseCut = Code(.responseCut)
        /// The response is not HTTP.
        public static let malformedResponse = Code(.malformedResponse)
        /// No byte moved for the stall timeout while sending or receiving.
        public static let stalled = Code(.stalled)
        /// One attempt took longer than its timeout.
        public static let attemptTimedOut = Code(.attemptTimedOut)
        /// The operation's deadline passed.
        public static let deadlineExceeded = Code(.deadlineExceeded)
        /// The response has more bytes than the caller allows.
        public static let responseTooLarge = Code(.responseTooLarge)
        /// The request's own body could not be read; ``HTTPError/cause`` says why.
        public static let bodyFailed = Code(.bodyFailed)
        /// The response could not be written to its destination.
        public static let sinkFailed = Code(.sinkFailed)
        /// The response is a redirect that must not be followed.
        public static let redirectRefused = Code(.redirectRefused)
        /// The server refused every attempt for now.
        public static let transientStatus = Code(.transientStatus)
        /// libcurl had no memory.
        public static let outOfMemory = Code(.outOfMemory)
        /// libcurl failed in another way; the message has its words.
        public static let transportFailed = Code(.transportFailed)

        /// The stable name.
        public var description: String { value.rawValue }
    }

    /// The reason for making no further attempt.
    public enum StopReason: String, Sendable, Hashable {
        /// Another attempt would end in the same way.
        case notRetryable = "not_retryable"
        /// The request may have taken effect, and its repeat rule forbids a second one.
        case outcomeUnknown = "outcome_unknown"
        /// All attempts that the policy allows were made.
        case attemptsSpent = "attempts_spent"
        /// The deadline has passed, or would pass before the next attempt.
        case deadline
        /// The retry budget of this host is empty: retries would only prolong its outage.
        case budgetSpent = "budget_spent"
        /// The server asked for a longer wait than the policy allows; ``HTTPError/retryAfter`` is that wait.
        case waitTooLong = "wait_too_long"
    }

    /// The failure of the last attempt.
    public var code: Code
    /// The failure and its remedy, for a person.
    public var message: String
    /// How far the last attempt got.
    public var outcome: Outcome
    /// The last response, when there was one.
    public var response: ClientResponse?
    /// Every attempt with times, bytes and reasons, the first one first.
    public var attempts: [Attempt]
    /// The reason for making no further attempt.
    public var stopReason: StopReason
    /// The wait that the server asked for.
    public var retryAfter: Duration?
    /// The underlying error, if any.
    public var cause: (any Error)?

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, outcome: Outcome = .notSent, response: ClientResponse? = nil,
        attempts: [Attempt] = [], stopReason: StopReason = .notRetryable, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.outcome = outcome
        self.response = response
        self.attempts = attempts
        self.stopReason = stopReason
        self.cause = cause
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}

// SPDX-License-Identifier: Apache-2.0

/// How far a request got, which decides whether it may have taken effect.
public enum Outcome: String, Sendable, Hashable {
    /// No byte of it left this machine.
    case notSent = "not_sent"
    /// A part of it was sent: a server that needs the whole body cannot have acted.
    case partlySent = "partly_sent"
    /// All of it was handed to the system and no final response came: it may have taken effect.
    case sentWithoutResponse = "sent_without_answer"
    /// Status and headers of a final response came.
    case responded = "answered"
}

/// The facts of one attempt, for error messages, receipts and logs.
public struct Attempt: Sendable, Hashable {
    /// 1 for the first.
    public var number: Int
    /// Its start, counted from the start of the operation.
    public var start: Duration
    /// Its duration.
    public var duration: Duration
    /// Body bytes handed to the connection.
    public var bytesSent: Int
    /// Body bytes received.
    public var bytesReceived: Int
    /// How far it got.
    public var outcome: Outcome
    /// The status of the final response.
    public var status: Int?
    /// The failure, when there was no complete response.
    public var failure: HTTPError.Code?
    /// The name that the server gave the request, if any.
    public var requestID: String?
    /// The wait between it and the next.
    public var wait: Duration?

    /// Makes a record.
    public init(
        number: Int, start: Duration, duration: Duration, bytesSent: Int = 0, bytesReceived: Int = 0, outcome: Outcome,
        status: Int? = nil, failure: HTTPError.Code? = nil, requestID: String? = nil, wait: Duration? = nil
    ) {
        self.number = number
        self.start = start
        self.duration = duration
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.outcome = outcome
        self.status = status
        self.failure = failure
        self.requestID = requestID
        self.wait = wait
    }
}

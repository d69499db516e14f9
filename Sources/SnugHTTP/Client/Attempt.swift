// SPDX-License-Identifier: Apache-2.0

/// How far a request got: what decides whether it may have taken effect.
public enum Outcome: String, Sendable, Hashable {
    /// No byte of it left this machine.
    case notSent = "not_sent"
    /// Some of it left, but surely not all: a server that needs the whole body cannot have acted.
    case partlySent = "partly_sent"
    /// All of it was handed to the system and no final answer came: it may have taken effect.
    case sentWithoutAnswer = "sent_without_answer"
    /// Status and headers of a final answer came.
    case answered
}

/// What happened in one attempt, for error messages, receipts and logs.
public struct Attempt: Sendable, Hashable {
    /// 1 for the first.
    public var number: Int
    /// When it began, counted from the start of the operation.
    public var start: Duration
    /// How long it took.
    public var duration: Duration
    /// Body bytes handed to the connection.
    public var bytesSent: Int
    /// Body bytes received.
    public var bytesReceived: Int
    /// How far it got.
    public var outcome: Outcome
    /// The final answer's status.
    public var status: Int?
    /// What went wrong, when it did not end with a complete answer.
    public var failure: HTTPError.Code?
    /// The server's name for the request, if it gave one.
    public var requestID: String?
    /// How long was waited after it, before the next.
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

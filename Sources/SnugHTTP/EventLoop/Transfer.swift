// SPDX-License-Identifier: Apache-2.0
internal import CCurl
internal import HTTPTypes
internal import Synchronization

/// The destination of a transfer's response.
enum TransferSink: Sendable {
    case response(ResponseSink)
    case pipe(ResponsePipe)
}

/// The facts of a finished transfer, without judgement.
struct TransferReport: Sendable {
    enum Ending: Sendable {
        case complete
        case cancelled
        case failed(HTTPError)
    }
    var ending: Ending
    var head: HTTPResponse?
    var interim: [HTTPResponse] = []
    var body: [UInt8] = []
    var outcome = Outcome.notSent
    var bytesSent = 0
    var bytesReceived = 0
    var httpVersion = "1.1"
    var start = ContinuousClock.now
    var duration = Duration.zero

    /// The facts for the caller.
    var attempt: Attempt {
        var attempt = Attempt(
            number: 1, start: .zero, duration: duration, bytesSent: bytesSent, bytesReceived: bytesReceived,
            outcome: outcome, status: head?.status.code, requestID: head?.headerFields.requestID)
        if case .failed(let error) = ending { attempt.failure = error.code }
        return attempt
    }
}

/// One request on its way.
///
/// Built by the submitting task, then touched by the network thread alone until its report is out; only
/// `isCancelRequested` is shared in between. That is what makes the class safe to send.
@safe
final class Transfer: @unchecked Sendable {
    let request: ClientRequest
    let handle: EasyHandle
    /// Bytes that the body is asked for at once.
    let chunkSize: Int
    private(set) var headerList = HeaderList()
    let sink: TransferSink
    private let cancelRequest = Mutex(false)

    var feed: (any BodyFeed)?
    var continuation: CheckedContinuation<TransferReport, Never>?
    var start = ContinuousClock.now

    // The results of the callbacks.
    var parser = HeaderParser()
    var body: [UInt8] = []
    var bytesReceived = 0
    var bytesFed = 0
    /// Gave libcurl something to send since the loop looked last: more may go at once.
    var hasSent = false
    var feedEnded = false
    var ownFailure: HTTPError?
    /// The body or the reader of the response keeps the transfer waiting.
    var isHeldBack = false
    /// The bandwidth limit keeps it waiting until then.
    var resumeAt: ContinuousClock.Instant?
    /// Reads from the server before each chunk that it sends.
    let readsBeforeWriting: Bool
    /// Waits for the server to say that it takes the body.
    let asksContinue: Bool
    var hasPausedToRead = false
    var fileOffset = 0
    /// The loop's sockets, set while the transfer is in it.
    var sockets: OpaquePointer?
    /// The request's head waits for the first chunk of its body, to leave with it.
    var isCorked = false
    /// The connection's socket, known from the moment the request is sent on it.
    var socket: Int32 = -1
    /// libcurl wanted to send the body again by itself and was refused; its own count of what was sent is lost then.
    var wasRewound = false
    /// The whole response was found in the socket after libcurl had given up.
    var isResponseWhole = false

    // The state of the time limits.
    var stall: StallWatch
    var lastProgress: (at: ContinuousClock.Instant, value: TransferProgress)?

    init(
        _ request: ClientRequest, sink: TransferSink, configuration: HTTPClientConfiguration, asksContinue: Bool,
        readsBeforeWriting: Bool
    ) throws {
        chunkSize = Self.chunkSize(of: request, readsBeforeWriting: readsBeforeWriting)
        guard let handle = EasyHandle() else { throw HTTPError(.outOfMemory, "libcurl has no memory for a request") }
        self.handle = handle
        self.request = request
        self.sink = sink
        self.readsBeforeWriting = readsBeforeWriting
        self.asksContinue = asksContinue
        stall = StallWatch(timeout: request.clocks.stallTimeout, start: .now)
        try configure(configuration)
        try addHeaders(configuration)
        unsafe try self.handle.check(snug_curl_set_headers(self.handle.raw, headerList.raw))
        try installCallbacks()
    }

    /// Asks the network thread to give the transfer up.
    func requestCancel() { cancelRequest.withLock { $0 = true } }
    var isCancelRequested: Bool { cancelRequest.withLock { $0 } }

    /// The body's length as announced: 0 for a method that always has a body but was given none.
    var announcedLength: Int? {
        if let body = request.body { return body.byteCount }
        return 0
    }

    var hasBody: Bool { request.body != nil || [.post, .put, .patch].contains(request.method) }

    /// Bytes that a body is asked for at once.
    static let ordinaryChunk = 64 * 1024

    /// Bytes that an unencrypted body is asked for at once.
    ///
    /// A server on the same machine or a fast network is done with 64 KiB before the next 64 KiB are there, and waking
    /// it up costs about as much as copying them. Encrypted bodies stay with smaller chunks, because nothing is read
    /// from the server during encryption.
    static let largeChunk = 1 << 20

    private static func chunkSize(of request: ClientRequest, readsBeforeWriting: Bool) -> Int {
        let count = request.body?.byteCount
        if request.url.scheme == "http", !readsBeforeWriting, case .regions = request.body?.storage, let count,
            count >= largeChunk / 4
        {
            return largeChunk
        }
        return min(ordinaryChunk, max(16 * 1024, count ?? ordinaryChunk))
    }

    private func addHeaders(_ configuration: HTTPClientConfiguration) throws {
        // libcurl sends these itself: the length is the body's.
        for field in request.headerFields where ![.contentLength, .transferEncoding, .expect].contains(field.name) {
            let name = field.name.rawName
            try headerList.append(field.value.isEmpty ? "\(name);" : "\(name): \(field.value)")
        }
        if !request.headerFields.contains(.userAgent) {
            try headerList.append("User-Agent: \(configuration.userAgent)")
        }
        try headerList.append(asksContinue ? "Expect: 100-continue" : "Expect:")
    }
}

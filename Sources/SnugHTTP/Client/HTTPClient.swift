// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes
public import Logging
public import Metrics
internal import Synchronization

/// Sends HTTP requests over one event loop and one connection cache.
///
/// Create one and share it. It has one thread, which ends when the client is released. ``send(_:into:)`` makes exactly
/// one attempt; only ``perform(_:policy:repeatRule:into:)`` retries.
public final class HTTPClient: Sendable {
    let configuration: HTTPClientConfiguration
    let logger: Logger
    package let budgets: RetryBudgets
    let instruments: HTTPInstruments
    private let loop: EventLoop
    private let origins = Mutex<[String: Standing]>([:])

    /// The fate of the last body at an origin.
    private enum Standing {
        /// Accepted: asking before the next one would only cost a round trip.
        case trusted
        /// Cut off while it was sent, perhaps together with a response that gave the reason. The next body is sent
        /// slowly enough to read such a response.
        case cut
    }

    /// Starts a client.
    /// - Throws: `out_of_memory` when the system has no thread or no memory for libcurl.
    public init(
        configuration: HTTPClientConfiguration = HTTPClientConfiguration(), logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) throws(HTTPError) {
        self.configuration = configuration
        self.logger = logger
        budgets = RetryBudgets(configuration.retryBudget)
        instruments = HTTPInstruments(metrics)
        loop = try EventLoop(maximumConnectionsPerHost: configuration.maximumConnectionsPerHost)
    }

    deinit { loop.stop() }

    /// Sends a request once and returns the response, whatever its status.
    /// - Throws: `HTTPError` when there is no complete final response; `CancellationError`.
    public func send(
        _ request: ClientRequest, into sink: ResponseSink = .collect(maximum: 1 << 20)
    ) async throws -> ClientResponse {
        var request = request
        var hops = 0
        while true {
            let response = try await sendOnce(request, into: sink)
            guard case .follow = request.redirects, let next = try request.redirected(by: response) else {
                return response
            }
            hops += 1
            try Self.check(hops: hops, of: request, response)
            request = next
        }
    }

    /// Runs work that consists of requests one after the other on the network thread, so that no other thread has to
    /// wake up between a response and the next request. The work must not block. It moves there with its first wait.
    package func onNetworkThread<Value>(_ work: () async throws -> Value) async rethrows -> Value {
        defer { withExtendedLifetime(self) {} }
        return try await withTaskExecutorPreference(loop) { try await work() }
    }

    private static func check(hops: Int, of request: ClientRequest, _ response: ClientResponse) throws(HTTPError) {
        guard case .follow(let maximum) = request.redirects, hops > maximum else { return }
        throw HTTPError(
            .redirectRefused, "more than \(maximum) redirects; use the final address", outcome: .responded,
            response: response, attempts: response.attempts)
    }

    /// Sends a request once and reads the response piece by piece, no faster than `body` takes it.
    ///
    /// Returning from `body` early ends the transfer. A redirect reaches `body` only when the request does not follow
    /// it.
    /// - Returns: The result of `body`, and the facts of the attempt.
    public func withStream<Result: Sendable>(
        _ request: ClientRequest, _ body: (HTTPResponse, HTTPResponseStream) async throws -> Result
    ) async throws -> (result: Result, attempt: Attempt) {
        var request = request
        var hops = 0
        while true {
            switch try await streamOnce(request, body) {
            case .result(let result, let attempt): return (result, attempt)
            case .redirect(let next, let response):
                hops += 1
                try Self.check(hops: hops, of: request, response)
                request = next
            }
        }
    }

    private enum Streamed<Result: Sendable>: Sendable {
        case result(Result, Attempt)
        case redirect(ClientRequest, ClientResponse)
    }

    private func streamOnce<Result: Sendable>(
        _ request: ClientRequest, _ body: (HTTPResponse, HTTPResponseStream) async throws -> Result
    ) async throws -> Streamed<Result> {
        try check(request)
        let transferBox = Mutex<Transfer?>(nil)
        let pipe = ResponsePipe { [loop] in
            if let transfer = transferBox.withLock({ $0 }) { loop.wake(transfer) }
        }
        let transfer = try makeTransfer(request, sink: .pipe(pipe))
        transferBox.withLock { $0 = transfer }
        defer { transferBox.withLock { $0 = nil } }
        async let ended = feedPipe(pipe, transfer)
        let head = try await pipe.head()
        var next: ClientRequest?
        if case .follow = request.redirects {
            next = try request.redirected(by: ClientResponse(head: head, url: request.url))
        }
        next = next ?? request.withoutExpectation(after: head.status, asked: transfer.asksContinue)
        let result = next == nil ? try await body(head, HTTPResponseStream(pipe: pipe)) : nil
        // The rest that the reader did not take is not fetched.
        transfer.requestCancel()
        loop.wake(transfer)
        let attempt = await ended
        if let next { return .redirect(next, ClientResponse(head: head, url: request.url, attempts: [attempt])) }
        guard let result else { throw CancellationError() }
        if Self.asksNoMore(head.status), request.body != nil { remember(.trusted, request.url.origin) }
        return .result(result, attempt)
    }

    private func feedPipe(_ pipe: ResponsePipe, _ transfer: Transfer) async -> Attempt {
        let report = await run(transfer)
        do {
            _ = try response(from: report, to: transfer.request)
            pipe.end(nil)
        } catch {
            pipe.end(error)
        }
        return report.attempt
    }

    private func sendOnce(_ request: ClientRequest, into sink: ResponseSink) async throws -> ClientResponse {
        try check(request)
        let transfer = try makeTransfer(request, sink: .response(sink))
        let report = await run(transfer)
        let response: ClientResponse
        do {
            response = try self.response(from: report, to: request)
        } catch {
            if report.outcome == .partlySent { remember(.cut, request.url.origin) }
            throw error
        }
        if Self.asksNoMore(response.status), request.body != nil { remember(.trusted, request.url.origin) }
        if let again = request.withoutExpectation(after: response.status, asked: transfer.asksContinue) {
            return try await sendOnce(again, into: sink)
        }
        return response
    }

    /// True when the next body needs no `Expect`: this one was accepted, or the server does not understand the field
    /// (RFC 9110 §10.1.1).
    private static func asksNoMore(_ status: HTTPResponse.Status) -> Bool {
        status.kind == .successful || status == 417
    }

    private func run(_ transfer: Transfer) async -> TransferReport {
        guard let body = transfer.request.body else { return await loop.run(transfer) }
        switch body.storage {
        case .regions(let regions):
            transfer.feed = RegionFeed(regions)
            return await loop.run(transfer)
        case .stream(let makeReader, let offset):
            let feed = StreamFeed(expected: body.byteCount) { [loop, weak transfer] in
                if let transfer { loop.wake(transfer) }
            }
            transfer.feed = feed
            return await withTaskGroup(of: Void.self) { group in
                group.addTask { await feed.pump(makeReader, from: offset) }
                let report = await loop.run(transfer)
                group.cancelAll()
                return report
            }
        }
    }

    private func makeTransfer(_ request: ClientRequest, sink: TransferSink) throws -> Transfer {
        let length = request.body?.byteCount
        let isLarge = request.body != nil && (length ?? .max) >= 1 << 20
        let standing = origins.withLock { $0[request.url.origin] }
        let asks = request.expectsContinue ?? (isLarge && standing != .trusted)
        return try Transfer(
            request, sink: sink, configuration: configuration, asksContinue: asks, readsBeforeWriting: standing == .cut)
    }

    private func check(_ request: ClientRequest) throws(HTTPError) {
        try request.validate()
        if request.url.scheme == "http", !request.url.isLoopback, configuration.plainHTTP == .loopbackOnly {
            throw HTTPError(
                .insecureScheme,
                "\(request.url) is not encrypted; use https, or allow plain http if the network is yours")
        }
    }

    private func response(from report: TransferReport, to request: ClientRequest) throws -> ClientResponse {
        let attempt = report.attempt
        instruments.record(attempt)
        logger.debug(
            "request ended",
            metadata: [
                "method": "\(request.method)", "url": "\(request.url)", "outcome": "\(report.outcome.rawValue)",
                "status": "\(report.head.map { "\($0.status.code)" } ?? "-")", "sent": "\(report.bytesSent)",
                "received": "\(report.bytesReceived)", "seconds": "\(report.duration.seconds)",
                "headers": "\(report.head?.headerFields.redactedDescription ?? "")",
            ])
        let response = report.head.map {
            ClientResponse(
                head: $0, interim: report.interim, body: report.body, url: request.url,
                httpVersion: report.httpVersion, attempts: [attempt])
        }
        switch report.ending {
        case .cancelled: throw CancellationError()
        case .failed(var error):
            error.outcome = report.outcome
            error.response = response
            error.attempts = [attempt]
            throw error
        case .complete:
            guard let response else {
                throw HTTPError(.malformedResponse, "the response has no head", outcome: report.outcome)
            }
            return response
        }
    }

    private func remember(_ standing: Standing, _ origin: String) {
        origins.withLock { origins in
            if origins.count >= 1024 { origins.removeAll() }
            origins[origin] = standing
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem
import SystemPackage

/// Sends a request once and reads its response into little memory, however large it is.
struct ResponseReader: Sendable {
    /// Limits of a response.
    struct Limits: Sendable, Hashable {
        /// Text that is kept; of an error with more, the rest is not even fetched.
        var textBytes = 1 << 20
        /// The body in all, with its images.
        var bodyBytes = 512 << 20
    }

    private let client: HTTPClient
    private let spool: SpoolDirectory
    private let threads: BlockingThreads
    private let limits: Limits

    /// - Parameter spoolDirectory: Where images lie until they are put in their place; made when it is not there.
    init(client: HTTPClient, spoolDirectory: FilePath, threads: BlockingThreads, limits: Limits = Limits()) {
        self.client = client
        self.threads = threads
        self.limits = limits
        spool = SpoolDirectory(spoolDirectory)
    }

    /// Sends the request, exactly once, and takes its response, whatever the status.
    ///
    /// Of server-sent events the first `….completed` or `error` ends the response; an end before that shows in
    /// `isStreamComplete`, however it came about.
    /// - Parameter onPartial: Is given each unfinished image as soon as it is here.
    /// - Returns: The response, and the facts of the attempt.
    /// - Throws: `HTTPError`, whose outcome says how far the request got: `sink_failed` before anything is sent when
    ///   there is nowhere to put an image; `CancellationError`.
    @concurrent
    func read(
        _ request: ClientRequest, onPartial: (@Sendable (PartialImage) async -> Void)? = nil
    ) async throws -> (response: ProviderResponse, attempt: Attempt) {
        try await withTaskExecutorPreference(threads) {
            // Nothing is paid for that could not be kept.
            var spare: SpoolFile? = try spool.create()
            try spool.checkRoom()
            let (result, attempt) = try await client.withStream(request) { head, stream in
                var body = ResponseContent(head, limits: limits) { () throws(HTTPError) in
                    guard let file = spare else { return try spool.create() }
                    spare = nil
                    return file
                }
                return try await Self.read(stream, of: head, into: &body, onPartial)
            }
            switch result {
            case .success(var response):
                response.scrubber = Scrubber(request.headerFields)
                return (response, attempt)
            case .failure(var error):
                error.outcome = attempt.outcome
                error.attempts = [attempt]
                throw error
            }
        }
    }

    /// - Returns: The response, or why we could not take it.
    /// - Throws: What the exchange fails with.
    private static func read(
        _ stream: HTTPResponseStream, of head: HTTPResponse, into body: inout ResponseContent,
        _ onPartial: (@Sendable (PartialImage) async -> Void)?
    ) async throws -> Result<ProviderResponse, HTTPError> {
        var cut: HTTPError?
        do {
            for try await piece in stream {
                if try await !pass(body.consume(piece), onPartial) { break }
            }
        } catch let error as HTTPError where error.attempts.isEmpty {
            return .failure(error)
        } catch let error as HTTPError where error.code == .responseCut && body.isEventStream {
            // Told by the stream's own end being missing, as when it ends in good order.
        } catch let error as HTTPError where error.code == .responseCut && body.isJSON {
            // Only the end of the transfer may be missing: what is whole by its own grammar is taken.
            cut = error
        }
        do throws(HTTPError) {
            _ = try await pass(body.finish(), onPartial)
            if let cut, !body.isWholeJSON { return .failure(cut) }
            return .success(body.response)
        } catch {
            return .failure(error)
        }
    }

    /// - Returns: Whether more is wanted.
    private static func pass(
        _ happenings: [ResponseContent.Happening], _ onPartial: (@Sendable (PartialImage) async -> Void)?
    ) async -> Bool {
        for happening in happenings {
            switch happening {
            case .partial(let partial): await onPartial?(partial)
            case .over: return false
            }
        }
        return true
    }
}

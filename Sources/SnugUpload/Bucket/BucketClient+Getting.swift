// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SnugSystem
public import SystemPackage

extension BucketClient {
    /// Bytes that have to come before an attempt counts as progress.
    private static let leastProgress = 64 * 1024

    /// Fetches an object into a file, which appears whole, durable and with the expected bytes, or not at all.
    ///
    /// After a cut connection only the rest is fetched. Bytes that turn out to be others are fetched a second time, from
    /// the first one on.
    /// - Parameters:
    ///   - key: The name of the object.
    ///   - file: The file; one that is there is replaced.
    ///   - content: The bytes that the object has to have.
    /// - Throws: ``BucketError``, `not_found` and `damaged` among them; `CancellationError`.
    public func get(_ key: String, to file: FilePath, content: BucketContent) async throws {
        try Self.check(key)
        try await withTaskExecutorPreference(threads) {
            try await download(key, to: file, content)
        }
    }

    private func download(_ key: String, to file: FilePath, _ content: BucketContent) async throws {
        let download = try BucketDownload(to: file)
        defer { download.discard() }
        for _ in 0..<2 {
            try await fetch(key, into: download, content)
            if download.isComplete(content) { return try download.publish() }
            try download.startOver()
        }
        throw BucketError(
            .damaged,
            "\(address)/\(key) does not have the bytes that its name promises (\(content.byteCount) with the SHA-256 "
                + "\(content.sha256)); remove the object, so that it is stored again")
    }

    /// Fetches the rest of an object, attempt by attempt.
    private func fetch(_ key: String, into download: BucketDownload, _ content: BucketContent) async throws {
        var retries = BucketRetries(options.retry, environment)
        var etag: String?
        while true {
            var request = BucketRequest(.get, key: key)
            request.bringsData = true
            if download.byteCount > 0 {
                request.headers[.range] = "bytes=\(download.byteCount)-"
                if let etag { request.headers[.ifMatch] = etag }
            }
            let begin = download.byteCount
            let exchange = try await attempt(request, retries, into: download, content, etag: &etag)
            if download.byteCount - begin >= Self.leastProgress { retries.moved() }
            if case .responded(let response) = exchange, [412, 416].contains(response.status), begin > 0 {
                // Another object has taken its place, or a shorter one.
                try download.startOver()
                etag = nil
                _ = try await settle(.failure(Self.restarted(response)), request, &retries)
            } else if try await settle(exchange, request, &retries) != nil {
                return
            }
        }
    }

    private static func restarted(_ response: ClientResponse) -> HTTPError {
        HTTPError(
            .connectionLost, "\(response.url.authority) has another object than it had when the download began",
            outcome: .responded)
    }

    /// Fetches until the end of the response or of the connection.
    private func attempt(
        _ request: BucketRequest, _ retries: BucketRetries, into download: BucketDownload, _ content: BucketContent,
        etag: inout String?
    ) async throws -> UploadJob.Exchange {
        let signed = try signed(request, retries)
        do {
            let (response, _) = try await client.withStream(signed) { head, stream in
                var response = ClientResponse(head: head, url: signed.url)
                guard response.isSuccess else {
                    response.body = try await Self.collect(stream)
                    return response
                }
                try Self.position(download, for: response)
                for try await piece in stream {
                    // One byte too many is enough to know that it is another object.
                    guard download.byteCount <= content.byteCount else { break }
                    try download.write(piece)
                }
                return response
            }
            if response.isSuccess { etag = response.headerFields[.eTag] }
            return .responded(response)
        } catch let error as HTTPError {
            if let found = error.response, found.isSuccess { etag = found.headerFields[.eTag] }
            return .failure(error)
        }
    }

    /// Prepares the file for the bytes of a response.
    private static func position(_ download: BucketDownload, for response: ClientResponse) throws(BucketError) {
        guard download.byteCount > 0 else { return }
        let range = response.headerFields[.contentRange] ?? ""
        // A server that does not know ranges sends all of it.
        if response.status == 206, range.hasPrefix("bytes \(download.byteCount)-") { return }
        guard response.status == 200 else {
            throw BucketError(
                .misbehaved, "\(response.url.authority) sent '\(range.prefix(60))' instead of the rest of the object",
                status: response.status.code)
        }
        try download.startOver()
    }

    /// The beginning of an error's text.
    private static func collect(_ stream: HTTPResponseStream) async throws -> [UInt8] {
        var body: [UInt8] = []
        for try await piece in stream {
            body += piece
            if body.count > 64 * 1024 { break }
        }
        return body
    }
}

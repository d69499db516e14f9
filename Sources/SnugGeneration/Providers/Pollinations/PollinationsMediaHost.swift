// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
public import SnugHTTP
import SnugSystem

/// Puts images on Pollinations' media host, for providers that take addresses only.
///
/// Whoever knows the address can see the image, for 30 days and longer while it is read. The address is made from the
/// image's own digest, so that the same image is hosted once, however often it is asked for.
public struct PollinationsMediaHost: ImageHost {
    /// Bytes of one file.
    static let byteLimit = 104_857_600

    private let client: HTTPClient
    private let key: Secret
    private let endpoint: Endpoint
    private let policy: RetryPolicy

    /// - Parameters:
    ///   - client: Sends everything.
    ///   - key: Of Pollinations, `sk_…`.
    ///   - baseURL: Where it is.
    ///   - policy: How often to try again.
    /// - Throws: `invalid_request` when the address is none.
    public init(
        client: HTTPClient, key: Secret, baseURL: String = "https://media.pollinations.ai",
        policy: RetryPolicy = RetryPolicy()
    ) throws(GenerationError) {
        self.client = client
        self.key = key
        self.policy = policy
        endpoint = try Endpoint(baseURL)
    }

    /// Uploads an image, or finds it there already, and returns its address.
    /// - Throws: `payload_too_large`, `not_authenticated`, `image_failed`; `CancellationError`.
    public func host(_ image: FittedInput) async throws -> String {
        guard image.bytes.count <= Self.byteLimit else {
            throw GenerationError(
                .payloadTooLarge,
                "\(image.name) has \(image.bytes.count) bytes; the media host takes \(Self.byteLimit)")
        }
        let digest = MessageDigest.sha256(image.bytes).hexadecimal
        var form = FormBody(
            boundary: "snug" + MessageDigest.sha256(Array("boundary \(digest)".utf8)).hexadecimal.prefix(40))
        form.add(field: "id", digest)
        form.add(
            file: "file", filename: image.name, contentType: image.mediaType, HTTPBody(bytes: image.bytes))
        var request = ClientRequest(
            .post, try endpoint.url(["upload"]), headerFields: [.contentType: form.contentType],
            body: try form.finished(),
            clocks: ClientRequest.Clocks(attemptTimeout: .seconds(300), stallTimeout: .seconds(60)))
        try request.headerFields.set(.authorization, bearer: key)
        do {
            // With its digest as id a repeat meets itself.
            let response = try await client.perform(request, policy: policy, repeatRule: .always)
            if response.isSuccess { return try address(in: response, digest) }
            if response.status == 409 { return try await existing(digest, image) }
            throw failure(response)
        } catch let error as HTTPError {
            throw failure(error)
        }
    }

    /// The address of what is there under this id, when it is as long as the image.
    private func existing(_ id: String, _ image: FittedInput) async throws -> String {
        let url = try endpoint.url([id])
        let head = ClientRequest(.head, url, clocks: ClientRequest.Clocks(attemptTimeout: .seconds(30)))
        let response = try await client.perform(head, policy: policy)
        guard response.isSuccess else { throw failure(response) }
        let size = response.headerFields[.contentSize] ?? response.headerFields[.contentLength]
        guard size.flatMap({ Int($0) }) == image.bytes.count else {
            throw GenerationError(
                .imageFailed,
                "the media host has a file of another size (\(size ?? "unknown")) under the id of \(image.name)",
                status: response.status.code)
        }
        return url.text
    }

    private func address(in response: ClientResponse, _ digest: String) throws(GenerationError) -> String {
        let json = JSONValue(parsing: response.body)
        if let text = json?["url"]?.text, let url = try? endpoint.base.resolving(text) { return url.text }
        guard let id = json?["id"]?.identifier else {
            throw GenerationError(
                .badResponse, "the media host took the image and did not say where it is", status: response.status.code)
        }
        return try endpoint.url([id]).text
    }

    // MARK: Failures

    private func failure(_ response: ClientResponse) -> GenerationError {
        let scrubber = Scrubber([key])
        let json = JSONValue(parsing: response.body)
        let words = (json?["error"]?.text ?? json?["error"]?["message"]?.text).map { scrubber.clean($0) }
        let code: GenerationError.Code
        switch response.status.code {
        case 401: code = .notAuthenticated
        case 402: code = .paymentRequired
        case 403: code = .forbidden
        case 413: code = .payloadTooLarge
        case 415: code = .unsupportedMedia
        case 429: code = .rateLimited
        default: code = .imageFailed
        }
        var error = GenerationError(
            code,
            "the media host does not take the image (status \(response.status.code)\(words.map { ": \($0)" } ?? ""))",
            status: response.status.code)
        error.requestID = response.requestID.map { scrubber.clean($0, limit: 100) }
        return error
    }

    private func failure(_ error: HTTPError) -> GenerationError {
        var failure =
            error.response.map { self.failure($0) }
            ?? GenerationError(.imageFailed, "the image could not be hosted: \(error.message)")
        failure.retryAfter = error.retryAfter
        failure.attempts = error.attempts
        failure.cause = error
        return failure
    }
}

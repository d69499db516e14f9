// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import SnugLedger
import SnugPipeline
import SnugSystem

/// Carries out requests once, however often a client repeats them (draft-ietf-httpapi-idempotency-key-header).
///
/// Keys and responses are in the ledger, so that they outlive the process. Only responses of success are kept: after an
/// error nothing was done, and the request may be repeated.
struct IdempotentRequests: Sendable {
    let documents: any DocumentStore & NameLocks
    /// How long a response is kept.
    static let age = Duration.seconds(86_400)

    /// The key of a request; `nil` for none.
    /// - Throws: `invalid_idempotency_key`.
    static func key(of request: Request) throws(ServiceError) -> String? {
        guard let text = request.headers[.known("Idempotency-Key")] else { return nil }
        // The draft has a string in quotes; most clients send it without.
        let key =
            text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ServiceError(
                .badRequest, "invalid_idempotency_key",
                "the Idempotency-Key is not 1 to 255 visible ASCII characters; send a UUID")
        }
        return key
    }

    /// Carries out a request, or returns the response of the same one before.
    /// - Parameter digest: Tells one request from another.
    /// - Throws: `idempotency_key_in_use`, `idempotency_key_reused`; what `body` throws.
    func response(
        to key: String?, digest: String, _ body: () async throws -> (HTTPResponse.Status, JSONValue)
    ) async throws -> Response {
        guard let key else {
            let (status, value) = try await body()
            return .json(value, status: status)
        }
        guard let lock = try await documents.lock("request:\(key)") else {
            var error = ServiceError(
                .conflict, "idempotency_key_in_use",
                "a request with this Idempotency-Key is being carried out; wait for it, or repeat this one later")
            error.retryAfter = .seconds(1)
            throw error
        }
        do {
            let response = try await locked(key, digest, body)
            // Where that fails, the name is free when the process ends.
            try? await documents.unlock(lock)
            return response
        } catch {
            try? await documents.unlock(lock)
            throw error
        }
    }

    private func locked(
        _ key: String, _ digest: String, _ body: () async throws -> (HTTPResponse.Status, JSONValue)
    ) async throws -> Response {
        if let kept = try await documents.document(.requests, key),
            let value = JSONValue(parsing: Array(kept.payload.utf8)), let status = value["status"]?.amount
        {
            guard value["request"]?.text == digest else {
                throw ServiceError(
                    .unprocessableContent, "idempotency_key_reused",
                    "this Idempotency-Key came with another request before; send each request with a key of its own")
            }
            var response = Response.text(
                value["body"]?.text ?? "", type: "application/json", status: HTTPResponse.Status(code: Int(status)))
            response.headers[.known("Idempotent-Replayed")] = "true"
            return response
        }
        let (status, value) = try await body()
        let kept: JSONValue = [
            "request": .text(digest), "status": .integer(status.code), "body": .text(value.description + "\n"),
        ]
        try await documents.save(kept.description, as: .requests, key, expiresAt: .now + Self.age)
        return .json(value, status: status)
    }
}

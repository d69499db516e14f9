// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes
internal import SnugHTTP
internal import SnugSystem

extension Uploader {
    /// The result of a later check of an upload.
    public enum Verification: String, Sendable, Hashable {
        /// The content has the receipt's SHA-256.
        case sameContent = "same_content"
        /// The length is that of the receipt; more is unknown without fetching the content.
        case sameLength = "same_length"
        /// The object is there and differs.
        case different
        /// The server says that there is no such object.
        case gone
        /// The server cannot be asked, which says nothing about the object.
        case unavailable
    }

    /// A check of an upload, and the reason for its result.
    public struct Check: Sendable, Hashable {
        /// The result.
        public var verification: Verification
        /// The server's words, for a person.
        public var reason: String

        package init(verification: Verification, reason: String) {
            self.verification = verification
            self.reason = reason
        }
    }

    /// Checks that the object of a receipt is still there and unchanged.
    /// - Parameters:
    ///   - receipt: The receipt of an upload.
    ///   - headers: Header fields for every request, such as credentials.
    ///   - s3: The signer, for an object in S3.
    ///   - fetches: True to fetch and hash the content, where the receipt has a hash.
    /// - Throws: `HTTPError` when the address of the receipt cannot be read; `CancellationError`.
    public func verify(
        _ receipt: UploadReceipt, headers: HTTPFields = [:], s3: S3Settings? = nil, fetches: Bool = true
    ) async throws -> Check {
        let url = try HTTPURL(receipt.presignedURL ?? receipt.url)
        guard !receipt.url.contains("=***") || receipt.presignedURL != nil else {
            return Check(
                verification: .unavailable,
                reason:
                    "its address was signed, and a receipt does not keep the signature; ask for the object elsewhere")
        }
        if receipt.uploadProtocol == .form {
            return Check(verification: .unavailable, reason: "a form's address is not that of the stored file")
        }
        if receipt.uploadProtocol == .s3, receipt.presignedURL == nil, s3 == nil {
            return Check(verification: .unavailable, reason: "S3 needs an access key; set one")
        }
        let signer = receipt.presignedURL == nil ? s3.map { SigV4(settings: $0) } : nil
        do {
            if fetches, let expected = receipt.sha256 {
                let check = try await fetch(receipt, try signed(.get, url, headers, signer), expected)
                // tus need not offer the content; its own question tells the length.
                guard check.verification == .unavailable || check.verification == .gone else { return check }
                guard receipt.uploadProtocol == .tus else { return check }
            }
            return try await compareLength(receipt, try signed(.head, url, headers, signer))
        } catch let error as HTTPError {
            return Check(verification: .unavailable, reason: error.message)
        }
    }

    private func signed(
        _ method: HTTPRequest.Method, _ url: HTTPURL, _ headers: HTTPFields, _ signer: SigV4?
    ) throws -> ClientRequest {
        var fields = headers
        if let signer {
            let hash = MessageDigest.sha256([UInt8]()).hexadecimal
            let signature = try signer.sign(method, url, headers: [:], payloadHash: hash, now: WallClock.seconds)
            for field in signature { fields[fields: field.name] = [field] }
        }
        return ClientRequest(method, url, headerFields: fields)
    }

    private func fetch(
        _ receipt: UploadReceipt, _ request: ClientRequest, _ expected: String
    ) async throws -> Check {
        var request = request
        // Also for the slowest connection that is of any use.
        request.clocks.attemptTimeout = questionTimeout + .seconds(receipt.bytes / 10_000)
        let (check, _) = try await client.withStream(request) { head, stream -> Check in
            guard head.status.kind == .successful else { return Self.check(head.status) }
            var hash = MessageDigest(.sha256)
            var count = 0
            for try await piece in stream {
                count += piece.count
                guard count <= receipt.bytes else {
                    return Check(verification: .different, reason: "it has more than \(receipt.bytes) bytes")
                }
                hash.update(piece)
            }
            guard count == receipt.bytes else {
                return Check(verification: .different, reason: "it has \(count) bytes instead of \(receipt.bytes)")
            }
            return hash.finalize().hexadecimal == expected
                ? Check(verification: .sameContent, reason: "its SHA-256 is that of the receipt")
                : Check(verification: .different, reason: "it has another SHA-256 than the file")
        }
        return check
    }

    private func compareLength(_ receipt: UploadReceipt, _ request: ClientRequest) async throws -> Check {
        var request = request
        let isTus = receipt.uploadProtocol == .tus
        if isTus { request.headerFields[.tusResumable] = "1.0.0" }
        request.clocks.attemptTimeout = questionTimeout
        let response = try await client.perform(request)
        guard response.isSuccess else { return Self.check(response.status) }
        let name = isTus ? HTTPField.Name.uploadOffset : .contentLength
        guard let length = response.headerFields.integer(name) else {
            return Check(verification: .unavailable, reason: "the server does not tell the length")
        }
        guard length == receipt.bytes else {
            return Check(verification: .different, reason: "it has \(length) bytes instead of \(receipt.bytes)")
        }
        return Check(
            verification: .sameLength,
            reason: "its length is that of the receipt; its content could not be compared")
    }

    private static func check(_ status: HTTPResponse.Status) -> Check {
        switch status {
        case 404, 410: Check(verification: .gone, reason: "the server responded with \(status.code)")
        case 401, 403:
            Check(
                verification: .unavailable,
                reason: "the server responded with \(status.code); pass credentials that may read it")
        default: Check(verification: .unavailable, reason: "the server responded with \(status.code)")
        }
    }
}

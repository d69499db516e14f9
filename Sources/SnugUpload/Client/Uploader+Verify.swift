// SPDX-License-Identifier: Apache-2.0
internal import Crypto
public import HTTPTypes
internal import SnugHTTP
internal import SnugSystem

extension Uploader {
    /// What a later look at an upload found.
    public enum Verification: String, Sendable, Hashable {
        /// The content has the receipt's SHA-256.
        case sameContent = "same_content"
        /// Its length is the receipt's; more cannot be told without fetching it.
        case sameLength = "same_length"
        /// It is there and differs.
        case different
        /// It is not there, or cannot be looked at.
        case unavailable
    }

    /// Looks whether what a receipt speaks of is still there and the same.
    /// - Parameters:
    ///   - receipt: What an upload came to.
    ///   - headers: Sent with every question, for servers that want to know who asks.
    ///   - fetches: Whether to fetch all of it and hash it, where the receipt has a hash.
    /// - Throws: `HTTPError` when the server cannot be asked; `CancellationError`.
    public func verify(
        _ receipt: UploadReceipt, headers: HTTPFields = [:], fetches: Bool = true
    ) async throws -> Verification {
        let url = try HTTPURL(receipt.presignedURL ?? receipt.url)
        guard fetches, let expected = receipt.sha256 else {
            let response = try await client.perform(ClientRequest(.head, url, headerFields: headers))
            guard response.isSuccess, let length = response.headerFields.integer(.contentLength) else {
                return .unavailable
            }
            return length == receipt.bytes ? .sameLength : .different
        }
        let (verification, _) = try await client.withStream(ClientRequest(.get, url, headerFields: headers)) {
            head, stream -> Verification in
            guard head.status.kind == .successful else { return .unavailable }
            var hash = SHA256()
            var count = 0
            for try await piece in stream {
                count += piece.count
                guard count <= receipt.bytes else { return .different }
                hash.update(data: piece)
            }
            return count == receipt.bytes && hash.finalize().hexadecimal == expected ? .sameContent : .different
        }
        return verification
    }
}

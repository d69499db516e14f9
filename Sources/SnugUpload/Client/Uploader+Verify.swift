// SPDX-License-Identifier: Apache-2.0
internal import Crypto
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
        /// The object is not there, or cannot be read.
        case unavailable
    }

    /// Checks that the object of a receipt is still there and unchanged.
    /// - Parameters:
    ///   - receipt: The receipt of an upload.
    ///   - headers: Header fields for every request, such as credentials.
    ///   - fetches: True to fetch and hash the content, where the receipt has a hash.
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

// SPDX-License-Identifier: Apache-2.0

/// The result of an upload, with the facts needed to find the object again and to check it.
public struct UploadReceipt: Sendable, Hashable, Codable {
    /// The evidence that the server has the file.
    public enum Confirmation: String, Sendable, Hashable, Codable {
        /// Its checksum equals ours.
        case checksum
        /// Its length equals ours.
        case length
        /// It reported success and offers nothing to compare.
        case response = "answer"
        /// Everything was sent; the response was lost and the server has no address to ask at.
        case unconfirmed
    }

    /// The address of the object.
    public var url: String
    /// An address from which anybody can fetch the object for a while, if requested. Keep it secret.
    public var presignedURL: String?
    /// The protocol.
    public var uploadProtocol: UploadProtocol
    /// Bytes.
    public var bytes: Int
    /// The SHA-256 of the file in hexadecimal, unless checksums were turned off.
    public var sha256: String?
    /// The `ETag` that the server gave.
    public var etag: String?
    /// The evidence that the server has the file.
    public var confirmation: Confirmation
    /// Requests that carried data.
    public var attempts: Int
    /// Requests that had to be repeated.
    public var retries: Int
    /// Body bytes sent, repeated ones included.
    public var bytesSent: Int
    /// Duration in this process, in seconds.
    public var seconds: Double
    /// True when an earlier process had begun it.
    public var resumed: Bool
    /// The body of the response, for protocols where it matters (draft and form): up to 64 KiB of text.
    public var response: String?

    enum CodingKeys: String, CodingKey {
        case url, presignedURL = "presigned_url", uploadProtocol = "protocol", bytes, sha256, etag, confirmation,
            attempts,
            retries
        case bytesSent = "bytes_sent", seconds, resumed, response = "answer"
    }
}

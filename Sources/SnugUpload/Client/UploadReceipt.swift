// SPDX-License-Identifier: Apache-2.0

/// What an upload came to: enough to find the object again and to check that it is still the file.
public struct UploadReceipt: Sendable, Hashable, Codable {
    /// What the server was seen to have afterwards.
    public enum Confirmation: String, Sendable, Hashable, Codable {
        /// Its checksum equals ours.
        case checksum
        /// Its length equals ours.
        case length
        /// It answered that all is well, and offers nothing to compare.
        case answer
        /// Everything was sent; the answer was lost and the server has no address to ask at.
        case unconfirmed
    }

    /// Where it is.
    public var url: String
    /// An address from which anybody can fetch it for a while, where one was asked for. It is a secret of sorts.
    public var presignedURL: String?
    /// The protocol.
    public var uploadProtocol: UploadProtocol
    /// Bytes.
    public var bytes: Int
    /// Hexadecimal SHA-256 of the file, unless checksums were off.
    public var sha256: String?
    /// The `ETag` that the server gave.
    public var etag: String?
    /// How sure it is.
    public var confirmation: Confirmation
    /// Requests that carried data.
    public var attempts: Int
    /// Requests that had to be repeated.
    public var retries: Int
    /// Body bytes sent, repeated ones included.
    public var bytesSent: Int
    /// From begin to end, in this process.
    public var seconds: Double
    /// Whether an earlier process had begun it.
    public var resumed: Bool
    /// The answer's body, where the protocol has one that matters (draft and form): at most 64 KiB of text.
    public var answer: String?

    enum CodingKeys: String, CodingKey {
        case url, presignedURL = "presigned_url", uploadProtocol = "protocol", bytes, sha256, etag, confirmation,
            attempts,
            retries
        case bytesSent = "bytes_sent", seconds, resumed, answer
    }
}

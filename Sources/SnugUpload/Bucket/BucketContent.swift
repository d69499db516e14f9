// SPDX-License-Identifier: Apache-2.0

/// The bytes that an object has to have.
public struct BucketContent: Sendable, Hashable {
    /// SHA-256 in hexadecimal.
    public var sha256: String
    /// Bytes.
    public var byteCount: Int

    /// Names the content.
    public init(sha256: String, byteCount: Int) {
        self.sha256 = sha256
        self.byteCount = byteCount
    }
}

// SPDX-License-Identifier: Apache-2.0

/// An object as the server describes it.
public struct BucketObject: Sendable, Hashable {
    /// The name.
    public var key: String
    /// Bytes.
    public var byteCount: Int
    /// The time since it was stored, by the server's own clock.
    public var age: Duration
    /// The `ETag` in quotes, if the server tells one.
    public var etag: String?

    /// Describes an object.
    public init(key: String, byteCount: Int, age: Duration, etag: String? = nil) {
        self.key = key
        self.byteCount = byteCount
        self.age = age
        self.etag = etag
    }
}

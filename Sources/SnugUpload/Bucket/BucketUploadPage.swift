// SPDX-License-Identifier: Apache-2.0

/// A page of a list of uploads that have not ended. Servers have orders of their own.
public struct BucketUploadPage: Sendable, Hashable {
    /// The place where a list goes on.
    public struct Continuation: Sendable, Hashable {
        /// The last key; `nil` where the server tells none.
        var keyMarker: String?
        /// The last upload of that key, or of all.
        var idMarker: String?
        /// The number of the page.
        var page: Int
    }

    /// The uploads.
    public var uploads: [BucketUpload]
    /// Where the list goes on; `nil` at its end.
    public var next: Continuation?
}

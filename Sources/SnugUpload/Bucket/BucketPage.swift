// SPDX-License-Identifier: Apache-2.0

/// A page of a list of objects, in the order of their keys.
public struct BucketPage: Sendable, Hashable {
    /// The place where a list goes on.
    public struct Continuation: Sendable, Hashable {
        var token: String
        var lastKey: String?
        /// Pages in a row without an object.
        var emptyPages: Int
    }

    /// The objects.
    public var objects: [BucketObject]
    /// Where the list goes on; `nil` at its end.
    public var next: Continuation?
}

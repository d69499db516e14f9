// SPDX-License-Identifier: Apache-2.0

/// An upload in parts that was begun and has not ended. Its parts take space, and no list of objects shows them.
public struct BucketUpload: Sendable, Hashable {
    /// The name that the object is to have.
    public var key: String
    /// The server's name of the upload.
    public var id: String
    /// The time since it was begun, by the server's own clock; `nil` where the server does not tell it.
    public var age: Duration?

    /// Describes an upload.
    public init(key: String, id: String, age: Duration?) {
        self.key = key
        self.id = id
        self.age = age
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A leftover of a host that ended while it stored an object: parts in a bucket, or a temporary file in a folder.
package struct UnfinishedObject: Sendable, Hashable {
    /// The name of the object to be, or of the file.
    package var name: String
    /// The server's name of the upload; empty for a file.
    package var id: String
    /// The time since it was begun, by the storage's own clock; `nil` where the storage does not tell it.
    package var age: Duration?

    package init(name: String, id: String = "", age: Duration?) {
        self.name = name
        self.id = id
        self.age = age
    }
}

// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// Bytes under the hash of their content, where every worker of a fleet reaches them.
///
/// An object never changes: its name is the SHA-256 of its bytes. Storing the same bytes twice is one object.
package protocol ByteStorage: Sendable {
    /// The address for a person, the same on all hosts.
    var place: String { get }

    /// Stores the bytes of a file; they are durable when this returns.
    ///
    /// An object that is already stored is not sent again, unless it is so old that ``StorageSweeper`` might soon take it for
    /// an orphan. Sending it again renews its age.
    /// - Throws: ``StorageError``, `CancellationError`.
    func store(_ file: FilePath, as object: StoredObject) async throws

    /// Fetches an object into a file, which appears whole, durable and verified, or not at all.
    /// - Throws: ``StorageError``, `missing` among them; `CancellationError`.
    func fetch(_ object: StoredObject, to file: FilePath) async throws

    /// Objects in the order of their names, a page at a time.
    /// - Parameter after: The last digest of the page before; `nil` for the first page.
    /// - Returns: An empty list at the end.
    /// - Throws: ``StorageError``, `CancellationError`.
    func objects(after digest: String?) async throws -> [ListedObject]

    /// Removes an object; one that is not there is no error.
    /// - Throws: ``StorageError``, `CancellationError`.
    func remove(_ digest: String) async throws

    /// The time since an object was stored, as it is now; `nil` when it is not there.
    /// - Throws: ``StorageError``, `CancellationError`.
    func age(of digest: String) async throws -> Duration?

    /// Hands over what was begun to be stored and has not ended, in no particular order.
    /// - Throws: ``StorageError``, `unsupported` where the storage cannot tell it among them; what `visit` throws;
    ///   `CancellationError`.
    func forEachUnfinished(_ visit: (UnfinishedObject) async throws -> Void) async throws

    /// Removes what was begun to be stored; what is not there any more is no error.
    /// - Throws: ``StorageError``, `CancellationError`.
    func removeUnfinished(_ object: UnfinishedObject) async throws

    /// The ledger that the storage belongs to; `nil` while it belongs to none.
    /// - Throws: ``StorageError``, `CancellationError`.
    func owner() async throws -> String?

    /// Notes the ledger that the storage belongs to, which is not undone.
    /// - Throws: ``StorageError``, `CancellationError`.
    func setOwner(_ ledger: String) async throws
}

/// An object as jobs refer to it.
package struct StoredObject: Sendable, Hashable, Codable {
    /// SHA-256 of the bytes, in hexadecimal.
    package var digest: String
    package var byteCount: Int

    package init(digest: String, byteCount: Int) {
        self.digest = digest
        self.byteCount = byteCount
    }
}

/// An object as the storage lists it.
package struct ListedObject: Sendable, Hashable {
    package var digest: String
    package var byteCount: Int
    /// The time since it was stored, by the storage's own clock, so that clocks of hosts may differ.
    package var age: Duration

    package init(digest: String, byteCount: Int, age: Duration) {
        self.digest = digest
        self.byteCount = byteCount
        self.age = age
    }
}

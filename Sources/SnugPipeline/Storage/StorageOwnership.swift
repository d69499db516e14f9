// SPDX-License-Identifier: Apache-2.0
package import SnugLedger
import SnugSystem

/// The bond between a storage and the one ledger that knows which of its objects are needed.
///
/// A sweep by the word of another ledger would remove everything.
package enum StorageOwnership {
    /// The name in the table of sweeps under which a ledger keeps its own.
    private static let document = "this ledger"

    /// The name of a ledger, made at the first question. A copy of the ledger has the same.
    package static func name(of ledger: any SharedLedger) async throws -> String {
        let fresh = "ledger-" + (0..<16).map { _ in UInt8.random(in: 0...255) }.hexadecimal
        return try await ledger.update(.sweeps, document, expiresAt: nil) { payload in
            if let payload { return payload }
            payload = fresh
            return fresh
        }
    }

    /// Takes a storage for a ledger, when it is nobody's or the ledger's already. Hosts do so at their start.
    /// - Throws: ``StorageError`` with `refused` for the storage of another ledger; what the ledger throws.
    package static func take(_ storage: any ByteStorage, for ledger: any SharedLedger) async throws {
        let name = try await name(of: ledger)
        if try await storage.owner() == nil { try await storage.setOwner(name) }
        // Another host may have been first.
        try await check(storage, name)
    }

    /// - Throws: ``StorageError`` with `refused` for the storage of another ledger, or of none.
    package static func check(_ storage: any ByteStorage, for ledger: any SharedLedger) async throws {
        try await check(storage, try await name(of: ledger))
    }

    private static func check(_ storage: any ByteStorage, _ name: String) async throws {
        guard let owner = try await storage.owner() else {
            throw StorageError(
                .refused,
                "no host has used the storage \(storage.place) with this ledger; name the ledger that its hosts share"
            )
        }
        guard owner == name else {
            throw StorageError(
                .refused,
                "the storage \(storage.place) belongs to another ledger; name that ledger, or a folder of its own for this one"
            )
        }
    }
}

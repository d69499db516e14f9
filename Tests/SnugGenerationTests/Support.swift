// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SnugLedger
import SystemPackage

@testable import SnugGeneration

/// The ledger of a process that begins now, in the folder.
func openLedger(_ folder: FilePath) async throws -> SQLiteLedger {
    try await SQLiteLedger.open(folder.appending("ledger.sqlite"))
}

/// The journal of a process that begins now, in a ledger in the folder.
func openJournal(_ folder: FilePath) async throws -> LedgerJournal { LedgerJournal(try await openLedger(folder)) }

/// The stores of a process that begins now, in a ledger in the folder; `nil` forgets everything.
func openStores(_ folder: FilePath?) async throws -> GenerationStores {
    guard let folder else { return GenerationStores() }
    return .ledger(try await openLedger(folder))
}

/// Tells threads apart.
enum ThreadName {
    static var current: UInt { UInt(bitPattern: pthread_self().hashValue) }
}

/// Bytes that differ from place to place and begin as a PNG does.
func imageBytes(_ count: Int) -> [UInt8] {
    let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    return signature + (0..<max(0, count - 8)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8) &* 7) }
}

/// A file's bytes.
func bytes(of path: FilePath) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path.string)))
}

extension [UInt8] {
    var base64: String { Data(self).base64EncodedString() }

    /// In pieces of so many bytes.
    func pieces(of count: Int) -> [[UInt8]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}

/// Names in a folder.
func listing(_ folder: FilePath) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.string).sorted()
}

// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import Testing

@testable import SnugSystem

@Suite struct MemoryFilePoolTests {
    private static let step = 1 << 20

    private static func fill(_ loan: MemoryFilePool.Loan, _ byte: UInt8, count: Int) throws {
        try unsafe [UInt8](repeating: byte, count: count).withUnsafeBytes { try unsafe loan.file.append($0) }
    }

    private static func bytes(of loan: MemoryFilePool.Loan) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: loan.file.byteCount)
        var span = bytes.mutableSpan
        #expect(try loan.file.descriptor.read(into: &span, at: 0) == bytes.count)
        return bytes
    }

    @Test("A file is used again once nobody holds it, and begins empty")
    func reuse() throws {
        let pool = MemoryFilePool(capacity: 8 * Self.step, keptBytes: 4 * Self.step)
        let first: Int32
        do {
            let loan = try pool.take()
            first = loan.file.descriptor.rawValue
            try Self.fill(loan, 1, count: 5)
            #expect(pool.idleBytes == 0)
        }
        // A short body holds little memory.
        #expect(pool.idleBytes == 64 << 10)
        let loan = try pool.take()
        #expect(loan.file.descriptor.rawValue == first)
        #expect(loan.file.byteCount == 0)
        try Self.fill(loan, 2, count: 3)
        #expect(try Self.bytes(of: loan) == [2, 2, 2])
        #expect(pool.idleBytes == 0)
    }

    @Test("Files that are held at the same time share nothing")
    func apart() throws {
        let pool = MemoryFilePool(capacity: 8 * Self.step, keptBytes: 4 * Self.step)
        let loans = try (0..<4).map { _ in try pool.take() }
        for (index, loan) in loans.enumerated() { try Self.fill(loan, UInt8(index), count: index + 1) }
        for (index, loan) in loans.enumerated() {
            #expect(try Self.bytes(of: loan) == [UInt8](repeating: UInt8(index), count: index + 1))
        }
    }

    @Test("No more is kept than the pool may keep")
    func bound() throws {
        let pool = MemoryFilePool(capacity: 8 * Self.step, keptBytes: 4 * Self.step)
        do {
            let loans = try (0..<3).map { _ in try pool.take() }
            for loan in loans { try Self.fill(loan, 1, count: 2 * Self.step) }
        }
        #expect(pool.idleBytes == 4 * Self.step)
        do { try Self.fill(try pool.take(), 1, count: 5 * Self.step) }
        #expect(pool.idleBytes == 2 * Self.step)
    }

    @Test("What a while has not needed is let go, and what it needed stays")
    func trim() throws {
        let pool = MemoryFilePool(capacity: 8 * Self.step, keptBytes: 8 * Self.step)
        do {
            let loans = try (0..<3).map { _ in try pool.take() }
            for loan in loans { try Self.fill(loan, 1, count: Self.step) }
        }
        pool.trim()
        #expect(pool.idleBytes == 3 * Self.step)
        // One at a time is all that is needed now.
        for _ in 0..<5 { try Self.fill(try pool.take(), 1, count: 1) }
        pool.trim()
        #expect(pool.idleBytes == Self.step)
        pool.trim()
        #expect(pool.idleBytes == 0)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import SystemPackage
import Testing

@testable import SnugSystem

@Suite struct MemoryFileTests {
    private static let capacity = 4 << 20

    private static func file(of pieces: [[UInt8]]) throws -> MemoryFile {
        let file = try MemoryFile(capacity: capacity)
        for piece in pieces { try unsafe piece.withUnsafeBytes { try unsafe file.append($0) } }
        return file
    }

    private static func bytes(of file: MemoryFile) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: file.byteCount)
        var span = bytes.mutableSpan
        #expect(try file.descriptor.read(into: &span, at: 0) == bytes.count)
        return bytes
    }

    @Test("A file has the pieces in their order", arguments: [[], [0], [1], [3, 0, 5], [100_000, 1, 2_700_000]])
    func pieces(sizes: [Int]) throws {
        let pieces = sizes.enumerated().map { index, size in [UInt8](repeating: UInt8(index + 1), count: size) }
        let file = try Self.file(of: pieces)
        let all = pieces.flatMap { $0 }
        #expect(file.byteCount == all.count)
        #expect(try Self.bytes(of: file) == all)
        #expect(file.reservedBytes >= all.count)
    }

    @Test("Whoever gets the descriptor can read the file, and not write it, nor map it to write, nor change its length")
    func sealed() throws {
        let memory = try Self.file(of: [[1, 2, 3]])
        let descriptor = memory.descriptor
        #expect(throws: Errno.notPermitted) { try descriptor.write([9], at: 0) }
        #expect(throws: Errno.notPermitted) { try descriptor.write([9], at: 3) }
        let file = descriptor.rawValue
        #expect(ftruncate(file, 1) == -1 && ftruncate(file, off_t(Self.capacity) + 1) == -1)
        let isMapped = unsafe mmap(nil, 3, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED
        #expect(!isMapped)
        #expect(try Self.bytes(of: memory) == [1, 2, 3])
    }

    @Test("More than the capacity is refused, and what is there stays")
    func capacity() throws {
        let file = try Self.file(of: [[UInt8](repeating: 7, count: Self.capacity - 1)])
        #expect(throws: Errno.fileTooLarge) { try unsafe [UInt8(1), 2].withUnsafeBytes { try unsafe file.append($0) } }
        #expect(file.byteCount == Self.capacity - 1)
        try unsafe [UInt8(8)].withUnsafeBytes { try unsafe file.append($0) }
        #expect(try Self.bytes(of: file).suffix(2) == [7, 8])
    }

    @Test("A file that is given up leaves no descriptor open")
    func givenUp() throws {
        func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        let before = try open()
        for _ in 0..<300 { _ = try MemoryFile(capacity: Self.capacity) }
        // Other tests open files meanwhile, though not hundreds.
        #expect(try open() < before + 200)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import SystemPackage
import Testing

@testable import SnugSystem

@Suite struct MemoryFileTests {
    private static func file(of pieces: [[UInt8]]) throws -> FileDescriptor {
        var file = try MemoryFile()
        for piece in pieces { try unsafe piece.withUnsafeBytes { try unsafe file.append($0) } }
        #expect(file.byteCount == pieces.reduce(0) { $0 + $1.count })
        return try file.sealed()
    }

    @Test("A file has the pieces in their order", arguments: [[], [0], [1], [3, 0, 5], [100_000, 1, 70_000]])
    func pieces(sizes: [Int]) throws {
        let pieces = sizes.enumerated().map { index, size in [UInt8](repeating: UInt8(index + 1), count: size) }
        let file = try Self.file(of: pieces)
        defer { file.closeIgnoringErrors() }
        let all = pieces.flatMap { $0 }
        #expect(try file.identity().byteCount == all.count)
        var bytes = [UInt8](repeating: 0, count: all.count + 1)
        var span = bytes.mutableSpan
        #expect(try file.read(into: &span, at: 0) == all.count)
        #expect(Array(bytes.dropLast()) == all)
    }

    @Test("Nobody can change a file that is sealed, nor map it to write")
    func sealed() throws {
        let file = try Self.file(of: [[1, 2, 3]])
        defer { file.closeIgnoringErrors() }
        #expect(throws: Errno.notPermitted) { try file.write([9], at: 0) }
        #expect(throws: Errno.notPermitted) { try file.write([9], at: 3) }
        #expect(ftruncate(file.rawValue, 1) == -1 && ftruncate(file.rawValue, 9) == -1)
        let isMapped = unsafe mmap(nil, 3, PROT_READ | PROT_WRITE, MAP_SHARED, file.rawValue, 0) != MAP_FAILED
        #expect(!isMapped)
    }

    @Test("A file that is given up leaves no descriptor open")
    func givenUp() throws {
        func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        let before = try open()
        for _ in 0..<300 { _ = try MemoryFile() }
        // Other tests open files meanwhile, though not hundreds.
        #expect(try open() < before + 200)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct FileDescriptorTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: FilePath { folder.path.appending("a") }

    @Test("Bytes that are written are read, of any kind of collection")
    func roundTrip() throws {
        let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let file = try FileDescriptor.opening(path, .readWrite, options: .create, permissions: .ownerReadWrite)
        try file.writeBytes(bytes[..<300_000])
        try file.writeBytes(bytes[300_000...].lazy.map { $0 })
        try file.synchronize()
        try file.seek(offset: 0, from: .start)
        #expect(try file.readBytes(maximum: 100) == Array(bytes[..<100]))
        #expect(try file.readBytes(maximum: .max) == Array(bytes[100...]))
        #expect(try file.readBytes(maximum: 10).isEmpty)
        try file.closing()
    }

    @Test(
        "A read at an offset fills the buffer, and less only at the end", arguments: [(0, 4), (6, 4), (8, 2), (20, 0)])
    func readsAtOffset(offset: Int, count: Int) throws {
        try folder.write(Array(0..<10), to: "a")
        let file = try FileDescriptor.opening(path, .readOnly)
        defer { file.closeIgnoringErrors() }
        var buffer = [UInt8](repeating: 99, count: 4)
        var span = buffer.mutableSpan
        let result = try file.read(into: &span, at: offset)
        #expect(result == count)
        #expect(Array(buffer.prefix(count)) == (0..<10).dropFirst(offset).prefix(count).map { UInt8($0) })
        #expect(buffer.dropFirst(count).allSatisfy { $0 == 99 })
    }

    @Test("The bytes that there are come at once, and none at the end of a pipe")
    func readsSome() throws {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { reading.closeIgnoringErrors() }
        try writing.writeBytes([1, 2, 3])
        #expect(try reading.readSome(maximum: 100) == [1, 2, 3])
        try writing.close()
        #expect(try reading.readSome(maximum: 100).isEmpty)
    }

    @Test("Errors are the system's")
    func errors() throws {
        #expect(throws: Errno.noSuchFileOrDirectory) { try FileDescriptor.opening(path, .readOnly) }
        try folder.write([1], to: "a")
        #expect(throws: Errno.notDirectory) { try FileDescriptor.openFolder(path) }
        let file = try FileDescriptor.opening(path, .readOnly)
        #expect(throws: Errno.badFileDescriptor) { try file.writeBytes([1]) }
        try file.closing()
        #expect(throws: Errno.badFileDescriptor) { try FileDescriptor(rawValue: -1).closing() }
        #expect(throws: Errno.badFileDescriptor) { try FileDescriptor(rawValue: -1).synchronize() }
    }

    @Test("A full device is an error, not a shorter file")
    func fullDevice() throws {
        let file = try FileDescriptor.opening("/dev/full", .writeOnly)
        defer { file.closeIgnoringErrors() }
        #expect(throws: Errno.noSpace) { try file.writeBytes([1, 2, 3]) }
    }

    @Test("A full pipe that does not block is waited for")
    func nonBlockingPipe() async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { reading.closeIgnoringErrors() }
        try #require(fcntl(writing.rawValue, F_SETFL, O_NONBLOCK) == 0)
        let bytes = (0..<500_000).map { UInt8(truncatingIfNeeded: $0) }
        let writer = Task {
            try await BlockingThreads(count: 1).run {
                try writing.writeBytes(bytes)
                try writing.closing()
            }
        }
        let read = try await BlockingThreads(count: 1).run { try reading.readBytes(maximum: .max) }
        try await writer.value
        #expect(read == bytes)
    }

    @Test("A program that is started meanwhile does not inherit the file")
    func closesOnExec() throws {
        try folder.write([1], to: "a")
        let file = try FileDescriptor.opening(path, .readOnly)
        defer { file.closeIgnoringErrors() }
        #expect(fcntl(file.rawValue, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test("A pipe is no terminal, and is readable once it has bytes or no writer")
    func streams() throws {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { reading.closeIgnoringErrors() }
        #expect(!reading.isTerminal && reading.terminalColumns == nil)
        #expect(!reading.waitUntilReadable(milliseconds: 1))
        #expect(writing.waitUntilWritable(milliseconds: 1))
        try writing.close()
        #expect(reading.waitUntilReadable(milliseconds: 1))
    }
}

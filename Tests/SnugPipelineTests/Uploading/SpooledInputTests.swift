// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline

/// A stream that is kept in a file.
@Suite struct SpooledInputTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func spool(_ stream: FileDescriptor, in path: FilePath) async throws -> SpooledInput {
        try await BlockingThreads(count: 1).run { try SpooledInput(copying: stream, in: path) }
    }

    @Test("All bytes are there until the last reference is gone", arguments: [0, 1, 65_536, 3_000_000])
    func bytes(count: Int) async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { reading.closeIgnoringErrors() }
        let content = pattern(count)
        try DetachedThread.start {
            try? writing.writeBytes(content)
            writing.closeIgnoringErrors()
        }
        var spooled: SpooledInput? = try await spool(reading, in: folder.path.appending("spool"))
        let name = try #require(spooled?.path.lastComponent?.string)
        #expect(name.hasPrefix("stdin.") && folder.files() == ["spool/\(name)"])
        #expect(try folder.bytes(of: "spool/\(name)") == content)
        let path = try #require(spooled?.path)
        #expect(try FileIdentity(of: path, followsLinks: false).mode & 0o777 == 0o600)
        spooled = nil
        #expect(folder.files().isEmpty)
    }

    @Test("A folder that cannot be made is an error that names it, and nothing is left")
    func noFolder() async throws {
        try folder.write([1], to: "file")
        let stream = try FileDescriptor.open(FilePath("/dev/null"), .readOnly)
        defer { stream.closeIgnoringErrors() }
        let path = folder.path.appending("file").appending("spool")
        await #expect { _ = try await spool(stream, in: path) } throws: {
            guard let error = $0 as? UploadError else { return false }
            return error.code == .sourceFailed && error.message.contains(path.string)
        }
        #expect(folder.files() == ["file"])
    }

    @Test("Cancelling ends the copy of a silent stream, and removes the file")
    func cancelled() async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { for end in [reading, writing] { end.closeIgnoringErrors() } }
        try writing.writeBytes([1, 2, 3])
        let path = folder.path
        let task = Task { try await spool(reading, in: path) }
        while folder.files().isEmpty { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(folder.files().isEmpty)
    }
}

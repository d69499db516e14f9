// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage
import Testing

@Suite struct StreamInputTests {
    @Test("A read of a silent pipe ends with the cancellation of its task")
    func cancels() async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { for end in [reading, writing] { end.closeIgnoringErrors() } }
        let task = Task {
            try await BlockingThreads(count: 1).run { try StreamInput.readAll(from: reading, maximumBytes: 10) }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A stream is read to its end, up to its limit", arguments: [(10, true), (9, false)])
    func reads(limit: Int, fits: Bool) throws {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { reading.closeIgnoringErrors() }
        let bytes = Array(UInt8(0)..<10)
        try writing.writeBytes(bytes)
        try writing.close()
        if fits {
            #expect(try StreamInput.readAll(from: reading, maximumBytes: limit, isCancelled: { false }) == bytes)
        } else {
            #expect(throws: ImageError.self) {
                try StreamInput.readAll(from: reading, maximumBytes: limit, isCancelled: { false })
            }
        }
    }
}

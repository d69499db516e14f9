// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Testing

@testable import snug

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct BlockingThreadsTests {
    @Test("Results and errors come back, from more work than there are threads")
    func runs() async throws {
        let threads = try BlockingThreads(count: 2)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 { group.addTask { try await threads.run { _ in number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 4950)
        await #expect(throws: ImageError.self) {
            try await threads.run { _ in throw ImageError(.ioFailed, "x") }
        }
    }

    @Test("Work learns that its task was cancelled: a read of a silent pipe ends")
    func cancels() async throws {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let reading = ends[0]
        let task = Task {
            try await BlockingThreads(count: 1).run { isCancelled in
                try StandardInput.readAll(from: reading, maximumBytes: 10, isCancelled: isCancelled)
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("Standard input is taken whole, up to its limit", arguments: [(10, true), (9, false)])
    func reads(limit: Int, fits: Bool) throws {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        defer { close(ends[0]) }
        let bytes = Array(UInt8(0)..<10)
        #expect(unsafe write(ends[1], bytes, bytes.count) == 10)
        close(ends[1])
        if fits {
            #expect(try StandardInput.readAll(from: ends[0], maximumBytes: limit, isCancelled: { false }) == bytes)
        } else {
            #expect(throws: ImageError.self) {
                try StandardInput.readAll(from: ends[0], maximumBytes: limit, isCancelled: { false })
            }
        }
    }
}

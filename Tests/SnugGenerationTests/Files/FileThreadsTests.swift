// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Testing

@testable import SnugGeneration

@Suite struct FileThreadsTests {
    @Test("Work that blocks does not stop the tasks of the process")
    func blocking() async throws {
        let threads = try FileThreads(count: 2)
        let gate = DispatchSemaphore(value: 0)
        // More of it than there are threads, each waiting for what only a task of the pool will do.
        try await withThrowingTaskGroup { group in
            for _ in 0..<20 { group.addTask { try await threads.run { gate.wait() } } }
            for _ in 0..<20 {
                await Task.yield()
                gate.signal()
            }
            for try await _ in group {}
        }
    }

    @Test("Everything between two waits runs on the threads, also after a wait")
    func staysOnThreads() async throws {
        let threads = try FileThreads(count: 1)
        let names = try await threads.run { ThreadName.current }
        let (before, after) = await withTaskExecutorPreference(threads) {
            let before = ThreadName.current
            await Task.yield()
            return (before, ThreadName.current)
        }
        #expect(Set([names, before, after]).count == 1)
    }

    @Test("Failures come through")
    func failures() async throws {
        struct Failure: Error {}
        let threads = try FileThreads(count: 1)
        await #expect(throws: Failure.self) { try await threads.run { throw Failure() } }
    }
}

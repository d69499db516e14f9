// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

private actor Usage {
    private(set) var now = 0
    private(set) var most = 0
    private(set) var done = 0

    func take(_ bytes: Int) {
        now += bytes
        most = max(most, now)
    }

    func give(_ bytes: Int) {
        now -= bytes
        done += 1
    }
}

@Suite struct SharedResourcesTests {
    @Test("Reservations are never more than the budget, and all are granted in the end")
    func neverOvercommitted() async throws {
        let budget = MemoryBudget(total: 100)
        let used = Usage()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                let bytes = index.isMultiple(of: 17) ? 90 : 1 + index % 30
                group.addTask {
                    try await budget.withReservation(of: bytes) {
                        await used.take(bytes)
                        await Task.yield()
                        await used.give(bytes)
                    }
                }
            }
            for try await _ in group {}
        }
        let (now, most, done) = await (used.now, used.most, used.done)
        #expect(most <= 100 && done == 200 && now == 0)
    }

    @Test("A cancelled waiter leaves the queue and takes nothing with it")
    func cancelledWaiter() async throws {
        let budget = MemoryBudget(total: 10)
        try await budget.withReservation(of: 10) {
            let waiter = Task { try await budget.withReservation(of: 10) {} }
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
        }
        try await budget.withReservation(of: 10) {}
    }

    @Test("More jobs than threads all run, off the caller's thread, and their errors come back")
    func threads() async throws {
        struct Odd: Error {}
        let threads = CodecThreads(count: 3)
        let results = await withTaskGroup(of: Int?.self) { group in
            for index in 0..<100 {
                group.addTask {
                    try? await threads.run { _ in
                        if index % 2 == 1 { throw Odd() }
                        return index
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.compactMap(\.self).sorted() == Array(stride(from: 0, to: 100, by: 2)))
    }

    @Test("Work sees that its task was cancelled")
    func cancelledWork() async throws {
        let threads = CodecThreads(count: 1)
        let started = AsyncStream<Void>.makeStream()
        let task = Task {
            try await threads.run { flag in
                started.continuation.yield()
                while true { try flag.check() }
            } as Void
        }
        for await _ in started.stream { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

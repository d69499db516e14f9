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

@Suite struct MemoryBudgetTests {
    @Test("Reservations never exceed the budget, and all are granted in the end")
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

    @Test("A cancelled waiter leaves the queue without a reservation")
    func cancelledWaiter() async throws {
        let budget = MemoryBudget(total: 10)
        try await budget.withReservation(of: 10) {
            let waiter = Task { try await budget.withReservation(of: 10) {} }
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
        }
        try await budget.withReservation(of: 10) {}
    }

    @Test("The wait for memory is measured apart from the work")
    func waitIsMeasured() async throws {
        let budget = MemoryBudget(total: 10)
        let wait = MemoryWait()
        let waiter = try await budget.withReservation(of: 10) {
            let waiter = Task {
                try await MemoryWait.$current.withValue(wait) {
                    try await budget.withReservation(of: 10) { wait.duration }
                }
            }
            while budget.use.waiting == 0 { await Task.yield() }
            #expect(wait.duration == .zero)
            return waiter
        }
        let before = try await waiter.value
        #expect(before > .zero)
        #expect(wait.duration == before, "the work adds nothing")
    }
}

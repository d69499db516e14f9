// SPDX-License-Identifier: Apache-2.0
import Synchronization
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

    @Test("What is free is taken without a wait, given back after an error too, and never taken past one who waits")
    func free() async throws {
        struct Broken: Error {}
        let budget = MemoryBudget(total: 10)
        #expect(budget.withFree(11) { true } == nil)
        #expect(budget.withFree(10) { budget.withFree(1) { true } ?? false } == false)
        #expect(throws: Broken.self) { try budget.withFree(10) { throw Broken() } }
        let waiter = try await budget.withReservation(of: 4) {
            let waiter = Task { try await budget.withReservation(of: 10) { true } }
            while budget.use.waiting == 0 { await Task.yield() }
            // Six are free, and belong to the one who waits for ten.
            #expect(budget.withFree(1) { true } == nil)
            return waiter
        }
        #expect(try await waiter.value)
        #expect(budget.withFree(10) { budget.use.used } == 10)
        #expect(budget.use.used == 0)
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

    /// Waits until so many reservations wait.
    private func untilWaiting(_ count: Int, for budget: MemoryBudget) async {
        while budget.use.waiting != count { await Task.yield() }
    }

    @Test("Small jobs overtake a large one that waits, and no more than 32 of them", .timeLimit(.minutes(5)))
    func overtaking() async throws {
        let budget = MemoryBudget(total: 100)
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await budget.withReservation(of: 60) {
                group.addTask { try await budget.withReservation(of: 100) { order.note("large") } }
                await untilWaiting(1, for: budget)
                for _ in 0..<32 { try await budget.withReservation(of: 40) { order.note("small") } }
                group.addTask { try await budget.withReservation(of: 40) { order.note("late") } }
                // There is room for it, but the large one was passed often enough.
                await untilWaiting(2, for: budget)
                #expect(budget.use.used == 60)
            }
            try await group.waitForAll()
        }
        #expect(order.names == [String](repeating: "small", count: 32) + ["large", "late"])
    }

    @Test("A large job that is cancelled while it waits lets those behind it in", .timeLimit(.minutes(5)))
    func cancelledLargeJob() async throws {
        let budget = MemoryBudget(total: 100)
        try await budget.withReservation(of: 60) {
            let large = Task { try await budget.withReservation(of: 100) {} }
            await untilWaiting(1, for: budget)
            for _ in 0..<32 { try await budget.withReservation(of: 40) {} }
            let small = Task { try await budget.withReservation(of: 40) { budget.use.used } }
            await untilWaiting(2, for: budget)
            large.cancel()
            // Nothing was given back in between.
            #expect(try await small.value == 100)
            await #expect(throws: CancellationError.self) { try await large.value }
        }
        #expect(budget.use == MemoryUse(total: 100, used: 0, waiting: 0))
    }

    @Test("What a job throws gives its memory back")
    func throwing() async throws {
        let budget = MemoryBudget(total: 10)
        await #expect(throws: ImageError.self) {
            try await budget.withReservation(of: 10) { throw ImageError(.codecFailed, "on purpose") }
        }
        #expect(budget.use.used == 0)
    }
}

/// Names in the order in which they came.
private final class Order: Sendable {
    private let state = Mutex<[String]>([])
    var names: [String] { state.withLock { $0 } }
    func note(_ name: String) { state.withLock { $0.append(name) } }
}

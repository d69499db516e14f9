// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@Suite struct AsyncMutexTests {
    @Test("One task is inside at a time")
    func excludes() async throws {
        let mutex = AsyncMutex()
        let state = Shared((now: 0, most: 0, total: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await mutex.lock()
                    defer { mutex.unlock() }
                    state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.total + 1) }
                    await Task.yield()
                    state.withLock { $0.now -= 1 }
                }
            }
            for try await _ in group {}
        }
        #expect(state.withLock { $0.most } == 1 && state.withLock { $0.total } == 100)
        #expect(mutex.count == 0)
    }

    @Test("Those who wait come in the order of asking")
    func order() async throws {
        let mutex = AsyncMutex()
        try await mutex.lock()
        let order = Shared<[Int]>([])
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<10 {
            tasks.append(
                Task {
                    try await mutex.lock()
                    order.withLock { $0.append(number) }
                    mutex.unlock()
                })
            while mutex.count < number + 2 { await Task.yield() }
        }
        mutex.unlock()
        for task in tasks { try await task.value }
        #expect(order.withLock { $0 } == Array(0..<10))
    }

    @Test("A try succeeds only while nobody holds it")
    func tries() {
        let mutex = AsyncMutex()
        #expect(mutex.tryLock())
        #expect(!mutex.tryLock())
        mutex.unlock()
        #expect(mutex.tryLock())
    }

    @Test("A cancelled wait ends without the lock, and the others go on")
    func cancels() async throws {
        let mutex = AsyncMutex()
        try await mutex.lock()
        let waiting = Task { try await mutex.lock() }
        while mutex.count < 2 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(mutex.count == 1)
        mutex.unlock()
        #expect(mutex.tryLock())
    }

    @Test("A task that is cancelled before it asks gets no lock")
    func cancelledBefore() async throws {
        let mutex = AsyncMutex()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await mutex.lock()
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(mutex.count == 0)
    }

    @Test("A wait ends at its deadline, and without one it has as long as it takes")
    func deadline() async throws {
        let mutex = AsyncMutex()
        #expect(try await mutex.lock(until: nil))
        #expect(try await !mutex.lock(until: .now))
        mutex.unlock()
        #expect(try await mutex.lock(until: .now))
        #expect(mutex.count == 1)
    }

    @Test("Lock and timeout that come about together leave no lock behind", arguments: 0..<50)
    func race(number: Int) async throws {
        let mutex = AsyncMutex()
        try await mutex.lock()
        let waiting = Task { try await mutex.lock { for _ in 0..<number { await Task.yield() } } }
        while mutex.count < 2, !waiting.isCancelled {
            await Task.yield()
            if number < 5 { break }
        }
        mutex.unlock()
        if try await waiting.value { mutex.unlock() }
        #expect(mutex.tryLock())
    }

    @Test(
        "Whoever locks, tries, gives up or is cancelled, one is inside, and in the end nobody is",
        arguments: UInt64(0)..<6)
    func crowd(seed: UInt64) async {
        let (mutex, state) = (AsyncMutex(), Shared((inside: 0, most: 0, entered: 0)))
        var random = SeededGenerator(seed: seed)
        var tasks: [Task<Bool, any Error>] = []
        for _ in 0..<120 {
            let (kind, patience) = (Int.random(in: 0..<4, using: &random), Int.random(in: 0..<20, using: &random))
            tasks.append(
                Task {
                    switch kind {
                    case 0: guard mutex.tryLock() else { return false }
                    case 1:
                        guard try await mutex.lock(within: { for _ in 0..<patience { await Task.yield() } }) else {
                            return false
                        }
                    default: try await mutex.lock()
                    }
                    state.withLock { $0 = ($0.inside + 1, max($0.most, $0.inside + 1), $0.entered + 1) }
                    await Task.yield()
                    state.withLock { $0.inside -= 1 }
                    mutex.unlock()
                    return true
                })
            if Int.random(in: 0..<3, using: &random) == 0 { tasks.randomElement(using: &random)?.cancel() }
            if Bool.random(using: &random) { await Task.yield() }
        }
        var entered = 0
        for task in tasks where (try? await task.value) == true { entered += 1 }
        #expect(state.withLock { $0.most } == 1 && state.withLock { $0.inside } == 0)
        #expect(state.withLock { $0.entered } == entered && entered > 0)
        #expect(mutex.count == 0 && mutex.tryLock())
    }

    @Test("A timed wait that is cancelled throws, and holds nothing")
    func cancelledTimedWait() async throws {
        let mutex = AsyncMutex()
        try await mutex.lock()
        let waiting = Task { try await mutex.lock { try await Task.sleep(for: .seconds(600)) } }
        while mutex.count < 2 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(mutex.count == 1)
    }
}

@Suite struct AsyncEventTests {
    @Test("A signal wakes the task that waits")
    func wakes() async {
        let event = AsyncEvent()
        let task = Task { await event.wait() }
        await Task.yield()
        event.signal()
        await task.value
    }

    @Test("A signal that nobody waits for is kept, once")
    func keeps() async {
        let event = AsyncEvent()
        event.signal()
        event.signal()
        await event.wait()
        let waiting = Task { await event.wait() }
        await Task.yield()
        event.signal()
        await waiting.value
    }

    @Test("A cancelled wait returns")
    func cancels() async {
        let event = AsyncEvent()
        let task = Task { await event.wait() }
        await Task.yield()
        task.cancel()
        await task.value
    }
}

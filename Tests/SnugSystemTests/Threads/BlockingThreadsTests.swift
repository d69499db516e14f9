// SPDX-License-Identifier: Apache-2.0
import Dispatch
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct BlockingThreadsTests {
    private struct Broken: Error {}

    @Test("Results and errors come back, from more work than there are threads")
    func runs() async throws {
        let threads = BlockingThreads(count: 2)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 { group.addTask { try await threads.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 4950)
        await #expect(throws: Broken.self) { try await threads.run { throw Broken() } }
    }

    @Test("Work that blocks runs beside other work, up to the number of threads")
    func blocks() async throws {
        let threads = BlockingThreads(count: 3)
        let (arrived, go) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try await threads.run {
                        arrived.signal()
                        go.wait()
                    }
                }
            }
            // Runs only when both others block on threads of their own.
            group.addTask {
                try await threads.run {
                    for _ in 0..<2 { arrived.wait() }
                    for _ in 0..<2 { go.signal() }
                }
            }
            for try await _ in group {}
        }
    }

    @Test("Work starts beside that of a task where a thread is free, and only there")
    func beside() async throws {
        for count in [1, 2] {
            let isDone = try await BlockingThreads(count: count).run {
                let done = DispatchSemaphore(value: 0)
                guard BlockingThreads.startBeside({ done.signal() }) else { return false }
                done.wait()
                return true
            }
            #expect(isDone == (count == 2))
        }
        #expect(!BlockingThreads.startBeside { Issue.record("was started") }, "no such threads")
    }

    @Test("No more work runs at once than there are threads")
    func bounded() async throws {
        let threads = BlockingThreads(count: 2)
        let state = Shared((now: 0, most: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await threads.run {
                        state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                        state.withLock { $0.now -= 1 }
                    }
                }
            }
            for try await _ in group {}
        }
        #expect(state.withLock { $0.most } <= 2)
    }

    @Test("Work of a task that runs on such threads stays on its thread, also work for other threads")
    func stays() async throws {
        let (threads, others) = (BlockingThreads(count: 1), BlockingThreads(count: 1))
        let (held, go) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let holder = Task {
            try await others.run {
                held.signal()
                go.wait()
            }
        }
        try await onThread { held.wait() }
        // The only thread of the others is taken: whoever needed it would wait for ever.
        let task = Task(executorPreference: threads) {
            let first = try await others.run { 1 }
            let second = await others.runUncancelled { 2 }
            let third = try await others.runCancellable { _ in 3 }
            return [first, second, third]
        }
        #expect(try await task.value == [1, 2, 3])
        go.signal()
        try await holder.value
    }

    @Test("A task without such threads changes to them, also one that another such task has started")
    func changes() async throws {
        let threads = BlockingThreads(count: 1)
        let pool = BlockingThreads(count: 1)
        let isThere = try await Task(executorPreference: pool) {
            // No child: it has the preference of nobody.
            try await Task {
                try await threads.run {
                    unsafe withUnsafeCurrentTask { unsafe $0?.unownedTaskExecutor == threads.asUnownedTaskExecutor() }
                }
            }.value
        }.value
        #expect(isThere)
    }

    @Test("Work sees that its task was cancelled")
    func seesCancellation() async throws {
        let threads = BlockingThreads(count: 1)
        let started = AsyncEvent()
        let task = Task {
            try await threads.run {
                started.signal()
                while !Task.isCancelled { DetachedThread.pause(milliseconds: 1) }
                throw CancellationError()
            }
        }
        await started.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("Work of another language sees a flag")
    func seesFlag() async throws {
        let threads = BlockingThreads(count: 1)
        let started = AsyncEvent()
        let task = Task {
            try await threads.runCancellable { flag in
                started.signal()
                while unsafe !CancellationFlag.isCancelled(flag.context) { DetachedThread.pause(milliseconds: 1) }
                try flag.check()
            }
        }
        await started.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("Work of a cancelled task does not start, unless it has to be done")
    func cancelledBefore() async throws {
        let threads = BlockingThreads(count: 1)
        let ran = Shared<[String]>([])
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            await threads.runUncancelled { ran.withLock { $0.append("clean-up") } }
            try await threads.run { ran.withLock { $0.append("work") } }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ran.withLock { $0 } == ["clean-up"])
    }

    @Test("Work that was cancelled while it waited for a thread does not start, and the rest is done once")
    func cancelledInTheQueue() async throws {
        let threads = BlockingThreads(count: 1)
        let (gate, isBusy) = (DispatchSemaphore(value: 0), AsyncEvent())
        let blocker = Task {
            await threads.runUncancelled {
                isBusy.signal()
                gate.wait()
            }
        }
        await isBusy.wait()
        let ran = Shared<[Int]>([])
        let tasks = (0..<40).map { number in
            Task { try await threads.runCancellable { _ in ran.withLock { $0.append(number) } } }
        }
        for (number, task) in tasks.enumerated() where !number.isMultiple(of: 3) { task.cancel() }
        gate.signal()
        await blocker.value
        for (number, task) in tasks.enumerated() {
            let result = await task.result
            if number.isMultiple(of: 3) {
                #expect(throws: Never.self) { try result.get() }
            } else {
                #expect(throws: CancellationError.self) { try result.get() }
            }
        }
        #expect(ran.withLock { $0 }.sorted() == Array(stride(from: 0, to: 40, by: 3)))
    }

    @Test("Threads that are dropped finish their work first")
    func dropped() async throws {
        let task = Task { try await BlockingThreads(count: 1).run { 7 } }
        #expect(try await task.value == 7)
    }
}

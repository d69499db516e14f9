// SPDX-License-Identifier: Apache-2.0
import DequeModule
import Dispatch
import Synchronization
import SystemPackage

/// Threads for work that blocks: codecs, disks, pipes, locks of other processes.
///
/// Swift's own pool has one thread a core; a few slow calls on it would stop every task of the process. A task whose
/// executor these threads are may block. Threads start as work comes, up to a maximum, and end with the last reference.
///
/// Work of a task that runs on such threads anyway, whosever they are, stays on its thread, as does that of a
/// ``CallingThread``: the way to another one and back takes longer than most calls.
package final class BlockingThreads: TaskExecutor {
    /// State of the threads, apart from the executor so as not to keep it alive: its end is their end.
    private final class Queue: Sendable {
        struct State {
            var jobs: Deque<@Sendable () -> Void> = []
            var idle = 0
            var threads = 0
            var isClosed = false
        }
        let state = Mutex(State())
        let available = DispatchSemaphore(value: 0)

        func work() {
            while true {
                state.withLock { $0.idle += 1 }
                available.wait()
                let next = state.withLock { state in
                    state.idle -= 1
                    return state.jobs.popFirst()
                }
                // Woken without work: it is over.
                guard let next else { return }
                next()
            }
        }
    }
    private let queue = Queue()
    private let maximumThreads: Int

    /// - Parameter count: Threads at most; at least one.
    package init(count: Int) { maximumThreads = max(1, count) }

    deinit {
        let threads = queue.state.withLock { state in
            state.isClosed = true
            return state.threads
        }
        for _ in 0..<threads { queue.available.signal() }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedTaskExecutor()
        submit { unsafe job.runSynchronously(on: executor) }
    }

    /// Does blocking work on one of the threads, as a part of the calling task.
    ///
    /// `Task.isCancelled` in `work` tells that the caller is no longer interested.
    @concurrent
    package func run<Result: Sendable>(_ work: @Sendable () throws -> Result) async throws -> Result {
        try Task.checkCancellation()
        if Self.mayBlock { return try work() }
        return try await withTaskExecutorPreference(self) { try work() }
    }

    /// Does blocking work that has to be done also after a cancellation, such as removing a file.
    @concurrent
    package func runUncancelled<Result: Sendable>(_ work: @Sendable () -> Result) async -> Result {
        if Self.mayBlock { return work() }
        return await withTaskExecutorPreference(self) { work() }
    }

    /// Does blocking work that cannot see its task, such as that of a C library.
    /// - Parameter work: Is given a flag that is set when the calling task is cancelled.
    @concurrent
    package func runCancellable<Result: Sendable>(
        _ work: @Sendable (CancellationFlag) throws -> Result
    ) async throws -> Result {
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            if Self.mayBlock {
                try flag.check()
                return try work(flag)
            }
            return try await withTaskExecutorPreference(self) {
                try flag.check()
                return try work(flag)
            }
        } onCancel: {
            flag.set()
        }
    }

    /// Starts work beside the calling task's, where that runs on such threads and one of them is free at this moment.
    /// - Returns: False where none is; the work is not started then.
    package static func startBeside(_ work: @escaping @Sendable () -> Void) -> Bool {
        let threads = unsafe withUnsafeCurrentTask { task in
            unsafe task?.unownedTaskExecutor?.asTaskExecutor() as? BlockingThreads
        }
        guard let threads else { return false }
        let isFree = threads.queue.state.withLock { state in
            state.threads - state.idle + state.jobs.count < threads.maximumThreads
        }
        if isFree { threads.submit(work) }
        return isFree
    }

    /// True in a task whose thread may block.
    private static var mayBlock: Bool {
        if CallingThread.isCurrent { return true }
        return unsafe withUnsafeCurrentTask { task in
            unsafe task?.unownedTaskExecutor?.asTaskExecutor() is BlockingThreads
        }
    }

    private func submit(_ job: @escaping @Sendable () -> Void) {
        let needsThread = queue.state.withLock { state in
            state.jobs.append(job)
            let needs = state.idle < state.jobs.count && state.threads < maximumThreads
            if needs { state.threads += 1 }
            return needs
        }
        if needsThread, !startThread() {
            let isAlone = queue.state.withLock { state in
                state.threads -= 1
                return state.threads == 0
            }
            // Without any thread the job would wait for ever: it runs here.
            if isAlone {
                if let job = queue.state.withLock({ $0.jobs.popFirst() }) { job() }
                return
            }
        }
        queue.available.signal()
    }

    private func startThread() -> Bool {
        do throws(Errno) {
            try DetachedThread.start { [queue] in queue.work() }
            return true
        } catch {
            return false
        }
    }
}

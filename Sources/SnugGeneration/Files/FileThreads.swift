// SPDX-License-Identifier: Apache-2.0
import Dispatch
import SnugHTTP
import SnugSystem
import Synchronization

/// Threads for calls that wait for a disk or for another process's lock.
///
/// Swift's own pool has one thread a core; a few slow writes on it would stop every task of the process. A task that has
/// these threads as its executor may block.
final class FileThreads: TaskExecutor {
    /// What the threads share; it must not keep the executor alive, whose end is their end.
    private final class Queue: Sendable {
        let jobs = Mutex<[@Sendable () -> Void]>([])
        let available = DispatchSemaphore(value: 0)

        func work() {
            while true {
                available.wait()
                let next = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                // Woken without work: it is over.
                guard let next else { return }
                next()
            }
        }
    }
    private let queue = Queue()
    private let threadCount: Int

    /// Starts the threads, or as many as the system gives; they end with the last reference.
    /// - Throws: `output_failed` when there is not even one.
    init(count: Int = 4) throws(GenerationError) {
        threadCount = (0..<max(count, 1)).count { [queue] _ in
            (try? DetachedThread.start { queue.work() }) != nil
        }
        guard threadCount > 0 else {
            throw GenerationError(.outputFailed, "the system gives this process no more threads; end other programs")
        }
    }

    deinit { for _ in 0..<threadCount { queue.available.signal() } }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedTaskExecutor()
        queue.jobs.withLock { $0.append { unsafe job.runSynchronously(on: executor) } }
        queue.available.signal()
    }

    /// Does blocking work on one of the threads.
    @concurrent
    func run<Result: Sendable>(_ work: @Sendable () throws -> Result) async throws -> Result {
        try await withTaskExecutorPreference(self) { try work() }
    }
}

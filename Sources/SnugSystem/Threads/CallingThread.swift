// SPDX-License-Identifier: Apache-2.0
import DequeModule
import Dispatch
import Synchronization

/// Runs asynchronous work on the thread that waits for it.
///
/// For processes where no other thread may do it: Swift's own pool asks the system for more than a locked-in process gets.
package final class CallingThread: TaskExecutor {
    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
    /// True within the work of such a thread, which may block.
    @TaskLocal static var isCurrent = false

    private let jobs = Mutex<Deque<UnownedJob>>([])
    private let available = DispatchSemaphore(value: 0)

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        available.signal()
    }

    /// Runs work to its end. Blocks the calling thread, which must be none of Swift's pool.
    package static func run<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) -> Value {
        let thread = CallingThread()
        let result = Box<Value>()
        // No parent: the caller is no task, and waits here.
        Task(executorPreference: thread) {
            let value = await $isCurrent.withValue(true) { await work() }
            result.value.withLock { $0 = value }
        }
        while true {
            thread.available.wait()
            guard let job = thread.jobs.withLock({ $0.popFirst() }) else { continue }
            unsafe job.runSynchronously(on: thread.asUnownedTaskExecutor())
            if let value = result.value.withLock({ $0 }) { return value }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Dispatch
import SnugHTTP
import SnugImage
import SnugSystem
import Synchronization

/// Threads for system calls that wait: a disk, a pipe, a network file system.
///
/// Swift's own pool has one thread a core; a few slow reads on it would stop everything, the progress display included.
final class BlockingThreads: Sendable {
    private let queue: WorkQueue

    /// Starts the threads, or as many as the system gives; they end with the last reference.
    /// - Throws: `io_failed` when there is not even one.
    init(count: Int) throws(ImageError) {
        queue = WorkQueue()
        let started = (0..<max(count, 1)).count { _ in queue.startThread() }
        guard started > 0 else {
            throw ImageError(
                .ioFailed, "the system gives this process no more threads; end other programs or raise 'ulimit -u'")
        }
    }

    deinit { queue.close() }

    /// Does work on one of the threads.
    /// - Parameter work: Is given a question to ask now and then: whether the task that waits has been cancelled.
    func run<Result: Sendable>(
        _ work: @escaping @Sendable (_ isCancelled: @Sendable () -> Bool) throws -> Result
    ) async throws -> Result {
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.append { continuation.resume(with: Swift.Result { try work { flag.isSet } }) }
            }
        } onCancel: {
            flag.set()
        }
    }
}

/// Says to a thread that its result is no longer wanted.
private final class CancellationFlag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

private final class WorkQueue: Sendable {
    private struct State {
        var work: [@Sendable () -> Void] = []
        var isClosed = false
        var threadCount = 0
    }
    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    func append(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.work.append(work) }
        available.signal()
    }

    func close() {
        let threads = state.withLock { state in
            state.isClosed = true
            return state.threadCount
        }
        for _ in 0..<threads { available.signal() }
    }

    func startThread() -> Bool {
        let started =
            (try? DetachedThread.start { [self] in
                while let work = next() { work() }
            }) != nil
        if started { state.withLock { $0.threadCount += 1 } }
        return started
    }

    private func next() -> (@Sendable () -> Void)? {
        available.wait()
        return state.withLock { $0.work.isEmpty ? nil : $0.work.removeFirst() }
    }
}

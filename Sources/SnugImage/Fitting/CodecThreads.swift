// SPDX-License-Identifier: Apache-2.0
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Threads for work that blocks: codecs and files.
///
/// Swift's own pool has one thread for each core, and a thread that decodes for a second is missing there.
final class CodecThreads: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var idle = 0
        var threads = 0
        var isClosed = false
    }

    /// State and condition of the worker threads; they outlive the owner until the queue is closed.
    @safe
    private final class Shared: @unchecked Sendable {
        // `state` is touched only with `mutex` held.
        var state = State()
        let mutex: UnsafeMutablePointer<pthread_mutex_t>
        let condition: UnsafeMutablePointer<pthread_cond_t>

        init() {
            unsafe mutex = .allocate(capacity: 1)
            unsafe mutex.initialize(to: pthread_mutex_t())
            unsafe condition = .allocate(capacity: 1)
            unsafe condition.initialize(to: pthread_cond_t())
            unsafe pthread_mutex_init(mutex, nil)
            unsafe pthread_cond_init(condition, nil)
        }

        deinit {
            unsafe pthread_cond_destroy(condition)
            unsafe pthread_mutex_destroy(mutex)
            unsafe condition.deallocate()
            unsafe mutex.deallocate()
        }

        func withState<Result>(_ body: (inout State) -> Result) -> Result {
            unsafe pthread_mutex_lock(mutex)
            defer { unsafe pthread_mutex_unlock(mutex) }
            return body(&state)
        }

        func wakeOne() { unsafe pthread_cond_signal(condition) }

        func wakeAll() { unsafe pthread_cond_broadcast(condition) }

        /// The next job; `nil` once closed.
        func take() -> (@Sendable () -> Void)? {
            unsafe pthread_mutex_lock(mutex)
            defer { unsafe pthread_mutex_unlock(mutex) }
            while state.jobs.isEmpty {
                if state.isClosed { return nil }
                state.idle += 1
                unsafe pthread_cond_wait(condition, mutex)
                state.idle -= 1
            }
            return state.jobs.removeFirst()
        }
    }

    private let shared = Shared()
    private let mostThreads: Int

    init(count: Int) { mostThreads = max(1, count) }

    deinit {
        shared.withState { $0.isClosed = true }
        shared.wakeAll()
    }

    /// Runs `work` on a thread of the pool; cancelling the task sets the flag that `work` is given.
    func run<Result: Sendable>(
        _ work: @escaping @Sendable (CancellationFlag) throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
                submit {
                    let result = Swift.Result<Result, any Error> {
                        try flag.check()
                        return try work(flag)
                    }
                    continuation.resume(with: result)
                }
            }
        } onCancel: {
            flag.set()
        }
    }

    private func submit(_ job: @escaping @Sendable () -> Void) {
        let needsThread = shared.withState { state in
            state.jobs.append(job)
            let needs = state.idle < state.jobs.count && state.threads < mostThreads
            if needs { state.threads += 1 }
            return needs
        }
        if needsThread, !start() {
            // Without a thread the job would wait for ever; when none was ever started, run it here.
            let mustRunHere = shared.withState { state in
                state.threads -= 1
                return state.threads == 0
            }
            if mustRunHere, let job = shared.withState({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) { job() }
        }
        shared.wakeOne()
    }

    private func start() -> Bool {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, 2 << 20)
        let context = unsafe Unmanaged.passRetained(shared).toOpaque()
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, &attributes,
            { context in
                guard let context = unsafe context else { return nil }
                let shared = unsafe Unmanaged<Shared>.fromOpaque(context).takeRetainedValue()
                while let job = shared.take() { job() }
                return nil
            }, context)
        if result != 0 { unsafe Unmanaged<Shared>.fromOpaque(context).release() }
        return result == 0
    }
}

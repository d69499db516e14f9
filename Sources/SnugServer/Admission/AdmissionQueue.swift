// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugPipeline
import SnugSystem
import Synchronization

/// Lets as many requests work at once as there are workers, and as many wait as the queue holds.
///
/// A request asks for its place once its body is in: clients that send slowly, or stop, keep no worker.
final class AdmissionQueue: Sendable {
    /// The ends of a wait.
    enum End: Hashable { case granted, cancelled, timedOut }

    private typealias Line = AdmissionLine<CheckedContinuation<End, Never>>

    private let line: Mutex<Line>
    /// Requests that work at once.
    let workers: Int
    /// Requests that may wait.
    let length: Int
    private let timeout: Duration

    init(workers: Int, length: Int, timeout: Duration) {
        let line = Line(workers: workers, length: length)
        self.workers = line.workers
        self.length = length
        self.timeout = timeout
        self.line = Mutex(line)
    }

    /// Requests that work, and that wait.
    var use: (running: Int, waiting: Int) { line.withLock { ($0.running, $0.waiting) } }

    /// Refuses a request whose body is still to come where there is no place for it: to take in what is refused at its
    /// end costs both sides more than the refusal. It may still be refused then.
    /// - Throws: `overloaded`.
    func checkRoom() throws(ServiceError) {
        guard !line.withLock({ $0.isFull }) else { throw overloaded() }
    }

    /// Runs `body` once there is a worker for it.
    /// - Parameter body: Is given the time that the request waited.
    /// - Throws: `overloaded`, `queue_timeout`; `CancellationError`; what `body` throws.
    func withWorker<Result: Sendable>(_ body: (Duration) async throws -> Result) async throws -> Result {
        let start = ContinuousClock.now
        try await enter()
        let begun = ContinuousClock.now
        defer { leave(after: ContinuousClock.now - begun) }
        return try await body(begun - start)
    }

    private func enter() async throws {
        switch line.withLock({ $0.enter() }) {
        case .worker: return
        case .full: throw overloaded()
        case .place(let place):
            switch await wait(place) {
            case .granted: return
            case .cancelled: throw CancellationError()
            case .timedOut: throw timedOut()
            }
        }
    }

    private func wait(_ place: UInt64) async -> End {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [timeout] in
                // Cancelled when the wait ends before.
                guard (try? await BriefSleep.sleep(for: timeout)) != nil else { return }
                self.end(place, as: .timedOut)
            }
            defer { group.cancelAll() }
            return await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let early = line.withLock { $0.wait(place, continuation) }
                    if let early { continuation.resume(returning: early) }
                }
            } onCancel: {
                end(place, as: .cancelled)
            }
        }
    }

    private func end(_ place: UInt64, as end: End) {
        line.withLock { $0.end(place, as: end) }?.resume(returning: end)
    }

    private func leave(after duration: Duration) {
        line.withLock { $0.leave(after: duration / .seconds(1)) }?.resume(returning: .granted)
    }

    // MARK: Refusals

    private func overloaded() -> ServiceError {
        refusal("overloaded") { line in
            "\(line.running) images are processed and \(line.waiting) wait, which is all that this server takes"
        }
    }

    private func timedOut() -> ServiceError {
        refusal("queue_timeout") { _ in "no worker became free within \(DurationText.exact(timeout))" }
    }

    private func refusal(_ code: String, _ problem: (Line) -> String) -> ServiceError {
        line.withLock { line in
            let wait = line.backlog
            var error = ServiceError(
                .serviceUnavailable, code, "\(problem(line)); try again in \(Int(wait / .seconds(1))) s",
                details: ["running": .integer(line.running), "waiting": .integer(line.waiting)])
            error.retryAfter = wait
            return error
        }
    }
}

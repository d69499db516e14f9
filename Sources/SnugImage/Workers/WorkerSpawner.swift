// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Dispatch
import Glibc
import SnugSystem
import Synchronization
import SystemPackage

/// Starts workers on a thread that never ends.
///
/// The system kills a worker when the thread that started it ends, so no thread of a fitter may be that thread.
final class WorkerSpawner: Sendable {
    /// A started process and the socket to it.
    struct Started: Sendable {
        var process: pid_t
        var socket: Int32
    }
    private struct Request: Sendable {
        let worker: DecoderWorker
        let done = DispatchSemaphore(value: 0)
        let result: Box
    }
    private final class Box: Sendable {
        let value = Mutex<Result<Started, Errno>>(.failure(.resourceTemporarilyUnavailable))
    }

    static let shared = WorkerSpawner()
    private let requests = Mutex<[Request]>([])
    private let available = DispatchSemaphore(value: 0)
    private let hasThread = Mutex(false)

    /// Starts a worker. Blocks for some milliseconds.
    func start(_ worker: DecoderWorker) throws(Errno) -> Started {
        try startThread()
        let request = Request(worker: worker, result: Box())
        requests.withLock { $0.append(request) }
        available.signal()
        request.done.wait()
        return try request.result.value.withLock { $0 }.get()
    }

    private func startThread() throws(Errno) {
        let failure: Errno? = hasThread.withLock { hasThread in
            guard !hasThread else { return nil }
            do throws(Errno) {
                try DetachedThread.start { [self] in serve() }
                hasThread = true
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    private func serve() {
        while true {
            available.wait()
            guard let request = requests.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
            let result = Self.spawn(request.worker)
            request.result.value.withLock { $0 = result }
            request.done.signal()
        }
    }

    private static func spawn(_ worker: DecoderWorker) -> Result<Started, Errno> {
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe ([worker.executable.string] + worker.arguments).map {
            unsafe strdup($0)
        }
        unsafe arguments.append(nil)
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var started = Started(process: 0, socket: -1)
        let code = unsafe snug_worker_start(worker.executable.string, arguments, &started.socket, &started.process)
        return code == 0 ? .success(started) : .failure(Errno(rawValue: code))
    }
}

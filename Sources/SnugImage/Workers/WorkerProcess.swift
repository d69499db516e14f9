// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Glibc
import SnugSystem
import Synchronization
import SystemPackage

/// A worker that waits for an image. It ends with its last reference.
final class WorkerProcess: Sendable {
    /// How a worker's work on an image ended, other than by a response.
    enum Failure: Error, Hashable {
        /// The process is gone; with the signal that ended it, 0 for none that is known.
        case crashed(signal: Int32)
        /// The time was over.
        case timedOut
        /// It said something that no worker says.
        case babbled
        /// It was gone before it heard of the image.
        case unreachable
    }

    /// Milliseconds between two looks at the cancellation.
    private static let pulse: Int32 = 50

    private let process: pid_t
    private let socket: Int32
    /// The parts of the sandbox that are in force.
    let sandbox: UInt32
    /// Address space that the process had before its first image.
    private let addressSpace: UInt64
    /// The version of each library that is installed.
    let versions: [UInt32: String]
    /// Memory of an earlier fit.
    private let kept = Mutex<SharedPixels?>(nil)

    /// Memory that is kept, and the least that is made: what is never written takes no room.
    private static let keptBytes = 32 << 20

    /// Starts a worker and waits until its sandbox is locked.
    /// - Throws: ``Failure``, `Errno`; `CancellationError`.
    init(_ worker: DecoderWorker, milliseconds: Int, cancellation: CancellationFlag) throws {
        let started = try WorkerSpawner.shared.start(worker)
        var greeting = snug_worker_greeting()
        do {
            try Self.wait(
                on: started.socket, for: &greeting, until: MonotonicClock.microseconds + milliseconds * 1000,
                cancellation: cancellation)
            guard greeting.magic == UInt32(SNUG_WORKER_MAGIC) else { throw Failure.babbled }
        } catch {
            let signal = snug_worker_signal(started.process)
            snug_worker_end(started.process, started.socket)
            if case Failure.unreachable = error { throw Failure.crashed(signal: max(signal, 0)) }
            throw error
        }
        process = started.process
        socket = started.socket
        sandbox = greeting.sandbox
        addressSpace = min(greeting.address_space, 1 << 48)
        versions = Self.versions(&greeting)
    }

    deinit {
        let (process, socket) = (process, socket)
        // The end of a large process takes some time, and this may be a thread of Swift's pool.
        do throws(Errno) {
            try DetachedThread.start { snug_worker_end(process, socket) }
        } catch {
            snug_worker_end(process, socket)
        }
    }

    /// Shared memory of at least so many bytes: that of the last image where it suffices.
    ///
    /// The process knows the rest of the last image anyway, so nothing is cleared.
    func memory(of byteCount: Int) throws(ImageError) -> SharedPixels {
        guard byteCount <= Self.keptBytes else { return try SharedPixels(byteCount: byteCount) }
        if let memory = kept.withLock({ $0 }) { return memory }
        let memory = try SharedPixels(byteCount: Self.keptBytes)
        kept.withLock { $0 = memory }
        return memory
    }

    /// Has an image decoded.
    /// - Parameters:
    ///   - memory: The address space that the work may take.
    ///   - seconds: The processor time that it may take.
    ///   - milliseconds: The time that may pass until its end.
    ///   - stall: The time that may pass without any work of the worker, in milliseconds.
    /// - Throws: ``Failure``, after which the worker is of no more use; `CancellationError` likewise.
    func decode(
        _ request: snug_codec_request, file: Int32, memory: SharedPixels, addressSpace allowance: Int, seconds: Int,
        milliseconds: Int, stall: Int, cancellation: CancellationFlag
    ) throws -> snug_codec_response {
        var request = request
        let space = addressSpace + UInt64(clamping: allowance)
        guard snug_worker_limit(process, space, UInt64(clamping: seconds)) == 0,
            unsafe snug_worker_ask(socket, &request, file, memory.descriptor) == 0
        else { throw Failure.unreachable }
        var response = snug_codec_response()
        var work = (done: UInt64.max, since: MonotonicClock.microseconds)
        do {
            try Self.wait(
                on: socket, for: &response, until: MonotonicClock.microseconds + milliseconds * 1000,
                cancellation: cancellation
            ) {
                let done = snug_worker_cpu_time(process)
                if done != work.done { work = (done, MonotonicClock.microseconds) }
                return MonotonicClock.microseconds - work.since >= stall * 1000
            }
        } catch Failure.unreachable {
            throw Failure.crashed(signal: max(snug_worker_signal(process), 0))
        }
        return response
    }

    private static func wait<Message>(
        on socket: Int32, for message: inout Message, until deadline: Int, cancellation: CancellationFlag,
        isStalled: () -> Bool = { false }
    ) throws {
        while true {
            let size = MemoryLayout<Message>.size
            switch unsafe withUnsafeMutableBytes(
                of: &message,
                { bytes -> Int32 in
                    guard let start = bytes.baseAddress else { return -1 }
                    return unsafe snug_worker_wait(socket, start, size, pulse)
                })
            {
            case 1: return
            case 0:
                try cancellation.check()
                if MonotonicClock.microseconds >= deadline || isStalled() { throw Failure.timedOut }
            case -1: throw Failure.unreachable
            default: throw Failure.babbled
            }
        }
    }

    private static func versions(_ greeting: inout snug_worker_greeting) -> [UInt32: String] {
        var versions: [UInt32: String] = [:]
        for index in 0..<Int32(SNUG_WORKER_CODECS) {
            var format: UInt32 = 0
            guard let text = unsafe snug_worker_version(&greeting, index, &format) else { continue }
            unsafe versions[format] = String(cString: text)
        }
        return versions
    }
}

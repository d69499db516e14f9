// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Glibc
import SnugSystem
import Synchronization
import SystemPackage

/// Workers that are kept for the next image, as many as images are decoded at once.
///
/// Callers block their own thread, so a fitter's threads bound the number of workers. One that crashed is not used again.
final class DecoderWorkerPool: Sendable {
    /// The time that decoding may take.
    struct Patience: Sendable, Hashable {
        /// Processor time for any image and for each megapixel, in seconds.
        var seconds = 20.0
        var secondsPerMegapixel = 1.0
        /// A whole fit takes as many times as much: it decodes, tries and encodes.
        var fitFactor = 5.0
        /// Time that may pass, as a multiple: a loaded machine gives a worker a part of a core.
        var factor = 10.0
        /// Time that may pass while the worker does nothing, in milliseconds.
        var stall = 120_000
        /// Until a worker is ready, in milliseconds.
        var start = 60_000
    }

    /// One image to decode, and the bounds of the work.
    struct Work {
        var request: snug_codec_request
        /// The worker's memory, that of the pixels included.
        var memory: Int
        var pixelCount: Int
        /// For messages.
        var format: ImageFormat

        var isFit: Bool { request.format == UInt32(SNUG_WORKER_FIT) }
    }

    let worker: DecoderWorker?
    private let patience: Patience
    private let idle = Mutex<[WorkerProcess]>([])
    /// The last order and its bytes: images mostly come with the same one.
    private let lastOrder = Mutex<(order: FitOrder, bytes: [UInt8])?>(nil)

    init(worker: DecoderWorker?, patience: Patience = Patience()) {
        self.worker = worker
        self.patience = patience
    }

    /// Decodes an image into shared memory.
    /// - Throws: `decoder_crashed`, `decoder_timed_out`, `decoder_unavailable`, `io_failed`; `CancellationError`.
    func decode(
        _ work: Work, of source: ImageSource, into memory: SharedPixels, cancellation: CancellationFlag
    ) throws -> snug_codec_response {
        try use(for: work, source, cancellation) { process, file in
            try ask(process, work, source, file, memory, cancellation)
        }
    }

    /// Has an image fitted.
    /// - Parameters:
    ///   - words: The order, which goes where the reply comes.
    ///   - read: Takes everything out of the shared memory, which the process keeps for its next image.
    /// - Throws: As ``decode(_:of:into:cancellation:)``.
    func fit<Reply>(
        _ work: Work, of source: ImageSource, words: [UInt8], cancellation: CancellationFlag,
        _ read: (snug_codec_response, SharedPixels) -> Reply
    ) throws -> Reply {
        let place = Int(work.request.pixel_bytes)
        return try use(for: work, source, cancellation) { process, file in
            let memory = try process.memory(of: place + Int(work.request.profile_bytes))
            try memory.write(words, at: place)
            let response = try ask(process, work, source, file, memory, cancellation)
            return read(response, memory)
        }
    }

    /// Has something done by a process that waits, or by a new one, which waits again afterwards.
    private func use<Result>(
        for work: Work, _ source: ImageSource, _ cancellation: CancellationFlag,
        _ body: (WorkerProcess, _ file: Int32) throws -> Result
    ) throws -> Result {
        let file = try WorkerFile(source)
        while true {
            let (process, isFresh) = try take(cancellation: cancellation)
            if work.isFit, process.versions[UInt32(SNUG_WORKER_FIT)] == nil {
                throw Self.unavailable("the decoder process decodes only, and this image is to be fitted by one")
            }
            do {
                let result = try body(process, file.descriptor)
                idle.withLock { $0.append(process) }
                return result
            } catch WorkerProcess.Failure.unreachable where !isFresh {
                // It ended while it waited; the image has nothing to do with that.
                continue
            } catch let failure as WorkerProcess.Failure {
                throw Self.error(failure, work: work, seconds: seconds(work))
            }
        }
    }

    private func ask(
        _ process: WorkerProcess, _ work: Work, _ source: ImageSource, _ file: Int32, _ memory: SharedPixels,
        _ cancellation: CancellationFlag
    ) throws -> snug_codec_response {
        let seconds = seconds(work)
        return try process.decode(
            work.request, file: file, memory: memory,
            // Address space is not memory: libraries, stacks and free lists take some of it.
            addressSpace: work.memory + source.byteCount + 256 << 20, seconds: seconds,
            milliseconds: Int(Double(seconds) * patience.factor * 1000), stall: patience.stall,
            cancellation: cancellation)
    }

    /// An order as it is sent.
    /// - Throws: `invalid_argument`.
    func bytes(of order: FitOrder) throws(ImageError) -> [UInt8] {
        if let last = lastOrder.withLock({ $0 }), last.order == order { return last.bytes }
        let bytes = try order.bytes()
        lastOrder.withLock { $0 = (order, bytes) }
        return bytes
    }

    /// Starts a worker, if none waits, and tells what it is made of.
    func inspect() throws -> (sandbox: UInt32, versions: [UInt32: String]) {
        let process = try take(cancellation: CancellationFlag()).process
        defer { idle.withLock { $0.append(process) } }
        return (process.sandbox, process.versions)
    }

    private func seconds(_ work: Work) -> Int {
        let seconds = patience.seconds + patience.secondsPerMegapixel * Double(work.pixelCount) / 1_000_000
        return Int((seconds * (work.isFit ? patience.fitFactor : 1)).rounded(.up))
    }

    private func take(cancellation: CancellationFlag) throws -> (process: WorkerProcess, isFresh: Bool) {
        if let process = idle.withLock({ $0.popLast() }) { return (process, false) }
        guard let worker else {
            throw ImageError(
                .decoderUnavailable,
                "is to be decoded in a process of its own, and no program for that is set; "
                    + "call DecoderWorker.serveIfRequested() at the start of main, or set decoderWorker in the fitter's "
                    + "configuration")
        }
        let process: WorkerProcess
        do {
            process = try WorkerProcess(worker, milliseconds: patience.start, cancellation: cancellation)
        } catch let failure as Errno {
            throw Self.unavailable("the decoder process cannot be started: \(failure)")
        } catch let failure as WorkerProcess.Failure {
            throw Self.unavailable(
                "\(PrintableName.of(worker.executable)) does not serve as a decoder process (\(failure.words))")
        }
        guard process.sandbox == UInt32(SNUG_SANDBOX_COMPLETE) else {
            throw Self.unavailable(
                "the system does not let the decoder process be locked in (\(SandboxReport.missing(process.sandbox)))")
        }
        return (process, true)
    }

    private static func unavailable(_ what: String) -> ImageError {
        ImageError(.decoderUnavailable, "\(what); see 'snug doctor', or convert the image to JPEG or PNG")
    }

    private static func error(_ failure: WorkerProcess.Failure, work: Work, seconds: Int) -> ImageError {
        switch failure {
        // SIGXCPU: the processor time is over.
        case .timedOut, .crashed(signal: SIGXCPU):
            ImageError(
                .decoderTimedOut,
                "the \(work.format) decoder had no result within \(seconds) seconds of processor time and was ended; "
                    + "convert the image to JPEG or PNG with another program", details: ["seconds": .integer(seconds)])
        case .crashed, .babbled, .unreachable:
            ImageError(
                .decoderCrashed,
                "the \(work.format) decoder crashed on it (\(failure.words)), and no other image was touched; the file "
                    + "may be damaged: get it again, or convert it to JPEG or PNG with another program",
                details: ["memory_bytes": .integer(work.memory)])
        }
    }
}

extension WorkerProcess.Failure {
    /// For a message, in brackets.
    var words: String {
        switch self {
        case .crashed(signal: 0): "it ended by itself"
        case .crashed(signal: SIGSYS): "it asked the system for what is forbidden"
        case .crashed(let signal): "signal \(signal)"
        case .timedOut: "it took too long"
        case .babbled: "it sent nonsense"
        case .unreachable: "it is gone"
        }
    }
}

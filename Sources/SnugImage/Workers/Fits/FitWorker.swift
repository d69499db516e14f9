// SPDX-License-Identifier: Apache-2.0
import CSandbox
import SnugSystem
import Synchronization

/// The worker's side of a fit in a process of its own.
enum FitWorker {
    /// The fitter of the process, kept with its thread and its colour conversions for the next image.
    private static let kept = Mutex<ImageFitter?>(nil)
    /// The last order and its bytes: images mostly come with the same one.
    private static let lastOrder = Mutex<(bytes: [UInt8], order: FitOrder)?>(nil)

    static var codec: snug_codec {
        unsafe snug_codec(
            format: UInt32(SNUG_WORKER_FIT), load: snug_worker_fit_version,
            decode: { job in unsafe FitWorker.run(job).rawValue })
    }

    /// Does what the order says with the file, and leaves the reply.
    private static func run(_ job: UnsafeMutablePointer<snug_codec_job>) -> snug_codec_status {
        let request = unsafe job.pointee.request
        guard request.order_bytes <= request.profile_bytes,
            let order = unsafe order(
                Array(UnsafeBufferPointer(start: job.pointee.profile, count: Int(request.order_bytes))))
        else { return .failed }
        let source = unsafe ImageSource(
            lending: UnsafeBufferPointer(start: job.pointee.file, count: Int(request.file_bytes)))
        let fitter = fitter(memory: order.memory)
        var (reply, content) = CallingThread.run { await Self.reply(to: order, source, by: fitter) }
        if content.count > Int(request.pixel_bytes) {
            reply = .failure(
                FitReply.Failure(
                    ImageError(
                        .memoryExceeded,
                        "\(ByteCount(content.count)) of result are more than any image of its size takes")))
            content = []
        }
        unsafe UnsafeMutableRawBufferPointer(start: job.pointee.pixels, count: content.count).copyBytes(from: content)
        guard let words = reply.bytes else { return .failed }
        unsafe snug_codec_set_profile(job, words, words.count)
        return unsafe job.pointee.layout.profile_bytes == words.count ? .ok : .failed
    }

    private static func order(_ bytes: [UInt8]) -> FitOrder? {
        if let last = lastOrder.withLock({ $0 }), last.bytes == bytes { return last.order }
        guard let order = FitOrder(bytes) else { return nil }
        lastOrder.withLock { $0 = (bytes, order) }
        return order
    }

    private static func fitter(memory: Int) -> ImageFitter {
        kept.withLock { kept in
            if let kept, kept.configuration.memory == memory { return kept }
            let fitter = ImageFitter(
                configuration: ImageFitter.Configuration(memory: memory, threads: 1, decoderWorker: nil))
            kept = fitter
            return fitter
        }
    }

    private static func reply(
        to order: FitOrder, _ source: ImageSource, by fitter: ImageFitter
    ) async -> (FitReply, content: [UInt8]) {
        do {
            switch order.task {
            case .fit:
                let image = try await fitter.fit(source, limits: order.limits, policy: order.policy)
                let report = FitReply.Report(image)
                guard case .bytes(let bytes) = image.content else { return (.image(report), []) }
                return (.image(report), bytes)
            case .alphaRange:
                guard let range = try await fitter.alphaRange(of: source) else { return (.noAlpha, []) }
                return (.alphaRange(least: range.lowerBound, greatest: range.upperBound), [])
            }
        } catch let error as ImageError {
            return (.failure(FitReply.Failure(error)), [])
        } catch {
            return (.failure(FitReply.Failure(ImageError(.codecFailed, "failed unexpectedly: \(error)"))), [])
        }
    }
}

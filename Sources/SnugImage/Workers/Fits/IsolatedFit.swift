// SPDX-License-Identifier: Apache-2.0
import CSandbox
import SnugSystem

/// The parent's side of work on an image in a process of its own.
///
/// The file may have taken the process over, so everything that comes back is checked: the size against the limit, format
/// and sides against the result's own header.
struct IsolatedFit {
    /// Room for the order and the reply.
    private static let words = 1 << 20
    /// Bytes of shared memory that stay for the next result: those of one at the default limit.
    ///
    /// To clear, hand out and take back 10 MB page by page is a hundredth of the work on such an image.
    private static let keptBytes = 10 << 20

    let source: ImageSource
    let header: ImageHeader
    let order: FitOrder
    /// Memory that the work takes.
    let memory: Int
    let workers: DecoderWorkerPool
    let cancellation: CancellationFlag

    /// Fits the image.
    func image() throws -> FittedImage {
        let (words, bytes) = try reply()
        guard case .image(let report) = words else { throw nonsense }
        let limit = order.limits.fileByteLimit
        guard let status = FittedImage.Status(rawValue: report.status), report.byteCount > 0, report.byteCount <= limit
        else { throw nonsense }
        let content: FittedImage.Content
        if report.isSource {
            guard report.byteCount == source.byteCount, report.format == header.format else { throw nonsense }
            content = .source
        } else {
            try check(bytes, report)
            content = .bytes(bytes)
        }
        return FittedImage(
            status: status, content: content, byteCount: report.byteCount, format: report.format, width: report.width,
            height: report.height, quality: report.quality, scale: report.scale, encodes: report.encodes,
            warnings: report.warnings.map(FitReply.plain), header: header)
    }

    /// The least and the greatest alpha of the image; `nil` for one without alpha.
    func alphaRange() throws -> ClosedRange<UInt8>? {
        switch try reply().words {
        case .noAlpha: return nil
        case .alphaRange(let least, let greatest) where least <= greatest: return least...greatest
        default: throw nonsense
        }
    }

    /// Has the work done.
    /// - Returns: The reply, and the bytes of a result that is not the source.
    private func reply() throws -> (words: FitReply, content: [UInt8]) {
        let bytes = try workers.bytes(of: order)
        guard bytes.count <= Self.words else {
            throw ImageError(.invalidArgument, "limits and policy are \(ByteCount(bytes.count)), too many to be sent")
        }
        var request = snug_codec_request()
        request.format = UInt32(SNUG_WORKER_FIT)
        request.file_bytes = UInt64(clamping: source.byteCount)
        request.pixel_bytes = UInt64(clamping: capacity)
        request.profile_bytes = UInt64(clamping: Self.words)
        request.order_bytes = UInt64(clamping: bytes.count)
        let work = DecoderWorkerPool.Work(
            request: request, memory: memory + memory / 2 + capacity + Self.words, pixelCount: header.pixelCount,
            format: header.format)
        let found: (words: FitReply, content: [UInt8])?
        do {
            found = try workers.fit(work, of: source, words: bytes, cancellation: cancellation, read)
        } catch let error as ImageError where error.code == .decoderCrashed {
            // Of a file that became shorter the rest cannot be read, which ends the process.
            try source.checkUnchanged()
            throw error
        }
        try source.checkUnchanged()
        guard let reply = found else { throw nonsense }
        if case .failure(let failure) = reply.words { throw failure.error ?? nonsense }
        return reply
    }

    /// Takes the reply out of the memory; `nil` for what no worker says.
    private func read(_ response: snug_codec_response, _ memory: SharedPixels) -> (words: FitReply, content: [UInt8])? {
        let count = response.layout.profile_bytes
        guard response.status == snug_codec_status.ok.rawValue, count <= UInt64(Self.words),
            let words = FitReply(memory.bytes(from: capacity, count: Int(count)))
        else { return nil }
        guard case .image(let report) = words, !report.isSource else { return (words, []) }
        guard (1...capacity).contains(report.byteCount) else { return nil }
        let content = memory.bytes(from: 0, count: report.byteCount)
        memory.release(from: Self.keptBytes, to: content.count)
        return (words, content)
    }

    /// Bytes that no result passes: the limit; samples of the largest form, and metadata.
    private var capacity: Int {
        let framed = order.policy.frame.map { $0.width.multipliedReportingOverflow(by: $0.height) }
        let pixels = max(header.pixelCount, framed.map { $0.overflow ? 1 << 40 : min($0.partialValue, 1 << 40) } ?? 0)
        let most = max(source.byteCount, pixels * 9) + (order.limits.minimumBytes ?? 0) + 128 << 20
        let page = 1 << 16
        return (min(order.limits.fileByteLimit, most) + page - 1) / page * page
    }

    /// - Throws: `decoder_crashed` for a result that is not what the words say.
    private func check(_ bytes: [UInt8], _ report: FitReply.Report) throws(ImageError) {
        let found: ImageHeader
        do throws(ImageError) {
            found = unsafe try bytes.withUnsafeBufferPointer { bytes throws(ImageError) in
                unsafe try ImageProbe.header(of: ImageSource(lending: bytes), limits: order.policy.decodingLimits)
            }
        } catch {
            throw nonsense
        }
        guard found.format == report.format, found.uprightWidth == report.width, found.uprightHeight == report.height
        else { throw nonsense }
    }

    private var nonsense: ImageError {
        ImageError(
            .decoderCrashed,
            "the process that fitted it gave a result that cannot be, and no other image was touched; the file may be "
                + "damaged: get it again, or convert it to JPEG or PNG with another program")
    }
}

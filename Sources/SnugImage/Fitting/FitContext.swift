// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The inputs that all steps of one fit share.
struct FitContext {
    let source: ImageSource
    let header: ImageHeader
    let limits: Limits
    var policy: FitPolicy
    let plan: FitPlan
    let mode: MemoryMode
    /// The codec library's memory limit in bytes.
    let codecMemory: Int
    let cache: ColourConversionCache
    var workers = DecoderWorkerPool(worker: nil)
    let cancellation: CancellationFlag
    /// The coefficients of a JPEG of several scans, once they are decoded.
    let coefficients = CoefficientCache()
    let content = ContentFinding()
    /// The outputs that were over the limit.
    let rejected = RejectedSizes()

    /// The limit on the output file's bytes: a terabyte at most, so that a few times the limit is still a number.
    var byteLimit: Int { min(limits.fileByteLimit, 1 << 40) }

    /// True when the pixels may become a WebP as well as another format.
    var mayChooseWebP: Bool { plan.mayBecomeWebP && mode.holdsPixels }

    var reader: ImageReader {
        ImageReader(
            source: source, header: header, policy: policy, memory: codecMemory, cache: cache, workers: workers,
            cancellation: cancellation, coefficients: coefficients)
    }

    /// The image's pixels, held or decoded at each pass as the mode says.
    func supply(_ demand: PixelDemand) throws -> PixelSupply {
        mode.holdsPixels
            ? try PixelSupply.holding(reader, demand: demand) : try PixelSupply.streaming(reader, demand: demand)
    }

    /// - Returns: `nil` where the limit is out of reach for what `body` does.
    func unlessOutOfReach(_ body: () throws -> Encoded) throws -> Encoded? {
        do {
            return try body()
        } catch let error as ImageError where error.code == .cannotFit {
            return nil
        }
    }

    /// The error for a limit that is out of reach, with the smallest of all outputs that were made.
    /// - Parameters:
    ///   - smallest: Measured; `nil` where no result was made to its end.
    ///   - metadata: Bytes of the metadata that was to be kept.
    ///   - remedies: The settings that help, at least one.
    ///   - advice: The end of the message.
    func cannotFit(
        smallest: Int?, width: Int, height: Int, metadata: Int = 0, remedies: [ImageError.Setting], advice: String = ""
    ) -> ImageError {
        if let smallest { rejected.note(.init(byteCount: smallest, width: width, height: height)) }
        let smallest = rejected.smallest
        let (width, height) = (smallest?.width ?? width, smallest?.height ?? height)
        // A quarter of the limit or more: then it is the metadata that stands in the way.
        let isMetadata = metadata > byteLimit / 4
        let settings = isMetadata ? [.metadata, .byteLimit] : remedies
        let measured = smallest.map { "the smallest result was \($0.byteCount) bytes at \(width)×\(height)" }
        let reason = measured ?? "even \(width)×\(height) is over it"
        var details: [String: ImageError.Detail] = [
            "limit_bytes": .integer(byteLimit), "width": .integer(width), "height": .integer(height),
        ]
        if let smallest { details["smallest_bytes"] = .integer(smallest.byteCount) }
        if metadata > 0 { details["metadata_bytes"] = .integer(metadata) }
        return ImageError(
            .cannotFit,
            "the limit of \(byteLimit) bytes is out of reach: \(reason)"
                + (isMetadata ? ", of which the metadata to keep takes \(metadata)" : "")
                + "; \(settings.map(\.remedy).joined(separator: " or "))\(isMetadata ? "" : advice)",
            details: details, settings: settings)
    }

    /// The error for metadata to keep that leaves no room for the image.
    func metadataIsTooLarge(_ byteCount: Int) -> ImageError {
        ImageError(
            .cannotFit,
            "the metadata to keep takes \(byteCount) bytes of the limit of \(byteLimit); "
                + "\(ImageError.Setting.metadata.remedy) or \(ImageError.Setting.byteLimit.remedy)",
            details: ["metadata_bytes": .integer(byteCount), "limit_bytes": .integer(byteLimit)],
            settings: [.metadata, .byteLimit])
    }
}

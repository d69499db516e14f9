// SPDX-License-Identifier: Apache-2.0

/// Upper bounds on the bytes that fitting an image holds, from its header and plan.
///
/// The memory limit of a fitter rests on them.
struct MemoryEstimate: Sendable, Hashable {
    /// With the pixels and an encoder's coefficients held.
    var held: Int
    /// With the pixels held.
    var heldStreamingOut: Int
    /// With the file decoded at each pass.
    var lean: Int
    /// The codec library's share of it.
    var codec: Int

    /// - Parameters:
    ///   - limit: The limit on the output's bytes.
    static func make(header: ImageHeader, plan: FitPlan, limit: Int, policy: FitPolicy) -> MemoryEstimate {
        let pixels = header.pixelCount
        let output = plan.width * plan.height
        let codec = codecBytes(header)
        let eighths = plan.eighths(for: header)
        let decodedPixels = pixels / 64 * eighths * eighths + 8 * (header.width + header.height)
        // Where samples are held interleaved, the planes of a JPEG are made from them.
        let isInterleaved = !header.format.decodesToPlanes
        let decoded =
            decodedPixels * (isInterleaved ? interleavedChannels(header) : planeFactor(header, eighths: eighths))
        let factor = targetFactor(header)
        let target =
            output * (isInterleaved ? interleavedTargetFactor(header, plan) : factor)
            * (header.orientation == .upright ? 1 : 2)
        let palette = isInterleaved ? min(ColourHistogram.memoryBytes, output * 100) : 0
        // The stepped method's encoder makes its tables for the image, from all of its coefficients.
        let coefficients = policy.strategy == .stepped ? output * 2 * factor : 0
        let small =
            sampleBytes(pixels: pixels, strategy: policy.strategy) + outputBytes(limit: limit, pixels: output)
            + fixedBytes + palette
        let width = max(header.width, plan.width)
        // A row of MCUs takes 48 bytes for each column.
        let rows = width * (640 + 48 * RowsAhead.depth)
        let turned =
            header.orientation.rawValue > Orientation.mirrored.rawValue
            ? output * (isInterleaved ? 8 : 2 * factor) : 0
        let compared = ChromaFit.isOpen(header, policy) ? output * ChromaFit.bytesPerPixel : 0
        let held = decoded + small + rows + compared
        // The coefficients of a JPEG of several scans stay while planes are made of them and of those an output.
        let kept = header.format == .jpeg ? codec : 0
        var estimate = MemoryEstimate(
            held: max(codec, target + coefficients + kept) + held,
            heldStreamingOut: max(codec, target + kept) + held,
            lean: codec + rows + turned + small - palette, codec: codec + fixedBytes + rows)
        let webP = output * webPFactor(header)
        if plan.mayBecomeWebP || plan.format == .webp { estimate.held += webP }
        // The encoder takes the whole image.
        if plan.format == .webp { (estimate.heldStreamingOut, estimate.lean) = (estimate.held, estimate.held) }
        return estimate
    }

    /// Bytes for each pixel of a WebP that is made, measured on noise with libwebp 1.2: 21 for lossy images without
    /// transparency, 38 for others; with the interleaved pixels where only planes are held.
    private static func webPFactor(_ header: ImageHeader) -> Int { header.format.decodesToPlanes ? 30 : 40 }

    /// Bytes for passing a file on: checked, stripped or recoded.
    static func passingOn(_ header: ImageHeader, limit: Int) -> Int {
        if [.webp, .gif].contains(header.format) {
            return codecBytes(header) + header.width * 64 + outputBytes(limit: limit, pixels: header.pixelCount)
                + fixedBytes
        }
        let coefficients =
            header.format == .jpeg
            ? (header.width + 32) * (header.height + 32) * 2 * planeFactor(header, eighths: 8) : 0
        return coefficients + header.width * 64 + outputBytes(limit: limit, pixels: header.pixelCount) + fixedBytes
    }

    /// Bytes for walking a file's structure.
    static let walkingBytes = 2 << 20

    /// The fastest way that a budget allows, and what it takes; lean where nothing fits.
    func mode(within budget: Int) -> (mode: MemoryMode, bytes: Int) {
        if held <= budget { return (.held, held) }
        if heldStreamingOut <= budget { return (.heldStreamingOut, heldStreamingOut) }
        return (.lean, lean)
    }

    /// Stacks, tables, input buffers.
    private static let fixedBytes = 4 << 20

    /// The codec's own memory: all coefficients of a progressive JPEG, all pixels of an interlaced PNG.
    static func codecBytes(_ header: ImageHeader) -> Int {
        switch header.format {
        case .jpeg where header.jpegProcess?.isProgressive ?? true || header.hasSeveralScans:
            // 2 bytes for each coefficient, sides rounded up to whole MCUs.
            (header.width + 32) * (header.height + 32) * 2 * planeFactor(header, eighths: 8)
        case .png where header.isInterlaced:
            header.pixelCount * interleavedChannels(header) * (header.bitsPerSample == 16 ? 2 : 1)
        case .heif, .avif, .tiff, .jpegXL: workerBytes(header)
        // The pixels, those of a lossless image in the library once more, and the compressed image.
        case .webp: header.pixelCount * (header.isAnimated ? 16 : 12)
        // The canvas, a frame, and what was there before it; indexes and compressed data of a frame.
        case .gif: header.pixelCount * 14
        // The indexes of a file with runs.
        case .bmp: header.colourModel == .palette ? header.pixelCount : 0
        case .ico: header.pixelCount * 8
        default: 0
        }
    }

    /// Of a worker and the memory shared with it: the whole image as its library holds it, and once more as it comes out.
    private static func workerBytes(_ header: ImageHeader) -> Int {
        let isDeep = header.bitsPerSample > 8
        let samples = interleavedChannels(header) * (isDeep ? 2 : 1)
        // Measured in bytes a pixel: libheif 7.2, libavif 6 to 10.6 with its planes, libjxl 8 to 9.
        let library = header.format == .tiff ? max(samples, 4) : isDeep ? 18 : 9
        return header.pixelCount * (library + samples)
    }

    /// Whole samples for each pixel over all planes, rounded up.
    private static func planeFactor(_ header: ImageHeader, eighths: Int) -> Int {
        switch header.colourModel {
        case .gray: 1
        case .cmyk, .ycck: 4
        case .ycbcr where eighths == 8 && header.chromaSubsampling != .s444: 2
        default: 3
        }
    }

    /// Whole samples for each pixel of an output, rounded up: subsampled chroma stays so at the same size.
    private static func targetFactor(_ header: ImageHeader) -> Int {
        switch header.colourModel {
        case .gray: 1
        case .ycbcr where header.chromaSubsampling != .s444: 2
        default: 3
        }
    }

    /// Bytes for each pixel of an output made from interleaved samples: its planes for a JPEG, and the coefficients of that JPEG while
    /// its looks are compared; the resized pixels where they are not those that were decoded.
    private static func interleavedTargetFactor(_ header: ImageHeader, _ plan: FitPlan) -> Int {
        let isResized = plan.width != header.uprightWidth || plan.height != header.uprightHeight
        return 9 + (isResized ? 4 : 0)
    }

    private static func interleavedChannels(_ header: ImageHeader) -> Int {
        switch header.colourModel {
        case .gray: header.hasTransparency ? 2 : 1
        case .grayAlpha: 2
        case .rgb, .palette: header.hasTransparency ? 4 : 3
        default: 4
        }
    }

    /// The stepped method's sheet of tiles with an encoder's coefficients for it; else a sample's blocks and counts.
    private static func sampleBytes(pixels: Int, strategy: FitPolicy.Strategy) -> Int {
        strategy == .stepped
            ? min(pixels, TileSampler.mostPixels) * 20
            : min(pixels * 8, SamplePlan.whole * 128 + (2 << 20)) + (1 << 19)
    }

    /// The encoder's buffer, which grows by halves, its copy, and the best result so far.
    private static func outputBytes(limit: Int, pixels: Int) -> Int {
        let largest = pixels.multipliedReportingOverflow(by: 4)
        return min(limit, largest.overflow ? .max : largest.partialValue + 65_536) * 4
    }
}

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
        // A PNG is held interleaved; when it becomes a JPEG, its planes are made from that.
        let isPNG = header.format == .png
        let decoded = decodedPixels * (isPNG ? pngChannels(header) : planeFactor(header, eighths: eighths))
        let factor = targetFactor(header)
        let target =
            output * (isPNG ? pngTargetFactor(header, plan) : factor) * (header.orientation == .upright ? 1 : 2)
        let palette = isPNG ? min(ColourHistogram.memoryBytes, output * 100) : 0
        // The stepped method's encoder makes its tables for the image, from all of its coefficients.
        let coefficients = policy.strategy == .stepped ? output * 2 * factor : 0
        let small =
            sampleBytes(pixels: pixels, strategy: policy.strategy) + outputBytes(limit: limit, pixels: output)
            + fixedBytes + palette
        let compared = ChromaFit.isOpen(header, policy) ? output * ChromaFit.bytesPerPixel : 0
        let width = max(header.width, plan.width)
        let rows = width * 640
        let turned = header.orientation.rawValue > Orientation.mirrored.rawValue ? output * (isPNG ? 8 : 2 * factor) : 0
        return MemoryEstimate(
            held: max(codec, target + coefficients) + decoded + small + rows + compared,
            heldStreamingOut: max(codec, target) + decoded + small + rows + compared,
            lean: codec + rows + turned + small - palette,
            codec: codec + fixedBytes + rows)
    }

    /// Bytes for passing a file on: checked, stripped or recoded.
    static func passingOn(_ header: ImageHeader, limit: Int) -> Int {
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
    private static func codecBytes(_ header: ImageHeader) -> Int {
        switch header.format {
        case .jpeg where header.jpegProcess?.isProgressive ?? true || header.hasSeveralScans:
            // 2 bytes for each coefficient, sides rounded up to whole MCUs.
            (header.width + 32) * (header.height + 32) * 2 * planeFactor(header, eighths: 8)
        case .png where header.isInterlaced:
            header.pixelCount * pngChannels(header) * (header.bitsPerSample == 16 ? 2 : 1)
        default: 0
        }
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

    /// Bytes for each pixel of an output made from a PNG: its planes for a JPEG, and the coefficients of that JPEG while
    /// its looks are compared; the resized pixels where they are not those that were decoded.
    private static func pngTargetFactor(_ header: ImageHeader, _ plan: FitPlan) -> Int {
        let isResized = plan.width != header.uprightWidth || plan.height != header.uprightHeight
        return 9 + (isResized ? 4 : 0)
    }

    private static func pngChannels(_ header: ImageHeader) -> Int {
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

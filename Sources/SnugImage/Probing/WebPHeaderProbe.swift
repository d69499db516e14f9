// SPDX-License-Identifier: Apache-2.0

/// Reads the header of a WebP: size, transparency, frames, orientation, profile and metadata.
struct WebPHeaderProbe {
    private let source: ImageSource
    private let limits: DecodingLimits
    private var header = ImageHeader(format: .webp, width: 0, height: 0)

    init(_ source: ImageSource, limits: DecodingLimits) {
        self.source = source
        self.limits = limits
    }

    /// - Throws: `corrupt_input`, `truncated_input`, `limit_exceeded`, `io_failed`, `input_changed`.
    mutating func read() throws(ImageError) -> ImageHeader {
        var walk = try WebPWalk(source, limits: limits, acceptsTruncation: true)
        do {
            while let chunk = try walk.next() { try note(chunk, in: &walk) }
        } catch {
            // What follows the image may be damaged: who reads the image is to judge that.
            guard !walk.frames.isEmpty, error.code == .truncatedInput || error.code == .corruptInput else {
                throw error
            }
            if walk.frames.count > 1 {
                header.warnings.append("is damaged behind its frame \(walk.frames.count): \(error.message)")
            }
        }
        guard let image = walk.frames.first else { throw InputFault.corrupt("WebP has no image data", at: walk.end) }
        header.width = walk.canvas?.width ?? image.width
        header.height = walk.canvas?.height ?? image.height
        try InputFault.checkSize(width: header.width, height: header.height, limits: limits)
        header.isAnimated = walk.canvas?.isAnimated == true && walk.frames.count > 1
        header.frameCount = walk.frames.count
        let coversCanvas = image.width == header.width && image.height == header.height
        let hasAlpha = !coversCanvas || walk.frames.contains { $0.hasAlpha || $0.isCleared }
        header.colourModel = hasAlpha ? .rgba : .rgb
        return header
    }

    private mutating func note(_ chunk: WebPChunk, in walk: inout WebPWalk) throws(ImageError) {
        let count = chunk.range.count
        switch chunk.type {
        case "VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF": return
        case "ICCP":
            header.metadata.icc += count
            try noteProfile(chunk, in: &walk)
        case "EXIF":
            header.metadata.exif += count
            try noteOrientation(chunk, in: &walk)
        case "XMP ": header.metadata.xmp += count
        default: header.metadata.other += count
        }
        try InputFault.checkMetadata(count: 0, bytes: header.metadata.total, limits: limits)
    }

    private mutating func noteProfile(_ chunk: WebPChunk, in walk: inout WebPWalk) throws(ImageError) {
        guard chunk.data.count <= limits.maximumProfileBytes else {
            header.warnings.append("the ICC profile of \(chunk.data.count) bytes is over the limit and is ignored")
            return
        }
        let profile = ICCProfile(try walk.data(chunk, count: chunk.data.count).bytes)
        if let defect = profile.defect(for: .rgb) {
            header.warnings.append("the ICC profile is ignored: \(defect)")
            return
        }
        header.colourSpace = .icc(byteCount: chunk.data.count)
        header.iccProfileName = profile.name
    }

    private mutating func noteOrientation(_ chunk: WebPChunk, in walk: inout WebPWalk) throws(ImageError) {
        guard header.orientation == .upright,
            let block = EXIFBlock(EXIFBlock.bare(try walk.data(chunk, count: 1 << 20).bytes))
        else { return }
        switch block.orientation {
        case .valid(let orientation): header.orientation = orientation
        case .invalid(let why): header.warnings.append("\(why); the image is taken as upright")
        case .absent: break
        }
    }
}

extension EXIFBlock {
    /// The TIFF block of a WebP's EXIF, which some writers precede by `Exif\0\0` as in a JPEG.
    static func bare(_ bytes: [UInt8]) -> [UInt8] {
        let prefix = Array("Exif\0\0".utf8)
        return bytes.starts(with: prefix) ? Array(bytes.dropFirst(prefix.count)) : bytes
    }
}

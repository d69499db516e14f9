// SPDX-License-Identifier: Apache-2.0

/// Fills an ``ImageHeader`` from a PNG's chunks, all but the image data.
struct PNGHeaderProbe {
    /// Chunks of image data that are passed over on the way to late chunks: 1.6 GB of the 8 KiB that libpng writes.
    private static let maximumHops = 200_000

    private let limits: DecodingLimits
    private var chunks: PNGChunkReader
    private var header = ImageHeader(format: .png, width: 0, height: 0)
    private var chunkCount = 0
    private var paletteCount: Int?
    private var colour = PNGColour()
    private var exifOrientation = EXIFBlock.OrientationTag.absent
    /// From EXIF in text, which counts where there is no eXIf chunk.
    private var textOrientation = EXIFBlock.OrientationTag.absent
    private var xmpOrientation: Orientation?

    init(_ source: ImageSource, limits: DecodingLimits) {
        self.limits = limits
        chunks = PNGChunkReader(source)
    }

    /// Reads up to the image data, then hops over it: EXIF and XMP may stand behind it.
    mutating func read() throws(ImageError) -> ImageHeader {
        try readImageHeader()
        while let chunk = try chunks.next() {
            if chunk.type == "IDAT" { return try finish() }
            if chunk.type == "IEND" {
                throw InputFault.corrupt("PNG ends without image data", at: chunk.offset)
            }
            try chunks.checkExtent(chunk)
            try note(chunk, mayDescribePixels: true)
        }
        throw InputFault.truncated("PNG ends before its image data", at: chunks.reader.byteCount)
    }

    private mutating func readImageHeader() throws(ImageError) {
        guard let chunk = try chunks.next() else {
            throw InputFault.truncated("PNG ends after its signature", at: chunks.reader.byteCount)
        }
        if chunk.type == "CgBI" {
            throw ImageError(
                .unsupportedFeature,
                "is a PNG rewritten for iOS apps (CgBI); convert it with pngcrush -revert-iphone-optimizations")
        }
        guard chunk.type == "IHDR", chunk.data.count == 13 else {
            throw InputFault.corrupt(
                "PNG begins with a chunk \(chunk.type) of \(chunk.data.count) bytes", at: chunk.offset)
        }
        try chunks.checkExtent(chunk)
        guard try chunks.isIntact(chunk) else {
            throw InputFault.corrupt("PNG chunk IHDR has a wrong checksum", at: chunk.offset)
        }
        let data = try chunks.data(chunk, count: 13)
        guard let width = data.u32(at: 0), let height = data.u32(at: 4), let depth = data.u8(at: 8),
            let colourType = data.u8(at: 9), let rest = data.slice(at: 10, count: 3)
        else { throw InputFault.truncated("PNG chunk IHDR is cut off", at: chunk.offset) }
        guard 1...0x7FFF_FFFF ~= width, 1...0x7FFF_FFFF ~= height else {
            throw InputFault.corrupt("PNG says \(width) × \(height) pixels", at: chunk.offset)
        }
        guard let model = Self.model(colourType: colourType, depth: depth), rest[0] == 0, rest[1] == 0, rest[2] <= 1
        else {
            throw InputFault.corrupt(
                "PNG says colour type \(colourType) with \(depth) bits, and methods \(rest[0]), \(rest[1]), \(rest[2])",
                at: chunk.offset)
        }
        try InputFault.checkSize(width: width, height: height, limits: limits)
        header.width = width
        header.height = height
        header.bitsPerSample = depth
        header.colourModel = model
        header.isInterlaced = rest[2] == 1
    }

    /// PNG specification table 11.1.
    private static func model(colourType: Int, depth: Int) -> ColourModel? {
        switch (colourType, depth) {
        case (0, 1), (0, 2), (0, 4), (0, 8), (0, 16): .gray
        case (2, 8), (2, 16): .rgb
        case (3, 1), (3, 2), (3, 4), (3, 8): .palette
        case (4, 8), (4, 16): .grayAlpha
        case (6, 8), (6, 16): .rgba
        default: nil
        }
    }

    /// - Parameter mayDescribePixels: Whether the image data is still to come; chunks that say how to read it are void
    ///   after it.
    private mutating func note(_ chunk: PNGChunk, mayDescribePixels: Bool) throws(ImageError) {
        chunkCount += 1
        let kind = try PNGChunkKind(chunk, in: &chunks)
        header.metadata.add(chunk, kind: kind)
        try InputFault.checkMetadata(count: chunkCount, bytes: header.metadata.total, limits: limits)
        switch kind {
        case .image where mayDescribePixels: try noteImage(chunk)
        case .icc where mayDescribePixels: try noteColour(chunk)
        case .exif where chunk.type == "eXIf":
            let data = try chunks.data(chunk, count: 1 << 20).bytes
            if exifOrientation == .absent, let exif = EXIFBlock(data) { exifOrientation = exif.orientation }
        case .exif:
            let data = try chunks.data(chunk, count: 1 << 20).bytes
            if textOrientation == .absent,
                let exif = PNGTextProfile.exif(type: chunk.type, data: data).flatMap(EXIFBlock.init)
            {
                textOrientation = exif.orientation
            }
        case .xmp where xmpOrientation == nil:
            // The packet is searched where it stands; the keyword before it does no harm.
            xmpOrientation = XMPPacket(try chunks.data(chunk, count: XMPPacket.maximumBytes).bytes).orientation
        default: break
        }
    }

    private mutating func noteImage(_ chunk: PNGChunk) throws(ImageError) {
        switch chunk.type {
        case "IHDR": throw InputFault.corrupt("PNG has a second IHDR", at: chunk.offset)
        case "PLTE": try notePalette(chunk)
        case "tRNS": try noteTransparency(chunk)
        case "acTL":
            guard try isIntactOrWarn(chunk) else { return }
            let frames = try chunks.data(chunk, count: 4).u32(at: 0) ?? 0
            header.isAnimated = frames > 1
            header.frameCount = max(1, frames)
        case "cICP", "gAMA", "cHRM", "sRGB": try noteColour(chunk)
        default:
            if chunk.isCritical {
                throw ImageError(
                    .unsupportedFeature, "needs the PNG chunk \(chunk.type), which is not known here",
                    details: ["offset": .integer(chunk.offset)])
            }
        }
    }

    private mutating func notePalette(_ chunk: PNGChunk) throws(ImageError) {
        guard try chunks.isIntact(chunk) else {
            throw InputFault.corrupt("PNG chunk PLTE has a wrong checksum", at: chunk.offset)
        }
        let (count, rest) = chunk.data.count.quotientAndRemainder(dividingBy: 3)
        guard rest == 0, 1...256 ~= count, paletteCount == nil else {
            throw InputFault.corrupt("PNG has a bad palette of \(chunk.data.count) bytes", at: chunk.offset)
        }
        paletteCount = count
    }

    private mutating func noteTransparency(_ chunk: PNGChunk) throws(ImageError) {
        guard try isIntactOrWarn(chunk) else { return }
        let length = chunk.data.count
        switch header.colourModel {
        case .gray where length == 2, .rgb where length == 6: header.hasTransparency = true
        case .palette where length > 0 && length <= paletteCount ?? 0:
            header.hasTransparency = try chunks.data(chunk, count: 256).bytes.contains { $0 < 255 }
        default: header.warnings.append("the PNG chunk tRNS of \(length) bytes does not go with its image; ignored")
        }
    }

    private mutating func noteColour(_ chunk: PNGChunk) throws(ImageError) {
        // A profile's checksum is left to who reads the profile: it may be large.
        if chunk.type != "iCCP", try !isIntactOrWarn(chunk) { return }
        colour.note(chunk, data: try chunks.data(chunk, count: 128))
    }

    private mutating func isIntactOrWarn(_ chunk: PNGChunk) throws(ImageError) -> Bool {
        if try chunks.isIntact(chunk) { return true }
        header.warnings.append("the PNG chunk \(chunk.type) has a wrong checksum and is ignored")
        return false
    }

    private mutating func finish() throws(ImageError) -> ImageHeader {
        if header.colourModel == .palette, paletteCount == nil {
            throw InputFault.corrupt("PNG has palette colours but no palette", at: chunks.position)
        }
        try noteLateChunks()
        header.colourSpace = colour.declaration
        header.iccProfileName = colour.profileName
        switch exifOrientation == .absent ? textOrientation : exifOrientation {
        case .valid(let orientation): header.orientation = orientation
        case .absent: header.orientation = xmpOrientation ?? .upright
        case .invalid(let why): header.warnings.append("\(why); the image is taken as upright")
        }
        return header
    }

    /// Chunks behind the image data, as far as they can be read: damage there is for who reads the image to judge.
    private mutating func noteLateChunks() throws(ImageError) {
        do {
            for _ in 0..<Self.maximumHops {
                guard let chunk = try chunks.next(), chunk.type != "IEND" else { return }
                try chunks.checkExtent(chunk)
                if !["IDAT", "fdAT", "fcTL"].contains(chunk.type) { try note(chunk, mayDescribePixels: false) }
            }
        } catch  where error.code == .corruptInput || error.code == .truncatedInput {
            return
        }
    }
}

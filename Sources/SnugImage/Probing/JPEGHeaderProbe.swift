// SPDX-License-Identifier: Apache-2.0

/// Fills an ``ImageHeader`` from the segments before a JPEG's first scan.
struct JPEGHeaderProbe {
    private let limits: DecodingLimits
    private var segments: JPEGSegmentReader
    private var metadata = MetadataSizes()
    private var segmentCount = 0
    private var frame: JPEGFrame?
    private var isHierarchical = false
    private var hasJFIF = false
    private var adobeTransform: Int?
    private var quality = JPEGQuality()
    private var icc = ICCSegments()
    private var exif: EXIFBlock?
    private var xmp: XMPPacket?
    private var imageCount: Int?
    private var warnings: [String] = []

    init(_ source: ImageSource, limits: DecodingLimits) {
        self.limits = limits
        segments = JPEGSegmentReader(source)
    }

    /// Reads up to the first scan.
    mutating func read() throws(ImageError) -> ImageHeader {
        while let segment = try segments.next() {
            segmentCount += 1
            switch segment.marker {
            case JPEGMarker.startOfScan:
                var header = try finish(at: segment.offset)
                let scanned = try segments.payload(segment, count: 1).u8(at: 0) ?? 1
                header.hasSeveralScans = scanned < (frame?.components.count ?? 1)
                return header
            case JPEGMarker.endOfImage:
                throw InputFault.corrupt("JPEG ends without image data", at: segment.offset)
            case JPEGMarker.startOfImage: throw InputFault.corrupt("JPEG begins a second time", at: segment.offset)
            default: try note(segment)
            }
            try InputFault.checkMetadata(count: segmentCount, bytes: metadata.total, limits: limits)
        }
        throw InputFault.truncated("JPEG ends before its image data", at: segments.reader.byteCount)
    }

    private mutating func note(_ segment: JPEGSegment) throws(ImageError) {
        let kind = try segments.kind(of: segment)
        metadata.add(segment, kind: kind)
        switch kind {
        case .jfif: hasJFIF = true
        case .adobe: adobeTransform = try segments.payload(segment, count: 12).u8(at: 11)
        case .icc: icc.add(segment, start: try segments.payload(segment, count: 14))
        case .exif:
            // The first that can be read counts, as it does for libexif and the browsers.
            if exif == nil { exif = EXIFBlock(Array(try segments.payload(segment).bytes.dropFirst(6))) }
        case .xmp:
            if xmp == nil { xmp = XMPPacket(Array(try segments.payload(segment).bytes.dropFirst(29))) }
        case .multiImage:
            if imageCount == nil { imageCount = Self.imageCount(try segments.payload(segment)) }
        case .image: try noteImage(segment)
        case .extendedXMP, .photoshop, .comment, .otherApplication: break
        }
    }

    private mutating func noteImage(_ segment: JPEGSegment) throws(ImageError) {
        if segment.marker == JPEGMarker.quantisationTables {
            quality.read(try segments.payload(segment))
        } else if segment.marker == JPEGMarker.hierarchicalFrame {
            isHierarchical = true
            frame = try JPEGFrame(segment, payload: try segments.payload(segment))
        } else if JPEGMarker.isFrame(segment.marker), !isHierarchical {
            guard frame == nil else { throw InputFault.corrupt("JPEG has a second frame header", at: segment.offset) }
            frame = try JPEGFrame(segment, payload: try segments.payload(segment))
        } else if segment.marker == 0xC8 {
            throw ImageError(.unsupportedFeature, "is a JPEG extension (marker JPG) that no decoder reads")
        }
    }

    private mutating func finish(at scan: Int) throws(ImageError) -> ImageHeader {
        guard let frame else { throw InputFault.corrupt("JPEG has a scan but no frame header", at: scan) }
        try InputFault.checkSize(width: frame.width, height: frame.height, limits: limits)
        guard let model = frame.colourModel(hasJFIF: hasJFIF, adobeTransform: adobeTransform) else {
            throw ImageError(
                .unsupportedFeature,
                "is a JPEG with \(frame.components.count) colour components; those with 1, 3 or 4 are read",
                details: ["components": .integer(frame.components.count)])
        }
        var header = ImageHeader(format: .jpeg, width: frame.width, height: frame.height)
        header.bitsPerSample = frame.bitsPerSample
        header.colourModel = model
        header.jpegProcess = isHierarchical ? .hierarchical : frame.process
        header.chromaSubsampling = frame.chromaSubsampling
        header.estimatedQuality = quality.estimate(for: frame)
        header.metadata = metadata
        header.orientation = orientation()
        header.trailer = trailer()
        try noteColour(in: &header)
        if segments.garbageByteCount > 0 {
            warnings.append("\(segments.garbageByteCount) bytes between the segments belong to none")
        }
        header.warnings = warnings
        return header
    }

    private mutating func orientation() -> Orientation {
        switch exif?.orientation ?? .absent {
        case .valid(let orientation): return orientation
        case .absent: return xmp?.orientation ?? .upright
        case .invalid(let why):
            warnings.append("\(why); the image is taken as upright")
            return .upright
        }
    }

    private func trailer() -> AnnouncedTrailer {
        if let count = xmp?.motionPhotoByteCount { return .motionPhoto(byteCount: count) }
        if let imageCount, imageCount > 1 { return .multiImage(count: imageCount) }
        return .none
    }

    /// Declares a profile only when ``ImageProbe/iccProfile(of:header:limits:)`` can give it.
    private mutating func noteColour(in header: inout ImageHeader) throws(ImageError) {
        if exif?.declaresSRGB == true { header.colourSpace = .sRGB }
        guard icc.isPresent else { return }
        var problem = icc.problem
        if problem == nil, icc.byteCount > limits.maximumProfileBytes {
            problem = "it has \(icc.byteCount) bytes, more than the limit of \(limits.maximumProfileBytes)"
        }
        if let bytes = try icc.assemble(from: &segments.reader, limit: limits.maximumProfileBytes) {
            let profile = ICCProfile(bytes)
            problem = profile.defect(for: header.colourModel.profileSpace).map { "it \($0)" }
            if problem == nil {
                header.colourSpace = .icc(byteCount: bytes.count)
                header.iccProfileName = profile.name
            }
        }
        if let problem { warnings.append("the ICC profile is ignored: \(problem)") }
    }

    /// Images of a multi-image file (CIPA DC-007 §5.2.3.2, tag 0xB001).
    private static func imageCount(_ payload: ByteView) -> Int? {
        guard let block = TIFFBlock(Array(payload.bytes.dropFirst(4))) else { return nil }
        let entry = block.entries(at: block.firstDirectory).first { $0.tag == 0xB001 }
        return entry.flatMap { TIFFBlock.number($0, in: block.view) }
    }
}

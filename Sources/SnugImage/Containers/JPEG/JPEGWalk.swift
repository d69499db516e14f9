// SPDX-License-Identifier: Apache-2.0

/// Walks through a JPEG up to its EOI marker and checks that it is complete.
struct JPEGWalk {
    /// A stretch of the file; the pieces in order, after SOI, are all of the image.
    enum Piece {
        case segment(JPEGSegment)
        /// Entropy-coded data with the restart markers in it.
        case scanData(Range<Int>)
        case end(Range<Int>)
    }

    private let limits: DecodingLimits
    private var segments: JPEGSegmentReader
    private var segmentCount = 0
    private var frame: JPEGFrame?
    private var isHierarchical = false
    private var hasRestarts = false
    private var scannedComponents: Set<Int> = []
    /// Set when the piece just given was an SOS header: its data follows.
    private var isInScan = false
    private var isAtEnd = false
    /// Scans so far.
    private(set) var scanCount = 0

    init(_ source: ImageSource, limits: DecodingLimits) {
        self.limits = limits
        segments = JPEGSegmentReader(source, windowSize: StructureWalk.windowSize)
    }

    /// The offset of the next piece; after the last piece, the end of the image.
    var position: Int { segments.position }

    /// The content of a segment.
    mutating func kind(of segment: JPEGSegment) throws(ImageError) -> JPEGSegmentKind { try segments.kind(of: segment) }

    /// The next piece, `nil` after the end.
    mutating func next() throws(ImageError) -> Piece? {
        if isAtEnd { return nil }
        if isInScan {
            isInScan = false
            return .scanData(try scanData())
        }
        guard let segment = try segments.next() else {
            throw InputFault.truncated(
                scanCount == 0 ? "JPEG ends before its image data" : "JPEG ends without an end marker",
                at: segments.reader.byteCount)
        }
        if segments.garbageByteCount > 0 {
            throw InputFault.corrupt("JPEG has bytes that belong to no segment", at: segment.offset)
        }
        segmentCount += 1
        try InputFault.checkChunks(count: segmentCount, limits: limits)
        if segment.marker == JPEGMarker.endOfImage {
            try checkCompleteness(at: segment.offset)
            isAtEnd = true
            return .end(segment.range)
        }
        try check(segment)
        return .segment(segment)
    }

    private mutating func check(_ segment: JPEGSegment) throws(ImageError) {
        switch segment.marker {
        case JPEGMarker.startOfScan: try beginScan(segment)
        case JPEGMarker.hierarchicalFrame:
            isHierarchical = true
            frame = try JPEGFrame(segment, payload: try segments.payload(segment))
        case JPEGMarker.restartInterval:
            guard let interval = try segments.payload(segment).u16(at: 0), segment.payload.count == 2 else {
                throw InputFault.corrupt("JPEG segment DRI has a wrong length", at: segment.offset)
            }
            hasRestarts = interval > 0
        case let marker where JPEGMarker.isFrame(marker) && !isHierarchical:
            guard frame == nil else { throw InputFault.corrupt("JPEG has a second frame header", at: segment.offset) }
            frame = try JPEGFrame(segment, payload: try segments.payload(segment))
        case let marker where JPEGMarker.standsAlone(marker):
            throw InputFault.corrupt(
                "JPEG marker \(JPEGSegmentReader.name(of: marker)) stands outside image data", at: segment.offset)
        default: break
        }
    }

    /// ITU-T T.81 B.2.3.
    private mutating func beginScan(_ segment: JPEGSegment) throws(ImageError) {
        guard let frame else { throw InputFault.corrupt("JPEG has a scan but no frame header", at: segment.offset) }
        let payload = try segments.payload(segment, count: 16)
        guard let count = payload.u8(at: 0), 1...4 ~= count, segment.payload.count == 4 + 2 * count,
            let spectralStart = payload.u8(at: 1 + 2 * count)
        else { throw InputFault.corrupt("JPEG scan header has a wrong length", at: segment.offset) }
        for index in 0..<count {
            guard let identifier = payload.u8(at: 1 + 2 * index),
                frame.components.contains(where: { $0.identifier == identifier })
            else { throw InputFault.corrupt("JPEG scan is of a component that does not exist", at: segment.offset) }
            // In a progressive file only scans of DC coefficients show that the component is there.
            if spectralStart == 0 || !frame.process.isProgressive { scannedComponents.insert(identifier) }
        }
        scanCount += 1
        isInScan = true
        try checkWork(of: frame)
    }

    private func checkWork(of frame: JPEGFrame) throws(ImageError) {
        if scanCount > limits.maximumScanCount {
            throw InputFault.exceeds(
                "has at least \(scanCount) scans", scanCount, limit: limits.maximumScanCount,
                .inputScans)
        }
        // At most 65,535² × maximumScanCount, but that limit may be anything.
        let (work, overflow) = scanCount.multipliedReportingOverflow(by: frame.width * frame.height)
        if frame.process.isProgressive, overflow || work > limits.maximumScanWork {
            throw InputFault.exceeds(
                "has at least \(scanCount) scans of \(InputFault.grouped(frame.width * frame.height)) pixels each, in all",
                overflow ? .max : work, limit: limits.maximumScanWork, .inputScanWork)
        }
    }

    /// The data of a scan, up to the marker that is neither stuffing nor a restart.
    private mutating func scanData() throws(ImageError) -> Range<Int> {
        let start = segments.position
        var position = start
        var restarts: UInt8 = 0
        while let found = try segments.reader.nextFF(from: position), let code = try segments.reader.byte(at: found + 1)
        {
            switch code {
            case 0: position = found + 2
            case 0xFF: position = found + 1
            case 0xD0...0xD7:
                guard hasRestarts, code == 0xD0 + restarts else {
                    throw InputFault.corrupt("JPEG restart marker RST\(code - 0xD0) is out of order", at: found)
                }
                restarts = (restarts + 1) & 7
                position = found + 2
            default:
                guard found > start else { throw InputFault.corrupt("JPEG scan \(scanCount) is empty", at: start) }
                segments.position = found
                return start..<found
            }
        }
        throw InputFault.truncated("JPEG ends inside scan \(scanCount)", at: segments.reader.byteCount)
    }

    private func checkCompleteness(at offset: Int) throws(ImageError) {
        guard let frame, scanCount > 0 else { throw InputFault.corrupt("JPEG ends without image data", at: offset) }
        let missing = frame.components.filter { !scannedComponents.contains($0.identifier) }.count
        if missing > 0 && !isHierarchical {
            throw InputFault.corrupt(
                "JPEG ends with no data for \(missing) of its \(frame.components.count) components", at: offset)
        }
    }
}

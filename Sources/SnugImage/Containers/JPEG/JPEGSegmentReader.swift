// SPDX-License-Identifier: Apache-2.0

/// Iterates over a JPEG's segments, without reading their payloads.
struct JPEGSegmentReader {
    /// More rubbish than this between two segments is no JPEG; libjpeg would go on to the end of the file.
    private static let maximumGarbage = 65_536

    var reader: SourceReader
    /// The offset at which the search for the next marker starts.
    var position = 2
    /// Bytes skipped because they belong to no segment.
    private(set) var garbageByteCount = 0

    /// Begins after the SOI marker.
    init(_ source: ImageSource, windowSize: Int = 4096) { reader = SourceReader(source, windowSize: windowSize) }

    /// The next segment, `nil` at the end of the file.
    /// - Throws: `corrupt_input`, `truncated_input`, `io_failed`.
    mutating func next() throws(ImageError) -> JPEGSegment? {
        let begin = position
        var seenFF = false
        while let byte = try reader.byte(at: position) {
            if byte == 0xFF {
                seenFF = true
            } else if seenFF && byte != 0 {
                return try segment(marker: byte, at: position - 1)
            } else {
                seenFF = false
                garbageByteCount += 1
            }
            position += 1
            if position - begin > Self.maximumGarbage {
                throw InputFault.corrupt("JPEG has \(Self.maximumGarbage) bytes that belong to no segment", at: begin)
            }
        }
        return nil
    }

    private mutating func segment(marker: UInt8, at offset: Int) throws(ImageError) -> JPEGSegment {
        let name = "JPEG segment \(JPEGSegmentReader.name(of: marker))"
        if JPEGMarker.standsAlone(marker) {
            position = offset + 2
            return JPEGSegment(marker: marker, offset: offset, payload: position..<position)
        }
        guard let length = try reader.view(at: offset + 2, count: 2).u16(at: 0) else {
            throw InputFault.truncated("\(name) is cut off", at: offset)
        }
        guard length >= 2 else { throw InputFault.corrupt("\(name) has the impossible length \(length)", at: offset) }
        let end = offset + 2 + length
        guard end <= reader.byteCount else {
            throw InputFault.truncated(
                "\(name) of \(length) bytes goes past the end (\(reader.byteCount) bytes)", at: offset)
        }
        position = end
        return JPEGSegment(marker: marker, offset: offset, payload: offset + 4..<end)
    }

    /// Up to `count` bytes of a segment's payload.
    mutating func payload(_ segment: JPEGSegment, count: Int = 65_533) throws(ImageError) -> ByteView {
        try reader.view(at: segment.payload.lowerBound, count: min(count, segment.payload.count))
    }

    /// The content of a segment.
    mutating func kind(of segment: JPEGSegment) throws(ImageError) -> JPEGSegmentKind {
        guard JPEGMarker.isApplication(segment.marker) else {
            return segment.marker == JPEGMarker.comment ? .comment : .image
        }
        let start = try payload(segment, count: 36)
        switch segment.marker {
        // libjpeg takes no notice of a JFIF or Adobe segment that is too short; nor do we.
        case 0xE0 where start.has("JFIF\0") && segment.payload.count >= 14: return .jfif
        case 0xEE where start.has("Adobe") && segment.payload.count >= 12: return .adobe
        case 0xE1 where start.has("Exif\0"): return .exif
        case 0xE1 where start.has("http://ns.adobe.com/xap/1.0/\0"): return .xmp
        case 0xE1 where start.has("http://ns.adobe.com/xmp/extension/\0"): return .extendedXMP
        case 0xE2 where start.has("ICC_PROFILE\0") && segment.payload.count >= 14: return .icc
        case 0xE2 where start.has("MPF\0"): return .multiImage
        case 0xED: return .photoshop
        default: return .otherApplication
        }
    }

    /// A marker as the standard writes it.
    static func name(of marker: UInt8) -> String {
        switch marker {
        case 0xC4: "DHT"
        case 0xC8: "JPG"
        case 0xCC: "DAC"
        case 0xC0...0xCF: "SOF\(marker - 0xC0)"
        case 0xD0...0xD7: "RST\(marker - 0xD0)"
        case 0xD8: "SOI"
        case 0xD9: "EOI"
        case 0xDA: "SOS"
        case 0xDB: "DQT"
        case 0xDC: "DNL"
        case 0xDD: "DRI"
        case 0xDE: "DHP"
        case 0xE0...0xEF: "APP\(marker - 0xE0)"
        case 0xFE: "COM"
        default: "0xFF\(String(marker, radix: 16, uppercase: true))"
        }
    }
}

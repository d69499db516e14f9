// SPDX-License-Identifier: Apache-2.0

/// Makes small JPEG files whose image is even mid-grey and truly decodes.
///
/// The trick: Huffman tables of one code of one bit each, for "no difference" and "end of block". Two zero bits are a
/// block then, whatever the size and sampling. Everything around the image can be set, and set wrong.
public struct JPEGBuilder: Sendable {
    /// A component of the frame.
    public struct Component: Sendable {
        /// Its identifier in frame and scans.
        public var identifier: UInt8
        /// Horizontal and vertical sampling factor.
        public var horizontal: Int, vertical: Int

        /// Makes a component.
        public init(_ identifier: UInt8, _ horizontal: Int = 1, _ vertical: Int = 1) {
            self.identifier = identifier
            self.horizontal = horizontal
            self.vertical = vertical
        }
    }

    /// Pixels in a row.
    public var width: Int
    /// Rows.
    public var height: Int
    /// Bits of a sample.
    public var bitsPerSample: UInt8 = 8
    /// The frame marker: 0xC0 baseline, 0xC2 progressive; others have scans like baseline, which do not decode.
    public var frameMarker: UInt8 = 0xC0
    /// Three without subsampling unless set.
    public var components = [Component(1), Component(2), Component(3)]
    /// Whole segments between SOI and the tables; see ``segment(_:_:)``.
    public var segments: [[UInt8]] = []
    /// 64 values in zigzag order for every component.
    public var quantisation = [UInt8](repeating: 16, count: 64)
    /// MCUs between restart markers, 0 for none.
    public var restartInterval = 0
    /// Bytes after EOI.
    public var trailer: [UInt8] = []

    /// Starts an image of YCbCr without a JFIF header.
    public init(width: Int = 16, height: Int = 16) {
        self.width = width
        self.height = height
    }

    /// A segment: marker, length, payload (at most 65,533 bytes).
    public static func segment(_ marker: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0xFF, marker] + u16(payload.count + 2) + payload
    }

    /// A JFIF header.
    public static var jfif: [UInt8] { segment(0xE0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0]) }
    /// Adobe's header.
    public static func adobe(transform: UInt8) -> [UInt8] {
        segment(0xEE, Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, transform])
    }
    /// An EXIF segment around a TIFF block.
    public static func exif(_ block: [UInt8]) -> [UInt8] { segment(0xE1, Array("Exif\0\0".utf8) + block) }
    /// An XMP segment.
    public static func xmp(_ packet: String) -> [UInt8] {
        segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0".utf8) + Array(packet.utf8))
    }
    /// One piece of an ICC profile.
    public static func icc(_ number: UInt8, of total: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        segment(0xE2, Array("ICC_PROFILE\0".utf8) + [number, total] + bytes)
    }

    /// The file.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = [0xFF, 0xD8] + segments.flatMap { $0 }
        bytes += Self.segment(0xDB, [0] + quantisation)
        bytes += Self.segment(0xC4, [0x00, 1] + [UInt8](repeating: 0, count: 15) + [0])
        bytes += Self.segment(0xC4, [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0])
        if restartInterval > 0 { bytes += Self.segment(0xDD, Self.u16(restartInterval)) }
        bytes += Self.segment(
            frameMarker,
            [bitsPerSample] + Self.u16(height) + Self.u16(width) + [UInt8(components.count)]
                + components.flatMap { [$0.identifier, UInt8($0.horizontal << 4 | $0.vertical), 0] })
        return bytes + scans + [0xFF, 0xD9] + trailer
    }

    private var scans: [UInt8] {
        let across = components.map(\.horizontal).max() ?? 1, down = components.map(\.vertical).max() ?? 1
        func blocks(_ side: Int, _ factor: Int, _ most: Int) -> Int { ((side * factor + most - 1) / most + 7) / 8 }
        let single = components.map { blocks(width, $0.horizontal, across) * blocks(height, $0.vertical, down) }
        let isInterleaved = components.count > 1
        let mcus =
            isInterleaved
            ? ((width + 8 * across - 1) / (8 * across)) * ((height + 8 * down - 1) / (8 * down)) : single.first ?? 0
        let perMCU = isInterleaved ? components.reduce(0) { $0 + $1.horizontal * $1.vertical } : 1
        guard frameMarker == 0xC2 else { return scan(components, 0...63, mcus: mcus, bits: 2 * perMCU) }
        return zip(components, single).reduce(scan(components, 0...0, mcus: mcus, bits: perMCU)) {
            $0 + scan([$1.0], 1...63, mcus: $1.1, bits: 1)
        }
    }

    private func scan(_ components: [Component], _ band: ClosedRange<UInt8>, mcus: Int, bits: Int) -> [UInt8] {
        var bytes = Self.segment(
            0xDA,
            [UInt8(components.count)] + components.flatMap { [$0.identifier, 0] }
                + [band.lowerBound, band.upperBound, 0])
        let interval = restartInterval > 0 ? restartInterval : mcus
        for (index, start) in stride(from: 0, to: mcus, by: interval).enumerated() {
            if index > 0 { bytes += [0xFF, 0xD0 + UInt8((index - 1) % 8)] }
            let (whole, rest) = (bits * min(interval, mcus - start)).quotientAndRemainder(dividingBy: 8)
            bytes += [UInt8](repeating: 0, count: whole)
            if rest > 0 { bytes.append(0xFF >> UInt8(rest)) }
        }
        return bytes
    }

    private static func u16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }
}

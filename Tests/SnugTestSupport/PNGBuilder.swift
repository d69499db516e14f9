// SPDX-License-Identifier: Apache-2.0

/// Makes small PNG files that truly decode: an even image, its data stored without compression.
public struct PNGBuilder: Sendable {
    /// Pixels in a row.
    public var width: Int
    /// Rows.
    public var height: Int
    /// PNG colour type: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA.
    public var colourType: UInt8
    /// Bits of a sample.
    public var depth: UInt8 = 8
    /// The byte that fills every row.
    public var fill: UInt8 = 0
    /// The byte that fills the lower half; `nil` for the same.
    public var lowerFill: UInt8?
    /// Whole chunks between IHDR and the image data; see ``chunk(_:_:)``.
    public var chunks: [[UInt8]] = []
    /// Whole chunks between image data and IEND.
    public var lateChunks: [[UInt8]] = []
    /// Most bytes of one IDAT chunk.
    public var dataChunkSize = 1 << 20
    /// Bytes after IEND.
    public var trailer: [UInt8] = []

    /// The eight bytes that every PNG begins with.
    public static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Starts an image without interlacing.
    public init(width: Int = 8, height: Int = 8, colourType: UInt8 = 2) {
        self.width = width
        self.height = height
        self.colourType = colourType
    }

    /// A chunk with its checksum.
    public static func chunk(_ type: String, _ data: [UInt8] = []) -> [UInt8] {
        let body = Array(type.utf8) + data
        return u32(UInt32(data.count)) + body + u32(crc(body))
    }

    /// IHDR with these fields.
    public static func header(
        width: UInt32, height: UInt32, depth: UInt8 = 8, colourType: UInt8 = 2, interlacing: UInt8 = 0
    ) -> [UInt8] {
        chunk("IHDR", u32(width) + u32(height) + [depth, colourType, 0, 0, interlacing])
    }

    /// An iTXt chunk with an XMP packet.
    public static func xmp(_ packet: String) -> [UInt8] {
        chunk("iTXt", Array("XML:com.adobe.xmp\0\0\0\0\0".utf8) + Array(packet.utf8))
    }

    /// The file.
    public var bytes: [UInt8] {
        let header = Self.header(width: UInt32(width), height: UInt32(height), depth: depth, colourType: colourType)
        let data = Self.stored(rows)
        let parts = stride(from: 0, to: data.count, by: dataChunkSize).flatMap {
            Self.chunk("IDAT", Array(data[$0..<min($0 + dataChunkSize, data.count)]))
        }
        return Self.signature + header + chunks.flatMap { $0 } + parts + lateChunks.flatMap { $0 }
            + Self.chunk("IEND") + trailer
    }

    private var rows: [UInt8] {
        let channels: [UInt8: Int] = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4]
        let rowBytes = (width * (channels[colourType] ?? 1) * Int(depth) + 7) / 8
        return (0..<height).flatMap { row in
            [0] + [UInt8](repeating: row < height / 2 ? fill : lowerFill ?? fill, count: rowBytes)
        }
    }

    /// A zlib stream of these bytes, stored.
    public static func zlib(_ bytes: [UInt8]) -> [UInt8] { stored(bytes) }

    /// A zlib stream of stored blocks (RFC 1951 §3.2.4).
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: bytes.count, by: 65_535) {
            let end = min(start + 65_535, bytes.count)
            let (low, high) = (UInt8((end - start) & 0xFF), UInt8((end - start) >> 8))
            stream += [end == bytes.count ? 1 : 0, low, high, ~low, ~high] + bytes[start..<end]
        }
        var (a, b) = (UInt32(1), UInt32(0))
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return stream + u32(b << 16 | a)
    }

    /// Bit by bit, so that it can vouch for faster ones.
    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            var bit = 0
            while bit < 8 {
                crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1
                bit += 1
            }
        }
        return ~crc
    }

    private static func u32(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

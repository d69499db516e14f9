// SPDX-License-Identifier: Apache-2.0

/// The rows of the largest image of an icon that is a bitmap with a mask.
final class ICORowDecoder: RowDecoder {
    let width: Int
    let height: Int
    let layout = SampleLayout(.rgb, hasAlpha: true)
    let iccProfile: [UInt8]? = nil

    private let bitmap: BMPRowDecoder
    private let mask: Range<Int>
    private let source: ImageSource
    private var pixels: Plane?
    private var nextRow = 0

    /// The decoder of the largest image: a PNG's or a bitmap's.
    static func decoder(_ reader: ImageReader) throws -> any RowDecoder {
        let directory = try ICODirectory(reader.source)
        guard directory.isPNG else { return try ICORowDecoder(reader, directory) }
        let png = try directory.png(in: reader.source, limits: reader.policy.decodingLimits)
        return try PNGRowDecoder(
            ImageReader(
                source: png, header: reader.header, policy: reader.policy, memory: reader.memory, cache: reader.cache,
                cancellation: reader.cancellation))
    }

    private init(_ reader: ImageReader, _ directory: ICODirectory) throws {
        let header = try BMPHeader(reader.source, at: directory.image.lowerBound, isIcon: true)
        bitmap = try BMPRowDecoder(
            header, of: reader.source, profile: nil, recoversPartialImages: reader.policy.recoversPartialImages)
        source = reader.source
        width = header.width
        height = header.height
        let start = header.pixels + header.stride * header.height
        mask = start..<start + (width + 31) / 32 * 4 * height
    }

    func readRow(into row: inout MutableSpan<UInt8>) throws {
        let plane = try pixels ?? image()
        pixels = plane
        row.copy(from: plane.row(nextRow))
        nextRow += 1
    }

    private func image() throws -> Plane {
        let plane = Plane(width: width, height: height, channels: 4)
        var stored = [UInt8](repeating: 0, count: width * bitmap.layout.channels)
        var hasAlpha = false
        for y in 0..<height {
            var span = stored.mutableSpan
            try bitmap.readRow(into: &span)
            var row = plane.mutableRow(y)
            let channels = bitmap.layout.channels
            for x in 0..<width {
                for channel in 0..<channels { row[x * 4 + channel] = stored[x * channels + channel] }
                if channels < 4 { row[x * 4 + 3] = 0 }
                hasAlpha = hasAlpha || row[x * 4 + 3] > 0
            }
        }
        // Alpha that is 0 everywhere is none: the mask counts.
        if !hasAlpha { try applyMask(to: plane) }
        return plane
    }

    /// A bit of 1 is transparent; where the file has no mask, everything is opaque.
    private func applyMask(to plane: Plane) throws {
        let bytes = try source.bytes(at: mask.lowerBound, count: mask.count)
        let stride = (width + 31) / 32 * 4
        for y in 0..<height {
            let start = (height - 1 - y) * stride
            var row = plane.mutableRow(y)
            for x in 0..<width {
                let place = start + x / 8
                let isTransparent = place < bytes.count && bytes[place] >> UInt8(7 - x % 8) & 1 == 1
                row[x * 4 + 3] = isTransparent ? 0 : 255
            }
        }
    }

    var report: DecodeReport { bitmap.report }
}

// SPDX-License-Identifier: Apache-2.0
import CDeflate

/// Writes PNGs whose rows are in memory, compressed at once by libdeflate.
enum DeflatedPNG {
    /// - Parameters:
    ///   - level: libdeflate's, 1 to 12.
    ///   - options: The metadata to write; filters, strategy and level do not apply.
    /// - Returns: The file, `nil` when it is over the limit.
    /// - Throws: `memory_exceeded`.
    static func encode(
        _ lines: PNGScanlines, level: Int, options: PNGEncoderOptions = PNGEncoderOptions(), byteLimit: Int = .max
    ) throws(ImageError) -> [UInt8]? {
        guard let head = try head(lines, options: options) else { return nil }
        var file = head
        let overhead = file.count + 12 + 12
        guard byteLimit > overhead else { return nil }
        guard let data = try deflated(lines.bytes, level: level, byteLimit: byteLimit - overhead) else { return nil }
        PNGChunk.append(type: "IDAT", data: data, to: &file)
        PNGChunk.append(type: "IEND", data: [], to: &file)
        return file
    }

    /// The compressed size alone.
    static func deflatedByteCount(_ lines: PNGScanlines, level: Int) throws(ImageError) -> Int {
        try deflated(lines.bytes, level: level, byteLimit: .max)?.count ?? .max
    }

    /// The bytes of a file that has `share` times as many rows, all like these.
    static func estimatedByteCount(
        _ lines: PNGScanlines, level: Int, options: PNGEncoderOptions, share: Double
    ) throws(ImageError) -> Double {
        let overhead = (try head(lines, options: options)?.count ?? 0) + 12 + 12
        return Double(overhead) + Double(try deflatedByteCount(lines, level: level)) * share
    }

    /// Everything before the pixels.
    private static func head(_ lines: PNGScanlines, options: PNGEncoderOptions) throws(ImageError) -> [UInt8]? {
        var file: [UInt8] = PNGChunkReader.signature
        let type: UInt8 =
            switch lines.layout {
            case .gray: 0
            case .rgb: 2
            case .palette: 3
            case .grayAlpha: 4
            case .rgba: 6
            }
        let size = PNGChunk.bigEndian(UInt32(lines.width)) + PNGChunk.bigEndian(UInt32(lines.height))
        PNGChunk.append(type: "IHDR", data: size + [UInt8(lines.layout.bits), type, 0, 0, 0], to: &file)
        if let profile = options.iccProfile {
            guard let data = try deflated(profile, level: 9, byteLimit: .max) else { return nil }
            // Name, NUL, compression method (PNG 1.2 §11.3.3.3).
            PNGChunk.append(type: "iCCP", data: Array("ICC profile".utf8) + [0, 0] + data, to: &file)
        }
        if case .palette(let palette, _) = lines.layout {
            let entries = palette.bytes
            PNGChunk.append(type: "PLTE", data: entries.indices.filter { $0 % 4 != 3 }.map { entries[$0] }, to: &file)
            if palette.transparentCount > 0 {
                PNGChunk.append(
                    type: "tRNS", data: (0..<palette.transparentCount).map { entries[$0 * 4 + 3] }, to: &file)
            }
        }
        if let exif = options.exif { PNGChunk.append(type: "eXIf", data: exif, to: &file) }
        for text in options.textChunks {
            PNGChunk.append(type: text.isInternational ? "iTXt" : "tEXt", data: text.data, to: &file)
        }
        return file
    }

    private static func deflated(_ bytes: [UInt8], level: Int, byteLimit: Int) throws(ImageError) -> [UInt8]? {
        var result: UnsafeMutablePointer<UInt8>?
        var count = 0
        let status = unsafe bytes.withUnsafeBufferPointer { buffer -> snug_deflate_status in
            guard let start = buffer.baseAddress else { return .overLimit }
            return unsafe snug_deflate_zlib(start, buffer.count, Int32(level), byteLimit, &result, &count)
        }
        defer { unsafe snug_deflate_free(result) }
        switch status {
        case .ok: return unsafe Array(UnsafeBufferPointer(start: result, count: count))
        case .overLimit: return nil
        case .outOfMemory: throw ImageError(.memoryExceeded, "no memory for the PNG; run fewer jobs at once")
        }
    }
}

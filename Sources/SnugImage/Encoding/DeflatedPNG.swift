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
        append("IDAT", data, to: &file)
        append("IEND", [], to: &file)
        return file
    }

    /// The compressed size alone.
    static func deflatedByteCount(_ lines: PNGScanlines, level: Int) throws(ImageError) -> Int {
        try deflated(lines.bytes, level: level, byteLimit: .max)?.count ?? .max
    }

    /// Everything before the pixels.
    private static func head(_ lines: PNGScanlines, options: PNGEncoderOptions) throws(ImageError) -> [UInt8]? {
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let type: UInt8 =
            switch lines.layout {
            case .gray: 0
            case .rgb: 2
            case .palette: 3
            case .grayAlpha: 4
            case .rgba: 6
            }
        let size = bigEndian(UInt32(lines.width)) + bigEndian(UInt32(lines.height))
        append("IHDR", size + [UInt8(lines.layout.bits), type, 0, 0, 0], to: &file)
        if let profile = options.iccProfile {
            guard let data = try deflated(profile, level: 9, byteLimit: .max) else { return nil }
            // Name, NUL, compression method (PNG 1.2 §11.3.3.3).
            append("iCCP", Array("ICC profile".utf8) + [0, 0] + data, to: &file)
        }
        if case .palette(let palette, _) = lines.layout {
            let entries = palette.bytes
            append("PLTE", entries.indices.filter { $0 % 4 != 3 }.map { entries[$0] }, to: &file)
            if palette.transparentCount > 0 {
                append("tRNS", (0..<palette.transparentCount).map { entries[$0 * 4 + 3] }, to: &file)
            }
        }
        if let exif = options.exif { append("eXIf", exif, to: &file) }
        if let xmp = options.xmp { append("iTXt", PNGEncoderOptions.textChunk(xmp: xmp), to: &file) }
        return file
    }

    private static func append(_ name: String, _ data: [UInt8], to file: inout [UInt8]) {
        file += bigEndian(UInt32(data.count))
        let start = file.count
        file += Array(name.utf8)
        file += data
        let checksum = unsafe file.withUnsafeBufferPointer { file -> UInt32 in
            guard let base = file.baseAddress else { return 0 }
            return unsafe snug_deflate_crc32(0, base + start, file.count - start)
        }
        file += bigEndian(checksum)
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
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

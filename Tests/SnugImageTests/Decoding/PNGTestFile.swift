// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugImage
import Testing

@testable import SnugImage

/// PNG files put together from chunks, and the committed ones with their expected pixels.
struct PNGTestFile {
    var chunks: [(name: String, data: [UInt8])] = []

    init() {}

    /// Takes a file apart; CRCs are not looked at.
    init(_ bytes: [UInt8]) {
        var at = 8
        while at + 12 <= bytes.count {
            let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            chunks.append(
                (String(decoding: bytes[at + 4..<at + 8], as: UTF8.self), Array(bytes[at + 8..<at + 8 + length])))
            at += length + 12
        }
    }

    var bytes: [UInt8] { Self.signature + chunks.flatMap { Self.chunk($0.name, $0.data) } }

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        return bigEndian(data.count) + body + bigEndian(Int(crc(body)))
    }

    static func bigEndian(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    static func header(width: Int, height: Int, depth: UInt8, colour: UInt8, interlaced: Bool = false) -> [UInt8] {
        bigEndian(width) + bigEndian(height) + [depth, colour, 0, 0, interlaced ? 1 : 0]
    }

    private static let crcTable: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
    }

    static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { crcTable[Int(($0 ^ UInt32($1)) & 255)] ^ $0 >> 8 }
    }

    /// A gray image whose rows are all `value`, and deflate to next to nothing.
    static func flat(width: Int, height: Int, value: UInt8 = 7) throws -> PNGTestFile {
        var encoder = try PNGEncoder(width: width, height: height, layout: .gray(bits: 8))
        let row = [UInt8](repeating: value, count: width)
        for _ in 0..<height { try encoder.write(row.span) }
        return PNGTestFile(try #require(try encoder.finish()))
    }

    /// Names of the committed images.
    static let names: [String] = {
        let folder = Bundle.module.resourcePath ?? ""
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/Fixtures/png")) ?? []
        return files.filter { $0.hasSuffix(".png") }.map { String($0.dropLast(4)) }.sorted()
    }()

    static func fixture(_ file: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourcePath)
        return Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/Fixtures/png/\(file)")))
    }
}

/// Everything a decoder says about an image.
struct DecodedPNG {
    var width, height, channels, bits: Int
    var pixels: [UInt8]
    var missingRowCount: Int
    var warnings: [String]
    var iccProfile: [UInt8]?
    var peakMemory: Int

    init(
        _ bytes: [UInt8], keeps16Bits: Bool = false, recoversPartialImages: Bool = false,
        limits: DecodingLimits = DecodingLimits(),
        memoryLimit: Int = .max
    ) throws(ImageError) {
        var decoder = try PNGDecoder(
            source: ImageSource(bytes: bytes), limits: limits, keeps16Bits: keeps16Bits,
            recoversPartialImages: recoversPartialImages,
            memoryLimit: memoryLimit)
        width = decoder.width
        height = decoder.height
        channels = decoder.channels
        bits = decoder.bitsPerSample
        pixels = []
        var row = [UInt8](repeating: 0, count: decoder.rowByteCount)
        while decoder.nextRow < decoder.height {
            var span = row.mutableSpan
            try decoder.readRow(into: &span)
            pixels += row
        }
        missingRowCount = decoder.missingRowCount
        warnings = decoder.warnings
        iccProfile = decoder.iccProfile
        peakMemory = decoder.peakMemory
    }

    /// The pixels as RGBA, samples of 16 bits as big-endian pairs.
    var rgba: [UInt8] {
        let size = bits / 8
        // The place of each of its bytes in a pixel, -1 for an alpha that is not stored.
        let channelPlaces = channels < 3 ? [0, 0, 0] : [0, 1, 2]
        let places = (channelPlaces + [channels % 2 == 0 ? channels - 1 : -1]).flatMap { channel in
            (0..<size).map { byte in
                channel < 0 ? -1 : channel * size + (size == 2 && 1.littleEndian == 1 ? 1 - byte : byte)
            }
        }
        var result: [UInt8] = []
        result.reserveCapacity(pixels.count / channels * 4)
        var start = 0
        while start < pixels.count {
            for place in places { result.append(place < 0 ? 255 : pixels[start + place]) }
            start += channels * size
        }
        return result
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct StructureWalkTests {
    private func walk(_ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()) throws(ImageError) -> StructureReport
    {
        let source = ImageSource(bytes: bytes)
        return try StructureWalk.report(
            of: source, header: ImageHeader(format: format(bytes), width: 1, height: 1), limits: limits)
    }

    private func format(_ bytes: [UInt8]) -> ImageFormat { bytes.first == 0xFF ? .jpeg : .png }

    private func code(_ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()) -> ImageError.Code? {
        #expect(throws: ImageError.self) { try walk(bytes, limits: limits) }?.code
    }

    @Test("The exact end of the image is found, and what is behind it", arguments: [[], [1, 2, 3]] as [[UInt8]])
    func trailer(trailer: [UInt8]) throws {
        var jpeg = JPEGBuilder(width: 100, height: 60)
        let end = jpeg.bytes.count
        jpeg.trailer = trailer
        let expected = StructureReport(
            imageEnd: end, trailingByteCount: trailer.count, trailer: trailer.isEmpty ? .none : .other, scanCount: 1)
        #expect(try walk(jpeg.bytes) == expected)
        var png = PNGBuilder(width: 100, height: 60)
        png.dataChunkSize = 7000
        let pngEnd = png.bytes.count
        png.trailer = trailer
        let report = try walk(png.bytes)
        #expect(report.imageEnd == pngEnd)
        #expect(report.trailingByteCount == trailer.count)
        #expect(report.scanCount == 3)
    }

    @Test("A second image behind the first is told from rubbish, and an embedded thumbnail is not the end")
    func multiImage() throws {
        let thumbnail = JPEGBuilder().bytes
        var builder = JPEGBuilder(segments: [JPEGBuilder.exif(TIFFBuilder([]).bytes + thumbnail)])
        let end = builder.bytes.count
        builder.trailer = thumbnail
        let report = try walk(builder.bytes)
        #expect(report.imageEnd == end)
        #expect(report.trailer == .image)
    }

    @Test("Progressive scans and restart markers are walked through")
    func progressive() throws {
        var builder = JPEGBuilder(width: 200, height: 200)
        builder.frameMarker = 0xC2
        builder.restartInterval = 3
        #expect(try walk(builder.bytes).scanCount == 4)
    }

    @Test("A file that is cut anywhere is not sound", arguments: [true, false])
    func truncation(isJPEG: Bool) {
        let bytes = isJPEG ? JPEGBuilder().bytes : PNGBuilder().bytes
        for count in 8..<bytes.count { #expect(code(Array(bytes[..<count])) == .truncatedInput) }
    }

    @Test("Any flipped bit of a PNG chunk is found")
    func pngFlips() {
        let bytes = PNGBuilder(chunks: [PNGBuilder.chunk("gAMA", [0, 0, 0xB1, 0x8F])]).bytes
        for index in 8..<bytes.count {
            var broken = bytes
            broken[index] ^= 0x10
            #expect(throws: ImageError.self) { try walk(broken) }
        }
    }

    struct Broken: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
    }

    static let broken: [Broken] = {
        let jpeg = JPEGBuilder().bytes
        let scan = jpeg.count - 2 - 2  // two bytes of image data before EOI
        var restarts = JPEGBuilder(width: 64)
        restarts.restartInterval = 2
        let order = restarts.bytes.indices.dropLast().last {
            restarts.bytes[$0] == 0xFF && restarts.bytes[$0 + 1] == 0xD2
        }
        var swapped = restarts.bytes
        if let order { swapped[order + 1] = 0xD5 }
        let chunk = PNGBuilder.chunk
        let start = PNGBuilder.signature + PNGBuilder.header(width: 1, height: 1)
        let data = chunk("IDAT", [0x78, 0x01])
        let end = chunk("IEND", [])
        let noComponent = Array(jpeg.dropLast(2))
        return [
            Broken(
                testDescription: "JPEG restart without interval",
                bytes: jpeg[..<scan] + [0xFF, 0xD0, 1] + jpeg[scan...]),
            Broken(testDescription: "JPEG restart out of order", bytes: swapped),
            Broken(testDescription: "JPEG second frame header", bytes: noComponent + JPEGBuilder().bytes[2...]),
            Broken(testDescription: "JPEG second SOI", bytes: noComponent + [0xFF, 0xD8, 0xFF, 0xD9]),
            Broken(testDescription: "JPEG bytes outside segments", bytes: jpeg[..<2] + [1, 2] + jpeg[2...]),
            Broken(testDescription: "PNG without data", bytes: start + end),
            Broken(testDescription: "PNG second IHDR", bytes: start + start[8...] + data + end),
            Broken(testDescription: "PNG data apart", bytes: start + data + chunk("tEXt", []) + data + end),
            Broken(testDescription: "PNG late palette", bytes: start + data + chunk("PLTE", [1, 2, 3]) + end),
            Broken(testDescription: "PNG unknown critical chunk", bytes: start + chunk("ABCD", []) + data + end),
            Broken(testDescription: "PNG data that is no zlib", bytes: start + chunk("IDAT", [1, 2]) + end),
        ]
    }()

    @Test("Contradictions are corrupt", arguments: broken)
    func contradictions(broken: Broken) { #expect(code(broken.bytes) == .corruptInput) }

    @Test("A JPEG whose scans leave a component out is corrupt")
    func missingComponent() throws {
        var builder = JPEGBuilder()
        builder.components = [.init(1)]
        let bytes = builder.bytes
        let frame = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        // A frame of two components, and still a scan of one.
        let two = JPEGBuilder.segment(0xC0, [8, 0, 16, 0, 16, 2, 1, 0x11, 0, 2, 0x11, 0])
        #expect(code(Array(bytes[..<frame]) + two + bytes[(frame + 13)...]) == .corruptInput)
    }

    @Test("Scans, and scans × pixels, have limits")
    func scanLimits() {
        var builder = JPEGBuilder(width: 100, height: 100)
        builder.frameMarker = 0xC2
        #expect(code(builder.bytes, limits: DecodingLimits(maximumScanCount: 3)) == .limitExceeded)
        #expect(code(builder.bytes, limits: DecodingLimits(maximumScanWork: 39_999)) == .limitExceeded)
        #expect(throws: Never.self) { try walk(builder.bytes, limits: DecodingLimits(maximumScanWork: 40_000)) }
    }
}

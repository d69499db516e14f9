// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Every way in which the structure of a PNG can be wrong.
@Suite struct PNGWalkTests {
    private static let chunk = PNGBuilder.chunk
    private static let start = PNGBuilder.signature + PNGBuilder.header(width: 1, height: 1)
    /// The beginning of a zlib stream.
    private static let data = chunk("IDAT", [0x78, 0x01])
    private static let end = chunk("IEND", [])

    private func walk(_ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()) throws(ImageError) -> [String] {
        var walk = PNGWalk(ImageSource(bytes: bytes), limits: limits)
        var types: [String] = []
        while let chunk = try walk.next() { types.append(chunk.type) }
        return types
    }

    @Test("The chunks come in order, cover the file and end with IEND")
    func order() throws {
        let file =
            Self.start + Self.chunk("gAMA", [0, 0, 1, 1]) + Self.chunk("PLTE", [1, 2, 3]) + Self.data
            + Self.chunk("IDAT", []) + Self.chunk("IDAT", [1, 2, 3]) + Self.chunk("tEXt", [65, 0]) + Self.end
        #expect(try walk(file + [1, 2]) == ["IHDR", "gAMA", "PLTE", "IDAT", "IDAT", "IDAT", "tEXt", "IEND"])
        var walk = PNGWalk(ImageSource(bytes: file + [1, 2]), limits: DecodingLimits())
        var position = 8
        while let chunk = try walk.next() {
            #expect(chunk.range.lowerBound == position)
            position = chunk.range.upperBound
        }
        #expect(position == file.count && walk.position == file.count && walk.dataChunkCount == 3)
        #expect(try walk.next() == nil, "nothing comes after the end")
    }

    struct Broken: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
        var message: String
        var code = ImageError.Code.corruptInput
        var offset: Int

        init(
            _ description: String, _ bytes: [UInt8], _ message: String, at offset: Int,
            code: ImageError.Code = .corruptInput
        ) {
            testDescription = description
            self.bytes = PNGBuilder.signature + bytes
            self.message = message
            self.offset = offset
            self.code = code
        }
    }

    /// What follows the signature; IHDR ends at 33.
    static let broken: [Broken] = {
        let header = PNGBuilder.header(width: 1, height: 1)
        func flipped(_ chunk: [UInt8], _ index: Int) -> [UInt8] {
            var chunk = chunk
            chunk[index] ^= 1
            return chunk
        }
        let text = chunk("tEXt", [65, 0])
        return [
            Broken("no chunk", [], "ends without IEND", at: 8, code: .truncatedInput),
            Broken("half a chunk header", Array(header.prefix(7)), "header is cut off", at: 8, code: .truncatedInput),
            Broken(
                "half a header", Array(header.prefix(20)), "IHDR says 13 bytes and 12 are left", at: 8,
                code: .truncatedInput),
            Broken("data first", data + header + end, "IDAT is out of place", at: 8),
            Broken("text first", text + header + data + end, "tEXt is out of place", at: 8),
            Broken("end first", end, "IEND is out of place", at: 8),
            Broken(
                "a header of 12 bytes", chunk("IHDR", [UInt8](repeating: 1, count: 12)), "IHDR is out of place", at: 8),
            Broken(
                "a header of 14 bytes", chunk("IHDR", [UInt8](repeating: 1, count: 14)), "IHDR is out of place", at: 8),
            Broken("two headers", header + header + data + end, "IHDR is out of place", at: 33),
            Broken("a header behind the data", header + data + header + end, "IHDR is out of place", at: 47),
            Broken(
                "two palettes", header + chunk("PLTE", [1, 2, 3]) + chunk("PLTE", [1, 2, 3]) + data + end,
                "PLTE is out of place", at: 48),
            Broken(
                "a palette behind the data", header + data + chunk("PLTE", [1, 2, 3]) + end, "PLTE is out of place",
                at: 47),
            Broken("data in two places", header + data + text + data + end, "IDAT is out of place", at: 61),
            Broken("no data", header + end, "IEND is out of place", at: 33),
            Broken("an end with data", header + data + chunk("IEND", [0]), "IEND is out of place", at: 47),
            Broken(
                "an unknown critical chunk", header + chunk("ABcd", []) + data + end, "ABcd is critical and unknown",
                at: 33),
            Broken(
                "a checksum in the header", flipped(header, header.count - 1) + data + end, "IHDR has a wrong checksum",
                at: 8),
            Broken("a checksum in text", header + flipped(text, 9) + data + end, "tEXt has a wrong checksum", at: 33),
            Broken("a checksum in the data", header + flipped(data, 9) + end, "IDAT has a wrong checksum", at: 33),
            Broken("a checksum at the end", header + data + flipped(end, 11), "IEND has a wrong checksum", at: 47),
            Broken("a digit in a type", header + chunk("tEX1", []) + data + end, "type is not made of letters", at: 37),
            Broken(
                "a length of 2 GiB", header + [0x80, 0, 0, 0] + Array("tEXt".utf8), "impossible length 2147483648",
                at: 33),
            Broken(
                "data that is not deflated", header + chunk("IDAT", [0x77, 0x01]) + end,
                "not compressed as it should be", at: 41),
            Broken(
                "data with a bad check", header + chunk("IDAT", [0x78, 0x02]) + end, "not compressed as it should be",
                at: 41),
            Broken(
                "data with a dictionary", header + chunk("IDAT", [0x78, 0x20]) + end, "not compressed as it should be",
                at: 41),
            Broken("no end", header + data, "ends without IEND", at: 47, code: .truncatedInput),
            Broken(
                "half an end", header + data + Array(end.prefix(11)), "IEND says 0 bytes", at: 47, code: .truncatedInput
            ),
            Broken(
                "data cut", header + Array(data.prefix(9)), "IDAT says 2 bytes and 1 are left", at: 33,
                code: .truncatedInput),
        ]
    }()

    @Test("What is wrong is named with its place", arguments: broken)
    func refused(broken: Broken) {
        let error = #expect(throws: ImageError.self) { try walk(broken.bytes) }
        #expect(error?.code == broken.code)
        #expect(error?.message.contains(broken.message) == true, "\(error?.message ?? "")")
        #expect(error?.details["offset"] == .integer(broken.offset), "\(error?.message ?? "")")
    }

    @Test("A zlib header split over two chunks is left to the decoder")
    func splitStream() {
        let file = Self.start + Self.chunk("IDAT", [0x78]) + Self.chunk("IDAT", [0xFF]) + Self.end
        #expect(throws: Never.self) { try walk(file) }
    }

    @Test(
        "Every valid zlib header passes, every other does not",
        arguments: [0x08, 0x18, 0x38, 0x58, 0x78, 0x88, 0x77, 0x79])
    func streams(first: UInt8) {
        for second in UInt8.min...UInt8.max {
            let value = Int(first) << 8 | Int(second)
            // RFC 1950 §2.2: method 8, a check that divides by 31, no preset dictionary.
            let isValid = first & 15 == 8 && value % 31 == 0 && second & 0x20 == 0
            let file = Self.start + Self.chunk("IDAT", [first, second]) + Self.end
            let accepted = (try? walk(file)) != nil
            #expect(accepted == isValid, "\(first) \(second)")
        }
    }

    @Test("Image data and frames do not count as chunks, everything else does")
    func chunkLimit() {
        let frames = (0..<20).flatMap { _ in Self.chunk("fdAT", [0, 0, 0, 0]) }
        let many = (0..<20).flatMap { _ in Self.chunk("IDAT", [0x78, 0x01]) }
        let file = Self.start + Self.chunk("tEXt", [65, 0]) + many + frames + Self.end
        // Header, text and end.
        #expect(throws: Never.self) { try walk(file, limits: DecodingLimits(maximumChunkCount: 3)) }
        let error = #expect(throws: ImageError.self) { try walk(file, limits: DecodingLimits(maximumChunkCount: 2)) }
        #expect(error?.code == .limitExceeded && error?.settings == [.inputChunks])
    }
}

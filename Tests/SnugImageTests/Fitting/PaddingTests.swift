// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Outputs of a minimum size.
@Suite struct PaddingTests {
    private func image(_ bytes: [UInt8], _ format: ImageFormat, copied: Bool = false) -> FittedImage {
        FittedImage(
            status: copied ? .copied : .fitted, content: copied ? .source : .bytes(bytes), byteCount: bytes.count,
            format: format, width: 16, height: 16, quality: nil, scale: 1, encodes: 1, warnings: [],
            header: ImageHeader(format: format, width: 16, height: 16))
    }

    private func padded(
        _ bytes: [UInt8], _ format: ImageFormat, to minimum: Int, limit: Int = .max / 2, copied: Bool = false
    ) throws -> FittedImage {
        var limits = Limits(byteLimit: limit)
        limits.minimumBytes = minimum
        return try image(bytes, format, copied: copied).padded(within: limits, source: ImageSource(bytes: bytes))
    }

    private static let additions = [
        1, 2, 3, 4, 5, 20, 21, 300, 65_532, 65_533, 65_536, 65_537, 65_538, 65_540, 65_541, 65_542, 131_074, 200_000,
    ]

    @Test("A JPEG is as long as asked, or by the shortest comment, and is the same image", arguments: additions)
    func jpeg(missing: Int) throws {
        let bytes = JPEGBuilder(segments: [JPEGBuilder.jfif]).bytes
        let image = try padded(bytes, .jpeg, to: bytes.count + missing)
        let output = image.bytes(of: [])
        #expect(output.count == image.byteCount && output.count == bytes.count + max(missing, 4))
        var walk = JPEGWalk(ImageSource(bytes: output), limits: DecodingLimits())
        var rest: [UInt8] = Array(output.prefix(2))
        while let piece = try walk.next() {
            switch piece {
            case .segment(let segment) where segment.marker == JPEGMarker.comment:
                #expect(output[segment.payload].allSatisfy { $0 == 0x20 })
            case .segment(let segment): rest += output[segment.range]
            case .scanData(let range), .end(let range): rest += output[range]
            }
        }
        #expect(rest == bytes)
    }

    @Test("A PNG is as long as asked, or by the shortest text, and is the same image", arguments: additions)
    func png(missing: Int) throws {
        let bytes = PNGBuilder().bytes
        let image = try padded(bytes, .png, to: bytes.count + missing)
        let output = image.bytes(of: [])
        // Length, type, checksum, keyword and NUL.
        #expect(output.count == image.byteCount && output.count == bytes.count + max(missing, 20))
        var walk = PNGWalk(ImageSource(bytes: output), limits: DecodingLimits())
        var rest = PNGBuilder.signature
        while let chunk = try walk.next() { if chunk.type != "tEXt" { rest += output[chunk.range] } }
        #expect(rest == bytes)
        #expect(try PNGDecoder.verify(ImageSource(bytes: output)).isSound)
    }

    @Test("A GIF is as long as asked, or longer by one, and is the same image", arguments: additions + [258, 259, 260])
    func gif(missing: Int) throws {
        let pixel = GIFBuilder.Frame(width: 2, height: 1, indexes: [0, 1], palette: [[1, 2, 3], [4, 5, 6]])
        let bytes = GIFBuilder(width: 2, height: 1, frames: [pixel, pixel]).bytes
        let image = try padded(bytes, .gif, to: bytes.count + missing)
        let output = image.bytes(of: [])
        #expect(output.count == image.byteCount)
        // A comment has three bytes and no blocks of one.
        #expect((max(missing, 3)...max(missing, 3) + 1).contains(output.count - bytes.count))
        var walk = try GIFWalk(ImageSource(bytes: output), limits: DecodingLimits())
        var rest: [UInt8] = Array(output.prefix(13))
        while let block = try walk.next() {
            switch block {
            case .frame(let frame): rest += output[frame.range]
            case .control(let range): rest += output[range]
            case .comment(let range): #expect(range.count == output.count - bytes.count)
            default: rest += output[walk.position - 1..<walk.position]
            }
        }
        #expect(rest == bytes && walk.position == output.count)
    }

    @Test(
        "A WebP is as long as asked, by even numbers, and is the same image", arguments: additions, [false, true])
    func webP(missing: Int, isExtended: Bool) throws {
        let plane = DrawnImage.scene(width: 16, height: 16)
        let chunks = try WebPBuilder.image(plane)
        let bytes = WebPBuilder.file((isExtended ? WebPBuilder.canvas(16, 16, flags: 0) : []) + chunks)
        let output = try padded(bytes, .webp, to: bytes.count + missing).bytes(of: [])
        // A chunk has eight bytes at least, the header that goes with it eighteen.
        let least = isExtended ? max(missing, 8) : missing <= 18 ? 18 : max(missing, 26)
        #expect(output.count - bytes.count == (least + 1) / 2 * 2)
        let (header, before) = (try probe(output), try probe(bytes))
        #expect(header.width == 16 && header.height == 16 && header.hasAlpha == before.hasAlpha)
        var reader = try WebPChunkReader(ImageSource(bytes: output))
        var types: [String] = []
        while let chunk = try reader.next() {
            types.append(chunk.type)
            if chunk.type == "VP8L" { #expect(Array(output[chunk.range]) == chunks) }
        }
        #expect(types == ["VP8X", "VP8L"] + (isExtended || missing > 18 ? ["JUNK"] : []))
        #expect(reader.end == output.count)
    }

    @Test("What is long enough stays as it is", arguments: [0, 1, 50])
    func enough(surplus: Int) throws {
        let bytes = JPEGBuilder().bytes
        let image = try padded(bytes, .jpeg, to: bytes.count - surplus, copied: true)
        #expect(image.status == .copied && image.byteCount == bytes.count && image.warnings.isEmpty)
    }

    @Test("A copy that is padded is no copy any more, and says so")
    func copied() throws {
        let bytes = JPEGBuilder().bytes
        let image = try padded(bytes, .jpeg, to: bytes.count + 10, copied: true)
        #expect(image.status == .stripped && image.bytes(of: []).count == bytes.count + 10)
        #expect(image.warnings == ["10 bytes of padding were added to reach \(bytes.count + 10) bytes"])
    }

    @Test("Where limit and minimum leave no room, the error names both")
    func noRoom() throws {
        let bytes = PNGBuilder().bytes
        let error = #expect(throws: ImageError.self) {
            try padded(bytes, .png, to: bytes.count + 1, limit: bytes.count + 19)
        }
        #expect(error?.code == .cannotFit && error?.settings == [.byteLimit])
        #expect(error?.details["minimum_bytes"] == .integer(bytes.count + 1))
        #expect(try padded(bytes, .png, to: bytes.count + 1, limit: bytes.count + 20).byteCount == bytes.count + 20)
        #expect(throws: ImageError.self) { try padded(bytes, .bmp, to: bytes.count + 100) }
    }

    @Test(
        "A minimum that would take the memory is refused, however large the limit", arguments: [(64 << 20) + 1, .max])
    func tooMuch(minimum: Int) async throws {
        let bytes = JPEGBuilder(width: 16, height: 16).bytes
        var limits = Limits(byteLimit: .max)
        limits.minimumBytes = minimum
        let error = await #expect(throws: ImageError.self) {
            try await ImageFitter().fit(ImageSource(bytes: bytes), limits: limits)
        }
        #expect(error?.code == .invalidArgument && error?.message.contains("67108864") == true)
    }

    @Test("A fit reaches its minimum whichever way it takes, at least and within the limit")
    func fits() async throws {
        let fitter = ImageFitter(configuration: .init(memory: 1 << 28, threads: 1))
        let jpeg = try DrawnImage.jpeg(DrawnImage.scene(width: 60, height: 40), segments: [DrawnImage.exif(.upright)])
        let png = try DrawnImage.png(DrawnImage.screen(width: 60, height: 40))
        for (input, side) in [(jpeg, nil), (png, nil), (jpeg, 30), (png, 30)] as [([UInt8], Int?)] {
            var limits = Limits(byteLimit: 9_000, maximumSide: side)
            limits.minimumBytes = 8_000
            let image = try await fitter.fit(ImageSource(bytes: input), limits: limits)
            #expect(image.byteCount == 8_000 && image.bytes(of: []).count == 8_000)
            #expect(try DrawnImage.decoded(image.bytes(of: [])).width == side ?? 60)
        }
    }
}

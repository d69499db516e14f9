// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct PNGChunkReaderTests {
    private func reader(_ chunks: [UInt8], windowSize: Int = 64) -> PNGChunkReader {
        PNGChunkReader(ImageSource(bytes: PNGBuilder.signature + chunks), windowSize: windowSize)
    }

    @Test("Chunks come in order with their data", arguments: [16, 64, 4096])
    func order(windowSize: Int) throws {
        let chunks: [(String, [UInt8])] = [
            ("IHDR", [1, 2, 3]), ("teXt", []), ("IDAT", Array(repeating: 7, count: 500)),
        ]
        var reader = reader(chunks.flatMap { PNGBuilder.chunk($0.0, $0.1) }, windowSize: windowSize)
        for (type, data) in chunks {
            let chunk = try #require(try reader.next())
            #expect(chunk.type == type && chunk.data.count == data.count && chunk.range.count == data.count + 12)
            #expect(try reader.data(chunk, count: 1000).bytes == data)
            #expect(try reader.isIntact(chunk))
            #expect(throws: Never.self) { try reader.checkExtent(chunk) }
            #expect(chunk.isCritical == (type.first?.isUppercase ?? false))
        }
        #expect(try reader.next() == nil)
    }

    @Test("A flipped bit anywhere in type, data or checksum is found", arguments: 4..<20)
    func damage(offset: Int) throws {
        var bytes = PNGBuilder.chunk("IDAT", [1, 2, 3, 4, 5, 6, 7, 8])
        bytes[offset] ^= 0x20
        var reader = reader(bytes)
        let chunk = try #require(try reader.next())
        #expect(try !reader.isIntact(chunk))
    }

    @Test("A chunk that claims more than the file has is truncated, not read")
    func extent() throws {
        var reader = reader(Array(PNGBuilder.chunk("IDAT", [1, 2, 3, 4]).dropLast(1)))
        let chunk = try #require(try reader.next())
        #expect(#expect(throws: ImageError.self) { try reader.checkExtent(chunk) }?.code == .truncatedInput)
        #expect(try !reader.isIntact(chunk))
    }

    @Test(
        "Headers that cannot be are errors",
        arguments: [
            ([0, 0, 0], ImageError.Code.truncatedInput), ([0, 0, 0, 0, 0x49, 0x44, 0x41], .truncatedInput),
            ([0, 0, 0, 0, 0x49, 0x44, 0x41, 0x31, 0, 0, 0, 0], .corruptInput),
            ([0x80, 0, 0, 0, 0x49, 0x44, 0x41, 0x54, 0, 0, 0, 0], .corruptInput),
        ])
    func badHeaders(bytes: [UInt8], code: ImageError.Code) {
        var reader = reader(bytes)
        #expect(#expect(throws: ImageError.self) { try reader.next() }?.code == code)
    }

    @Test("A written chunk is read back", arguments: [0, 1, 300])
    func written(count: Int) throws {
        let data = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let bytes = PNGChunk.bytes(type: "eXIf", data: data)
        #expect(bytes == PNGBuilder.chunk("eXIf", data))
        var reader = reader(bytes)
        let chunk = try #require(try reader.next())
        #expect(try chunk.type == "eXIf" && reader.isIntact(chunk))
    }

    @Test("The CRC is the standard's, however the bytes are cut", arguments: [0, 1, 7, 8, 9, 100])
    func checksum(cut: Int) {
        #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926 && CRC32.checksum([]) == 0)
        let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 * 37) }
        var crc = CRC32()
        crc.update(bytes.span.extracting(first: cut))
        crc.update(bytes.span.extracting(droppingFirst: cut))
        #expect(crc.value == CRC32.checksum(bytes))
    }
}

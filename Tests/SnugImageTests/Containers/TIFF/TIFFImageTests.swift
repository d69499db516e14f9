// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// TIFF headers, put together by TIFF 6.0 and the BigTIFF proposal.
@Suite struct TIFFImageTests {
    private static func sized(_ entries: [TIFFBuilder.Entry] = []) -> TIFFBuilder {
        TIFFBuilder([.init(256, value: 30), .init(257, value: 20), .init(258, value: 8)] + entries)
    }

    @Test("Sides, depth and orientation are read in either byte order", arguments: [true, false], Orientation.allCases)
    func orders(isLittleEndian: Bool, orientation: Orientation) throws {
        var builder = Self.sized([.orientation(orientation.rawValue)])
        builder.isLittleEndian = isLittleEndian
        let header = try probe(builder.bytes)
        #expect(header.width == 30 && header.height == 20 && header.bitsPerSample == 8)
        #expect(header.orientation == orientation && header.frameCount == 1)
    }

    @Test(
        "Colours are told by the photometric interpretation and the extra samples",
        arguments: [
            (0, 1, 0, .gray), (1, 1, 0, .gray), (1, 2, 1, .grayAlpha), (2, 3, 0, .rgb), (2, 4, 1, .rgba),
            (3, 1, 0, .palette), (5, 4, 0, .cmyk), (6, 3, 0, .rgb), (2, 3, 3, .rgb),
        ] as [(Int, Int, Int, ColourModel)])
    func models(photometric: Int, samples: Int, extras: Int, model: ColourModel) throws {
        var entries: [TIFFBuilder.Entry] = [.init(262, value: photometric), .init(277, value: samples)]
        if extras > 0 { entries.append(.init(338, count: extras, value: 2)) }
        #expect(try probe(Self.sized(entries).bytes).colourModel == model)
    }

    @Test("A BigTIFF has 64-bit places", arguments: [true, false])
    func big(isLittleEndian: Bool) throws {
        func number(_ value: Int, _ width: Int) -> [UInt8] {
            let bytes = (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            return isLittleEndian ? bytes : bytes.reversed()
        }
        func entry(_ tag: Int, _ type: Int, _ value: Int) -> [UInt8] {
            let width = type == 3 ? 2 : type == 4 ? 4 : 8
            let field = number(value, width) + [UInt8](repeating: 0, count: 8 - width)
            return number(tag, 2) + number(type, 2) + number(1, 8) + field
        }
        let bytes =
            Array((isLittleEndian ? "II" : "MM").utf8) + number(43, 2) + number(8, 2) + number(0, 2) + number(16, 8)
            + number(3, 8) + entry(256, 16, 1234) + entry(257, 4, 567) + entry(258, 3, 16) + number(0, 8)
        let header = try probe(bytes)
        #expect(header.format == .tiff && header.width == 1234 && header.height == 567 && header.bitsPerSample == 16)
    }

    @Test("Pages are counted once, also where their links lead back")
    func pages() throws {
        var loop = Self.sized()
        loop.nextDirectory = 8
        #expect(try probe(loop.bytes).frameCount == 1)
        var two = Self.sized()
        two.nextDirectory = two.bytes.count
        var second = Self.sized()
        second.nextDirectory = 8
        two.trailer = second.directory
        let header = try probe(two.bytes)
        #expect(header.frameCount == 2)
        #expect(header.warnings.contains { $0.contains("2 pages") })
        let source = ImageSource(bytes: two.bytes)
        let start = ByteView(two.bytes)
        #expect(try TIFFImage(source, start: start, page: 1).width == 30)
        let error = #expect(throws: ImageError.self) { try TIFFImage(source, start: start, page: 2) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("A broken later page is no page")
    func brokenPage() throws {
        var builder = Self.sized()
        builder.nextDirectory = 0x7FFF_0000
        #expect(try probe(builder.bytes).frameCount == 1)
    }

    @Test("Cameras' raw files are refused by name")
    func raw() throws {
        let maker = TIFFBuilder.Entry(271, type: 2, count: 4, value: 0x4E49_4B00)
        let rows: [([TIFFBuilder.Entry], String)] = [
            ([.init(50706, type: 1, count: 4, value: 1)], "DNG"), ([.init(262, value: 32803)], "sensor data"),
            ([.init(254, type: 4, value: 1), maker, .init(330, type: 4, value: 8)], "by NIK"),
        ]
        for (entries, name) in rows {
            let error = #expect(throws: ImageError.self) { try probe(Self.sized(entries).bytes) }
            #expect(error?.code == .unsupportedFormat && error?.message.contains(name) == true)
        }
    }

    @Test("A directory that is not there, or has no size, is a fault of the file")
    func faults() throws {
        var nowhere = Self.sized()
        nowhere.directoryOffset = 0x7FFF_FFFF
        let rows: [([UInt8], ImageError.Code)] = [
            (nowhere.bytes, .truncatedInput), (TIFFBuilder([.init(256, value: 9)]).bytes, .corruptInput),
            (Array("II*\0".utf8), .truncatedInput),
            (TIFFBuilder([.init(256, type: 4, value: 70_000), .init(257, value: 1)]).bytes, .limitExceeded),
        ]
        for (bytes, code) in rows {
            let error = #expect(throws: ImageError.self) { try probe(bytes) }
            #expect(error?.code == code)
        }
    }

    @Test("No byte of a directory, whatever it becomes, does any harm")
    func hostile() throws {
        let file = Self.sized([.init(34675, type: 7, count: 200, value: 8), .orientation(6)]).bytes
        for index in file.indices {
            for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
                var bytes = file
                bytes[index] = value
                _ = try? probe(bytes)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Directories of TIFF and BigTIFF by the types of TIFF 6.0 §2 and of the BigTIFF design, sound and hostile.
@Suite struct TIFFDirectoryTests {
    /// Writes files of either kind in either order.
    private struct Writer: Sendable {
        var isBig: Bool
        var isLittleEndian: Bool

        func number(_ value: Int, _ width: Int) -> [UInt8] {
            let bytes = (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            return isLittleEndian ? bytes : bytes.reversed()
        }
        private var place: Int { isBig ? 8 : 4 }
        var headerBytes: Int { isBig ? 16 : 8 }

        func header(first: Int) -> [UInt8] {
            Array((isLittleEndian ? "II" : "MM").utf8)
                + (isBig ? number(43, 2) + number(8, 2) + number(0, 2) : number(42, 2)) + number(first, place)
        }
        func entry(_ tag: Int, _ type: Int, count: Int = 1, _ value: [UInt8]) -> [UInt8] {
            number(tag, 2) + number(type, 2) + number(count, place) + value
                + [UInt8](repeating: 0, count: max(0, place - value.count))
        }
        func directory(_ entries: [[UInt8]], count: Int? = nil, next: Int = 0) -> [UInt8] {
            number(count ?? entries.count, isBig ? 8 : 2) + entries.flatMap { $0 } + number(next, place)
        }
        func file(_ entries: [[UInt8]], trailer: [UInt8] = []) -> [UInt8] {
            header(first: headerBytes) + directory(entries) + trailer
        }
    }
    private static let writers = [true, false].flatMap { isBig in
        [true, false].map { Writer(isBig: isBig, isLittleEndian: $0) }
    }

    private func read(_ bytes: [UInt8]) throws -> (TIFFFile, TIFFDirectory) {
        var file = try TIFFFile(ImageSource(bytes: bytes), start: ByteView(Array(bytes.prefix(64))))
        let directory = try TIFFDirectory(at: file.first, in: &file)
        return (file, directory)
    }

    @Test("Whole numbers of every type are read; others are no numbers", arguments: writers)
    private func numbers(writer: Writer) throws {
        let long = 5_000_000_000
        let entries = [
            writer.entry(1, 1, [200]), writer.entry(3, 3, writer.number(60_000, 2)),
            writer.entry(4, 4, writer.number(70_000, 4)), writer.entry(13, 13, writer.number(80_000, 4)),
            // Text, signed numbers, fractions and floating point.
            writer.entry(2, 2, [65]), writer.entry(6, 6, [200]), writer.entry(8, 8, writer.number(7, 2)),
            writer.entry(9, 9, writer.number(7, 4)), writer.entry(11, 11, writer.number(7, 4)),
            writer.entry(20, 3, count: 0, writer.number(9, 2)),
        ]
        var (file, directory) = try read(writer.file(entries))
        let expected = [1: 200, 3: 60_000, 4: 70_000, 13: 80_000]
        for tag in [1, 2, 3, 4, 6, 8, 9, 11, 13, 20, 99] {
            #expect(try directory.number(tag, in: &file) == expected[tag], "\(tag)")
        }
        guard writer.isBig else { return }
        (file, directory) = try read(
            writer.file([writer.entry(16, 16, writer.number(long, 8)), writer.entry(18, 18, writer.number(long, 8))]))
        for tag in [16, 18] { #expect(try directory.number(tag, in: &file) == long) }
    }

    @Test("Values that have no room in their entry are read where it points", arguments: writers)
    private func pointed(writer: Writer) throws {
        // Eight words and six bytes; three words and three bytes have room in a BigTIFF.
        let values = (1...8).flatMap { writer.number($0 * 1_000, 2) }
        let size = writer.file([[UInt8]](repeating: writer.entry(1, 1, []), count: 4)).count
        let place = writer.number(size, writer.isBig ? 8 : 4)
        let entries = [
            writer.entry(258, 3, count: 8, place), writer.entry(700, 1, count: 9, place),
            writer.entry(271, 2, count: 3, [65, 66, 0]), writer.entry(34675, 7, count: 12, place),
        ]
        var (file, directory) = try read(writer.file(entries, trailer: values))
        #expect(try directory.number(258, in: &file) == 1_000)
        #expect(directory.bytes(700) == size..<size + 9 && directory.bytes(34675) == size..<size + 12)
        let text = try #require(directory.bytes(271))
        #expect(try file.text(at: text.lowerBound, limit: text.count) == "AB")
        // Words are no bytes.
        #expect(directory.bytes(258) == nil && directory.bytes(1) == nil)
    }

    @Test("Of equal tags the first counts, as for libtiff", arguments: writers)
    private func repeated(writer: Writer) throws {
        var (file, directory) = try read(writer.file([writer.entry(256, 1, [3]), writer.entry(256, 1, [9])]))
        #expect(try directory.number(256, in: &file) == 3)
    }

    @Test(
        "Numbers of entries beyond every file are the end of it, whatever their product is",
        arguments: [1 << 40, 1 << 58, 461_168_601_842_738_790, 1 << 62 - 1, 461_168_601_842_738_791])
    func enormousCounts(count: Int) throws {
        let writer = Writer(isBig: true, isLittleEndian: true)
        // As many entries as are read at all, so that nothing is missing before the link.
        let entries = [[UInt8]](repeating: writer.entry(256, 3, writer.number(5, 2)), count: 4_096)
        let bytes = writer.header(first: 16) + writer.directory(entries, count: count)
        let error = #expect(throws: ImageError.self) { try probe(bytes) }
        #expect(error?.code == .truncatedInput)
    }

    @Test("Counts of values whose bytes are beyond every number name no place")
    func enormousValues() throws {
        let writer = Writer(isBig: true, isLittleEndian: false)
        let entries = [
            writer.entry(256, 16, count: 1 << 61, writer.number(16, 8)),
            writer.entry(700, 7, count: 1 << 62 - 1, writer.number(1 << 62 - 1, 8)),
            writer.entry(34675, 7, count: 1 << 62 - 1, writer.number(1 << 62 - 1, 8)),
            writer.entry(257, 16, writer.number(-1, 8)),
        ]
        var (file, directory) = try read(writer.file(entries))
        #expect(directory.entries[256] == nil)
        #expect(try directory.number(257, in: &file) == nil)
        let sized = [writer.entry(256, 3, writer.number(4, 2)), writer.entry(257, 3, writer.number(4, 2))]
        let header = try probe(writer.file(sized + entries))
        #expect(header.width == 4 && header.metadata.total == 0 && header.iccProfileName == nil)
    }

    @Test("Pages are counted without their entries, as far as they are whole", arguments: writers)
    private func pages(writer: Writer) throws {
        let size = writer.directory([writer.entry(256, 3, [])]).count
        func chain(_ count: Int) -> [UInt8] {
            writer.header(first: writer.headerBytes)
                + (0..<count).flatMap { page -> [UInt8] in
                    let next = page + 1 < count ? writer.headerBytes + (page + 1) * size : 0
                    return writer.directory([writer.entry(256, 3, writer.number(page + 1, 2))], next: next)
                }
        }
        for count in [1, 2, 700] {
            let bytes = chain(count)
            let start = ByteView(Array(bytes.prefix(64)))
            var file = try TIFFFile(ImageSource(bytes: bytes), start: start)
            var place = file.first
            var found = 0
            while place != 0 {
                found += 1
                #expect(try TIFFDirectory(at: place, in: &file).number(256, in: &file) == found)
                place = try TIFFDirectory.next(after: place, in: &file)
            }
            #expect(found == count)
        }
        // The second of three is cut inside of its entry.
        let cut = Array(chain(3).prefix(writer.headerBytes + size + size / 2))
        var file = try TIFFFile(ImageSource(bytes: cut), start: ByteView(Array(cut.prefix(64))))
        let second = try TIFFDirectory.next(after: file.first, in: &file)
        #expect { try TIFFDirectory.next(after: second, in: &file) } throws: {
            ($0 as? ImageError)?.code == .truncatedInput
        }
    }

    @Test("Ten thousand pages are enough, and they are counted at once")
    func tooManyPages() throws {
        let writer = Writer(isBig: false, isLittleEndian: true)
        let first = writer.directory(
            [writer.entry(256, 3, writer.number(2, 2)), writer.entry(257, 3, writer.number(3, 2))], next: 38)
        let bytes = writer.header(first: 8) + first + [UInt8](repeating: 0, count: 4)
        #expect(try probe(bytes).frameCount == 2)
        let chain = (0..<12_000).flatMap { page in writer.directory([], next: 38 + (page + 1) * 6) }
        #expect(try probe(writer.header(first: 8) + first + chain).frameCount == 10_000)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// The tables of a `meta` box in each of their versions, written by ISO/IEC 14496-12 §8.11.
@Suite struct ISOItemsTests {
    private func items(_ boxes: [UInt8]) -> ISOItems { ISOItems(ByteView([0, 0, 0, 0] + boxes)) }

    private static let widths: [ISOBytes.Widths] = [0, 2, 4, 8].flatMap { base in
        [2, 4, 8].flatMap { offset in
            [2, 4, 8].map { ISOBytes.Widths(offset: offset, length: $0, base: base, index: [0, 4, 8][base % 3]) }
        }
    }

    @Test("Places are read in every version and at every width of their fields", arguments: 0...2, widths)
    func locations(version: Int, widths: ISOBytes.Widths) {
        let base = widths.base == 0 ? 0 : 1_000
        let box = ISOBytes.locations(
            [
                .init(id: 7, base: base, extents: [(40, 300), (900, 5)]),
                .init(id: 9, base: base, extents: [(0, 60_000)]),
            ], version: version, widths: widths)
        let read = items(box).items
        #expect(read[7]?.extents == [base + 40..<base + 340, base + 900..<base + 905])
        #expect(read[9]?.extents == [base..<base + 60_000])
        #expect(read.count == 2)
    }

    @Test("Places that do not count from the start of the file are none", arguments: [1, 2, 15])
    func otherMethods(method: Int) {
        let box = ISOBytes.locations(
            [.init(id: 1, method: method, extents: [(0, 10)]), .init(id: 2, method: 0x10, extents: [(4, 10)])],
            version: 1)
        let read = items(box).items
        #expect(read[1]?.extents.isEmpty ?? true)
        // Only the lower four bits are the method.
        #expect(read[2]?.extents == [4..<14])
    }

    @Test("Places beyond every number are left out, and no sum of them ends the process")
    func enormous() throws {
        let most = 1 << 62 - 1
        let widths = ISOBytes.Widths(offset: 8, length: 8, base: 8)
        let box = ISOBytes.locations(
            [
                .init(id: 1, base: most, extents: [(most, most), (0, most), (most, 0)]),
                .init(id: 2, extents: [(0, most), (0, most), (0, most), (1 << 62, 4)]),
            ], widths: widths)
        let read = items(box).items
        #expect(read[1]?.extents == [most..<most * 2, most * 2..<most * 2])
        // A number of 63 bits is none at all.
        #expect(read[2]?.extents == [0..<most, 0..<most, 0..<most])
        let file = ISOBytes.file(
            ISOBytes.primary(1) + ISOBytes.information([(1, "hvc1"), (2, "Exif")]) + box
                + ISOBytes.references([("cdsc", 2, [1])])
                + ISOBytes.properties([ISOBytes.size(8, 6)], of: [(1, [1])]))
        let header = try probe(file)
        // No more metadata than the file has bytes, times the places that name them.
        #expect(header.width == 8 && header.metadata.exif <= 3 * file.count)
    }

    @Test("Places without any bytes are bounded: a small file does not ask for gigabytes")
    func countless() {
        // Each item has 65,535 extents, whose fields have no width.
        let entries = (1...400).flatMap { ISOBytes.big($0, 2) + ([0, 0, 0xFF, 0xFF] as [UInt8]) }
        let box = ISOBytes.full("iloc", [0, 0] + ISOBytes.big(400, 2) + entries)
        #expect(items(box).items.values.reduce(0) { $0 + $1.extents.count } <= 65_536)
    }

    @Test("A table that is cut, or of widths that do not exist, has the entries that are whole")
    func cut() {
        let whole = ISOBytes.locations([.init(id: 1, extents: [(4, 6)]), .init(id: 2, extents: [(10, 6)])])
        for count in 0..<whole.count {
            var part = Array(whole.prefix(count))
            // The box itself ends where its bytes do.
            if count >= 8 { part.replaceSubrange(0..<4, with: ISOBytes.big(count, 4)) }
            let read = items(part).items
            #expect(read.count <= 2 && read.values.allSatisfy { $0.extents.count <= 1 })
        }
        let odd = ISOBytes.locations([.init(id: 1, extents: [(4, 6)])], widths: ISOBytes.Widths(offset: 3, length: 5))
        #expect(items(odd).items.isEmpty)
        #expect(items(ISOBytes.locations([.init(id: 1, extents: [(4, 6)])], version: 3)).items.isEmpty)
    }

    @Test("Types are read from entries of versions 2 and 3, of either table", arguments: [0, 1], [2, 3])
    func information(version: Int, entryVersion: Int) {
        let wide = entryVersion == 3 ? 70_000 : 700
        let box = ISOBytes.information(
            [(1, "hvc1"), (wide, "grid"), (3, "Exif")], version: version, entryVersion: entryVersion)
        let read = items(box).items
        #expect(read.mapValues(\.type) == [1: "hvc1", wide: "grid", 3: "Exif"])
    }

    @Test("Entries of older versions, which have no types, are passed over", arguments: [0, 1])
    func oldInformation(entryVersion: Int) {
        #expect(items(ISOBytes.information([(1, "hvc1")], entryVersion: entryVersion)).items.isEmpty)
    }

    @Test("The primary item has 16 or 32 bits", arguments: [(0, 513), (1, 70_000)])
    func primary(version: Int, id: Int) {
        #expect(items(ISOBytes.primary(id, version: version)).primary == id)
        #expect(items(ISOBytes.full("pitm", version: version, [1])).primary == nil)
    }

    @Test("References have 16 or 32 bits, and one that is longer than its box is none", arguments: [0, 1])
    func references(version: Int) {
        let far = version == 0 ? 900 : 90_000
        let box = ISOBytes.references([("dimg", 1, [4, far, 6]), ("thmb", far, [1])], version: version)
        #expect(
            items(box).references == [
                .init(type: "dimg", from: 1, to: [4, far, 6]), .init(type: "thmb", from: far, to: [1]),
            ])
        let width = version == 0 ? 2 : 4
        let long = ISOBytes.full(
            "iref", version: version, ISOBytes.box("dimg", ISOBytes.big(1, width) + ISOBytes.big(60_000, 2)))
        #expect(items(long).references.isEmpty)
    }

    @Test("Properties are found by number, in narrow and wide associations", arguments: [0, 1], [false, true])
    func properties(version: Int, isWide: Bool) {
        let id = version == 0 ? 5 : 500_000
        let box = ISOBytes.properties(
            [ISOBytes.size(1, 2), ISOBytes.box("irot", [1]), ISOBytes.box("imir", [0])],
            // 0 stands for none, and 9 is not there.
            of: [(id, [3, 0, 1, 9, 2]), (6, [])], version: version, isWide: isWide)
        let read = items(box)
        #expect(read.properties(of: id).map(\.type) == ["imir", "ispe", "irot"])
        #expect(read.properties(of: 6).isEmpty && read.properties(of: 77).isEmpty)
    }

    @Test("Boxes of 64-bit length and of no length are followed; what reaches beyond its box is not")
    func lengths() {
        let view = ByteView(
            ISOBytes.longBox("aaaa", [1, 2]) + ISOBytes.box("bbbb", []) + [0, 0, 0, 0] + Array("cccc".utf8) + [7, 8, 9])
        let boxes = ISOBox.boxes(in: view, 0..<view.count)
        #expect(boxes.map(\.type) == ["aaaa", "bbbb", "cccc"])
        #expect(boxes.map(\.content) == [16..<18, 26..<26, 34..<37])
        #expect(ISOBox.boxes(in: view, 0..<25).map(\.type) == ["aaaa"])
        for length in 2..<8 {
            #expect(ISOBox.boxes(in: ByteView(ISOBytes.big(length, 4) + Array("junk".utf8)), 0..<8).isEmpty)
        }
    }

    @Test("References and associations without end take no time that grows with their product")
    func quadratic() throws {
        let tiles = (0..<9_000).map { _ in (type: "dimg", from: 1, to: [2]) }
        let masks = (0..<9_000).map { _ in (type: "auxl", from: 3, to: [4, 5, 6, 7]) }
        let numbers = [Int](repeating: 1, count: 255)
        let boxes =
            ISOBytes.primary(1) + ISOBytes.information([(1, "grid"), (2, "hvc1"), (3, "hvc1")])
            + ISOBytes.references(tiles) + ISOBytes.references(masks)
            + ISOBytes.properties(
                [ISOBytes.size(64, 48)], of: [(1, [1])] + (0..<2_000).map { _ in (id: 2, numbers: numbers) })
        let header = try probe(ISOBytes.file(boxes))
        #expect(header.width == 64 && header.height == 48 && !header.hasAlpha)
    }
}

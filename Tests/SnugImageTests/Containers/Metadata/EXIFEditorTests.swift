// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Changes to EXIF where it stands, read back by the TIFF specification.
@Suite struct EXIFEditorTests {
    private func edited(
        _ isLittleEndian: Bool, _ change: (inout EXIFEditor) -> Void
    ) throws -> (before: EXIFDraft, after: EXIFDraft, bytes: [UInt8]) {
        let before = EXIFDraft.camera(6, isLittleEndian: isLittleEndian)
        var editor = try #require(EXIFEditor(before.bytes))
        change(&editor)
        #expect(editor.bytes.count == before.bytes.count, "nothing moves")
        return (before, try #require(EXIFDraft(reading: editor.bytes)), editor.bytes)
    }

    private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(text)
    }

    @Test("The draft that the tests write is what they read", arguments: [false, true])
    func draft(isLittleEndian: Bool) throws {
        let draft = EXIFDraft.camera(3, isLittleEndian: isLittleEndian)
        #expect(EXIFDraft(reading: draft.bytes)?.fields == draft.fields)
    }

    @Test("The new size is in every tag that has one, and the image is upright", arguments: [false, true])
    func describe(isLittleEndian: Bool) throws {
        for (width, height) in [(32, 48), (65_535, 1), (70_000, 65_536)] {
            let (before, after, _) = try edited(isLittleEndian) { $0.describe(width: width, height: height) }
            func size(_ value: Int, wasLong: Bool) -> EXIFDraft.Value {
                wasLong || value > 65_535 ? .longs([value]) : .shorts([value])
            }
            var expected = before.fields
            expected[0x0112] = .shorts([1])
            expected[0x0100] = size(width, wasLong: false)
            expected[0x0101] = size(height, wasLong: true)
            if case .directory(var exif)? = expected[0x8769] {
                exif[0xA002] = size(width, wasLong: false)
                exif[0xA003] = size(height, wasLong: true)
                expected[0x8769] = .directory(exif)
            }
            #expect(after.fields == expected)
        }
    }

    @Test("Sizes that are not there are not added", arguments: [false, true])
    func describeNothing(isLittleEndian: Bool) throws {
        let draft = EXIFDraft([0x010F: .text("Maker of it"), 0x0100: .text("odd")], isLittleEndian: isLittleEndian)
        var editor = try #require(EXIFEditor(draft.bytes))
        editor.describe(width: 5, height: 6)
        editor.declareSRGB()
        editor.removePosition()
        editor.removeCopyright()
        #expect(editor.bytes == draft.bytes)
    }

    @Test("Converted samples are declared as sRGB: colour space, gamma and interoperability", arguments: [false, true])
    func sRGB(isLittleEndian: Bool) throws {
        let (before, after, _) = try edited(isLittleEndian) { $0.declareSRGB() }
        var expected = before.fields
        guard case .directory(var exif)? = expected[0x8769], case .directory(var index)? = exif[0xA005] else {
            Issue.record("no directories")
            return
        }
        exif[0xA001] = .shorts([1])
        exif[0xA500] = nil
        index[1] = .text("R98")
        exif[0xA005] = .directory(index)
        expected[0x8769] = .directory(exif)
        #expect(after.fields == expected)
    }

    @Test("An interoperability that says sRGB already stays", arguments: [false, true])
    func interoperability(isLittleEndian: Bool) throws {
        let draft = EXIFDraft(
            [0x8769: .directory([0xA001: .shorts([1]), 0xA005: .directory([1: .text("THM"), 2: .text("R03R")])])],
            isLittleEndian: isLittleEndian)
        var editor = try #require(EXIFEditor(draft.bytes))
        editor.declareSRGB()
        #expect(editor.bytes == draft.bytes)
    }

    @Test("A removed position leaves no byte of itself, and all else as it was", arguments: [false, true])
    func position(isLittleEndian: Bool) throws {
        let (before, after, bytes) = try edited(isLittleEndian) { $0.removePosition() }
        var expected = before.fields
        expected[0x8825] = nil
        #expect(after.fields == expected)
        #expect(!contains(bytes, EXIFDraft.gps) && contains(bytes, EXIFDraft.serial))
        // The rationals of the latitude are gone too, in either order of their bytes.
        let latitude = EXIFDraft([1: .rationals([47, 1, 22, 1, 3_141, 100])], isLittleEndian: isLittleEndian).bytes
        let digits = Array(latitude.suffix(24))
        #expect(!bytes.indices.contains { bytes[$0...].starts(with: digits) })
        #expect(before.bytes.indices.contains { before.bytes[$0...].starts(with: digits) })
    }

    @Test("Removed names leave no byte of themselves, and all else as it was", arguments: [false, true])
    func names(isLittleEndian: Bool) throws {
        let (before, after, bytes) = try edited(isLittleEndian) { $0.removeCopyright() }
        var expected = before.fields
        expected[0x013B] = nil
        expected[0x8298] = nil
        #expect(after.fields == expected)
        #expect(!contains(bytes, EXIFDraft.artist) && !contains(bytes, EXIFDraft.rights))
        #expect(contains(bytes, EXIFDraft.gps))
    }

    @Test("A second removal, and one of what is not there, changes nothing", arguments: [false, true])
    func twice(isLittleEndian: Bool) throws {
        let (_, _, once) = try edited(isLittleEndian) {
            $0.removePosition()
            $0.removeCopyright()
        }
        var editor = try #require(EXIFEditor(once))
        editor.removePosition()
        editor.removeCopyright()
        #expect(editor.bytes == once)
    }

    @Test("An extract has what was asked for and nothing else, high bytes first", arguments: [false, true])
    func extract(isLittleEndian: Bool) throws {
        let draft = EXIFDraft.camera(6, isLittleEndian: isLittleEndian)
        let editor = try #require(EXIFEditor(draft.bytes))
        let names: [Int: EXIFDraft.Value] = [0x013B: .text(EXIFDraft.artist), 0x8298: .text(EXIFDraft.rights)]
        let place = try #require(draft.fields[0x8825])
        #expect(editor.extract(position: false, rights: false) == nil)
        for (position, rights) in [(true, false), (false, true), (true, true)] {
            let block = try #require(editor.extract(position: position, rights: rights))
            #expect(block.starts(with: Array("MM\0*".utf8)))
            var expected: [Int: EXIFDraft.Value] = rights ? names : [:]
            if position { expected[0x8825] = place }
            #expect(EXIFDraft(reading: block)?.fields == expected)
        }
        let bare = try #require(EXIFEditor(EXIFDraft([0x010F: .text("Maker of it")]).bytes))
        #expect(bare.extract(position: true, rights: true) == nil)
    }

    @Test("Random damage never traps, and never changes the header or the length", arguments: UInt64(1)...20)
    func damage(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<25 {
            var bytes = EXIFDraft.camera(isLittleEndian: seed.isMultiple(of: 2)).bytes
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 4..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count - 8, using: &random)) }
            var editor = try #require(EXIFEditor(bytes))
            editor.describe(width: 70_000, height: 3)
            editor.declareSRGB()
            _ = editor.extract(position: true, rights: true)
            editor.removePosition()
            editor.removeCopyright()
            #expect(editor.bytes.count == bytes.count && editor.bytes.prefix(8) == bytes.prefix(8))
        }
    }

    @Test("A directory that claims to lie in the header is not written to")
    func headerIsSafe() throws {
        var bytes = EXIFDraft([0x8825: .directory([1: .text("N")])]).bytes
        // The link to the GPS directory leads to the header's own bytes.
        bytes.replaceSubrange(18..<22, with: [0, 0, 0, 0])
        var editor = try #require(EXIFEditor(bytes))
        editor.removePosition()
        #expect(editor.bytes.prefix(8) == bytes.prefix(8))
    }

    @Test("A position goes from the EXIF directory too, and with the packets inside that may state it again")
    func positionElsewhere() throws {
        let gps = EXIFDraft.Value.directory([2: .text("SECRET-PLACE")])
        let draft = EXIFDraft([
            0x010F: .text("Maker"), 0x02BC: .bytes(Array("SECRET-PACKET".utf8)),
            0x8649: .bytes(Array("SECRET-RESOURCE".utf8)), 0x8769: .directory([0x8825: gps, 0xA002: .longs([7])]),
        ])
        var editor = try #require(EXIFEditor(draft.bytes))
        editor.removePosition()
        #expect(!String(decoding: editor.bytes, as: UTF8.self).contains("SECRET"))
        let fields = try #require(EXIFDraft(reading: editor.bytes)?.fields)
        #expect(fields == [0x010F: .text("Maker"), 0x8769: .directory([0xA002: .longs([7])])])
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct ByteViewTests {
    private static let bytes: [UInt8] = [0x01, 0x02, 0x03, 0x04, 0x05]

    @Test("Numbers are read in either byte order")
    func orders() {
        let big = ByteView(Self.bytes)
        let little = ByteView(Self.bytes, order: .littleEndian)
        #expect(big.u8(at: 4) == 5 && little.u8(at: 4) == 5)
        #expect(big.u16(at: 0) == 0x0102 && little.u16(at: 0) == 0x0201)
        #expect(big.u24(at: 1) == 0x020304 && little.u24(at: 1) == 0x040302)
        #expect(big.u32(at: 1) == 0x0203_0405 && little.u32(at: 1) == 0x0504_0302)
    }

    @Test("A read that misses any byte is nil", arguments: [-1, Int.min, 5, 6, Int.max, Int.max - 2])
    func outside(offset: Int) {
        let view = ByteView(Self.bytes)
        #expect(view.u8(at: offset) == nil && view.u16(at: offset) == nil)
        #expect(view.u24(at: offset) == nil && view.u32(at: offset) == nil)
        #expect(view.slice(at: offset, count: 1) == nil && !view.has("a", at: offset))
        #expect(view.latin1(at: offset, limit: 3).isEmpty)
    }

    @Test("The last bytes are read by what fits there and by nothing longer")
    func end() {
        let view = ByteView(Self.bytes)
        #expect(view.u16(at: 3) == 0x0405 && view.u16(at: 4) == nil)
        #expect(view.u24(at: 2) == 0x030405 && view.u24(at: 3) == nil)
        #expect(view.u32(at: 1) != nil && view.u32(at: 2) == nil)
        #expect(view.slice(at: 0, count: 5) == Self.bytes && view.slice(at: 0, count: 6) == nil)
        #expect(view.slice(at: 5, count: 0) == [] && view.slice(at: 0, count: -1) == nil)
    }

    @Test("Text ends at a NUL, at the limit or at the end")
    func text() {
        let view = ByteView(Array("caf".utf8) + [0xE9, 0] + Array("tail".utf8))
        #expect(view.latin1(at: 0, limit: 20) == "café" && view.latin1(at: 0, limit: 2) == "ca")
        #expect(view.latin1(at: 5, limit: 20) == "tail" && view.latin1(at: 0, limit: 0).isEmpty)
        #expect(view.has("tail", at: 5) && !view.has("tails", at: 5) && view.has("", at: 0))
    }
}

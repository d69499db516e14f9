// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// The quality that a file was saved at, from its tables.
@Suite struct JPEGQualityTests {
    /// Places of a table in the order in which it is stored (T.81 figure A.6), found by walking the diagonals.
    private static let zigzag: [Int] = {
        var order: [Int] = []
        for diagonal in 0..<15 {
            let places = (0..<8).compactMap { row -> Int? in
                let column = diagonal - row
                return (0..<8).contains(column) ? row * 8 + column : nil
            }
            order += diagonal.isMultiple(of: 2) ? places.reversed() : places
        }
        return order
    }()

    private func stored(_ natural: [UInt16], number: UInt8, isWide: Bool = false) -> [UInt8] {
        let values = Self.zigzag.map { natural[$0] }
        return [isWide ? 0x10 | number : number]
            + values.flatMap { isWide ? [UInt8($0 >> 8), UInt8($0 & 255)] : [UInt8($0)] }
    }

    private func frame(_ tables: [UInt8]) throws -> JPEGFrame {
        let components = tables.enumerated().flatMap { index, table -> [UInt8] in
            [UInt8(index + 1), 0x11, table]
        }
        let payload: [UInt8] = [8, 0, 8, 0, 8, UInt8(tables.count)] + components
        return try JPEGFrame(
            JPEGSegment(marker: 0xC0, offset: 0, payload: 0..<payload.count), payload: ByteView(payload))
    }

    private func estimate(_ payloads: [[UInt8]], tables: [UInt8] = [0, 1, 1]) throws -> Int? {
        var quality = JPEGQuality()
        for payload in payloads { quality.read(ByteView(payload)) }
        return quality.estimate(for: try frame(tables))
    }

    @Test("libjpeg's own tables are known exactly, each of the hundred", arguments: 1...100)
    func exact(quality: Int) throws {
        let luma = JPEGReference.table(quality: quality, isChroma: false)
        let chroma = JPEGReference.table(quality: quality, isChroma: true)
        // Below 25 or so tables saturate at 255, but never all 64 of them.
        #expect(try estimate([stored(luma, number: 0), stored(chroma, number: 1)]) == quality)
        #expect(try estimate([stored(luma, number: 0) + stored(chroma, number: 1)]) == quality, "in one segment")
        #expect(try estimate([stored(luma, number: 0)], tables: [0]) == quality, "gray")
    }

    @Test("A file written at a quality says so", arguments: [10, 50, 75, 90, 100])
    func written(quality: Int) throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 40, height: 30), quality: Double(quality))
        #expect(try probe(bytes).estimatedQuality == quality)
    }

    @Test("Tables of 16 bits are read too")
    func wide() throws {
        let luma = JPEGReference.table(quality: 60, isChroma: false)
        #expect(try estimate([stored(luma, number: 2, isWide: true)], tables: [2]) == 60)
        // Unbounded by 255: what libjpeg makes without forcing baseline.
        let coarse = JPEGReference.table(quality: 50, isChroma: false).map { $0 * 25 }
        #expect(try estimate([stored(coarse, number: 0, isWide: true)], tables: [0]) == 2)
    }

    @Test("A table near a quality is taken for it", arguments: [30, 60, 85])
    func near(quality: Int) throws {
        var luma = JPEGReference.table(quality: quality, isChroma: false)
        luma[5] += 1
        luma[40] -= 1
        #expect(try estimate([stored(luma, number: 0)], tables: [0]) == quality)
    }

    @Test("A later table of the same number replaces the first")
    func replaced() throws {
        let (first, second) = (
            JPEGReference.table(quality: 30, isChroma: false), JPEGReference.table(quality: 70, isChroma: false)
        )
        #expect(try estimate([stored(first, number: 0), stored(second, number: 0)], tables: [0]) == 70)
    }

    @Test("Without the component's table there is no estimate")
    func missing() throws {
        let luma = JPEGReference.table(quality: 50, isChroma: false)
        #expect(try estimate([], tables: [0]) == nil)
        #expect(try estimate([stored(luma, number: 1)], tables: [0]) == nil)
        #expect(try estimate([stored(luma, number: 0)], tables: [0, 1, 1]) == 50, "chroma's may be missing")
    }

    @Test(
        "A table that is cut off, or of a number or precision that does not exist, ends the segment",
        arguments: [0x04, 0x0F, 0x20, 0xF0] as [UInt8])
    func nonsense(head: UInt8) throws {
        let luma = stored(JPEGReference.table(quality: 50, isChroma: false), number: 0)
        #expect(try estimate([[head] + luma], tables: [0]) == nil)
        #expect(try estimate([luma + [head] + luma], tables: [0]) == 50)
        for count in [1, 2, 40, 64] { #expect(try estimate([Array(luma.prefix(count))], tables: [0]) == nil) }
    }
}

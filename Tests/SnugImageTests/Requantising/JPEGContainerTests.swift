// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// The structure around the coded coefficients, read back by the standard's rules.
@Suite struct JPEGContainerTests {
    private struct Parsed {
        var markers: [UInt8] = []
        var payloads: [[UInt8]] = []

        init(_ bytes: [UInt8]) throws {
            var walk = JPEGWalk(ImageSource(bytes: bytes), limits: DecodingLimits())
            while let piece = try walk.next() {
                guard case .segment(let segment) = piece else { continue }
                markers.append(segment.marker)
                payloads.append(Array(bytes[segment.payload]))
            }
        }

        func payloads(of marker: UInt8) -> [[UInt8]] {
            zip(markers, payloads).filter { $0.0 == marker }.map(\.1)
        }
    }

    /// A component's part of a scan: the coefficients, and the bit before and after (T.81 B.2.3).
    private struct ScanPart {
        var component: Int
        var places: ClosedRange<Int>
        var high: Int, low: Int
    }

    private func parts(_ header: [UInt8]) throws -> [ScanPart] {
        let count = Int(try #require(header.first))
        #expect(header.count == 4 + 2 * count)
        let (first, last) = (Int(header[1 + 2 * count]), Int(header[2 + 2 * count]))
        let bits = header[3 + 2 * count]
        return (0..<count).map {
            ScanPart(
                component: Int(header[1 + 2 * $0]), places: first...last, high: Int(bits >> 4), low: Int(bits & 15))
        }
    }

    @Test("Segments stand in the order that readers expect", arguments: sampleLayouts, [false, true])
    func order(layout: BlockLayout, isProgressive: Bool) throws {
        let given = [
            MetadataSegment(marker: 0xE1, payload: Array("one".utf8)),
            MetadataSegment(marker: 0xFE, payload: Array("two".utf8)),
        ]
        let bytes = try HeldCoefficients.random(layout, seed: 3).file(isProgressive: isProgressive, segments: given)
        let parsed = try Parsed(bytes)
        let tables = layout.components.count > 1 ? [0xDB, 0xDB] : [0xDB] as [UInt8]
        let start = [0xE0, 0xE1, 0xFE] + tables + [isProgressive ? 0xC2 : 0xC0]
        #expect(Array(parsed.markers.prefix(start.count)) == start)
        #expect(parsed.markers.dropFirst(start.count).allSatisfy { $0 == 0xC4 || $0 == 0xDA })
        #expect(parsed.payloads[0] == Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0])
        #expect(Array(parsed.payloads[1...2]) == given.map(\.payload))
        #expect(bytes.prefix(2) == [0xFF, 0xD8] && bytes.suffix(2) == [0xFF, 0xD9])
    }

    @Test("Size and sampling are those of the layout, one table for luma and one for chroma", arguments: sampleLayouts)
    func frame(layout: BlockLayout) throws {
        let held = HeldCoefficients.random(layout, seed: 4)
        let parsed = try Parsed(try held.file(isProgressive: false))
        let frame = try #require(parsed.payloads(of: 0xC0).first)
        #expect(frame[0] == 8)
        #expect(Int(frame[1]) << 8 | Int(frame[2]) == layout.height)
        #expect(Int(frame[3]) << 8 | Int(frame[4]) == layout.width)
        #expect(Int(frame[5]) == layout.components.count)
        for (index, component) in layout.components.enumerated() {
            let entry = Array(frame[6 + 3 * index..<9 + 3 * index])
            #expect(
                entry == [UInt8(index + 1), UInt8(component.horizontal * 16 + component.vertical), index == 0 ? 0 : 1])
        }
        let steps = try #require(held.steps)
        #expect(
            parsed.payloads(of: 0xDB)
                == steps.prefix(2).enumerated().map { [UInt8($0.0)] + $0.1.map { UInt8($0) } })
    }

    @Test("A sequential file has all components in one scan with a pair of tables each", arguments: sampleLayouts)
    func sequential(layout: BlockLayout) throws {
        let parsed = try Parsed(try HeldCoefficients.random(layout, seed: 5).file(isProgressive: false))
        let count = layout.components.count
        let selectors: [UInt8] = (0..<count).flatMap { [UInt8($0 + 1), $0 == 0 ? 0x00 : 0x11] }
        #expect(parsed.payloads(of: 0xDA) == [[UInt8(count)] + selectors + [0, 63, 0]])
        #expect(parsed.payloads(of: 0xC4).map { $0[0] } == (count > 1 ? [0x00, 0x10, 0x01, 0x11] : [0x00, 0x10]))
    }

    @Test("Progressive scans bring every bit of every coefficient exactly once, in order", arguments: sampleLayouts)
    func progressive(layout: BlockLayout) throws {
        let parsed = try Parsed(try HeldCoefficients.random(layout, seed: 6).file(isProgressive: true))
        // The lowest bit that is known of each coefficient; none at first (T.81 G.1.1.1).
        var known = [[Int?]](repeating: [Int?](repeating: nil, count: 64), count: layout.components.count + 1)
        for header in parsed.payloads(of: 0xDA) {
            let parts = try parts(header)
            for part in parts {
                #expect(part.places == 0...0 || !part.places.contains(0), "DC and AC are never in one scan")
                #expect(part.places == 0...0 || parts.count == 1, "a scan of AC has one component")
                for place in part.places {
                    if part.high == 0 {
                        #expect(known[part.component][place] == nil)
                    } else {
                        #expect(known[part.component][place] == part.high && part.low == part.high - 1)
                    }
                    if place > 0 { #expect(known[part.component][0] != nil, "DC comes first") }
                    known[part.component][place] = part.low
                }
            }
        }
        #expect(known.dropFirst().allSatisfy { $0.allSatisfy { $0 == 0 } })
    }

    @Test(
        "The tables that a scan names are there before it, and have the codes of a prefix code",
        arguments: [false, true])
    func tables(isProgressive: Bool) throws {
        for layout in sampleLayouts {
            let bytes = try HeldCoefficients.random(layout, seed: 7).file(isProgressive: isProgressive)
            let parsed = try Parsed(bytes)
            var defined: Set<UInt8> = []
            for (marker, payload) in zip(parsed.markers, parsed.payloads) {
                if marker == 0xC4 {
                    let counts = payload[1...16]
                    let space = zip(1..., counts).reduce(0) { $0 + Int($1.1) << (16 - $1.0) }
                    #expect(space < 1 << 16, "the code of all ones stays free")
                    #expect(payload.count == 17 + counts.reduce(0) { $0 + Int($1) })
                    #expect(Set(payload[17...]).count == payload.count - 17)
                    defined.insert(payload[0])
                } else if marker == 0xDA {
                    for index in 0..<Int(payload[0]) {
                        let selector = payload[2 + 2 * index]
                        let first = payload[1 + 2 * Int(payload[0])]
                        let last = payload[2 + 2 * Int(payload[0])]
                        if first == 0 { #expect(defined.contains(selector >> 4)) }
                        if last > 0 { #expect(defined.contains(0x10 | selector & 15)) }
                    }
                }
            }
        }
    }

    @Test(
        "The size that is told before the scans are there is that of everything but their data",
        arguments: [false, true])
    func headerSize(isProgressive: Bool) throws {
        for layout in sampleLayouts {
            let ones = layout.components.map { _ in [UInt16](repeating: 1, count: 64) }
            let tables = CodeTables(
                frequencies: [Double](repeating: 0, count: CodeTables.count * 256), isComplete: true,
                isProgressive: isProgressive)
            let segments = [MetadataSegment(marker: 0xE2, payload: [UInt8](repeating: 1, count: 300))]
            let container = JPEGContainer(
                layout: layout, isProgressive: isProgressive, steps: ones, segments: segments)
            var coder = try BlockCoder(layout, isProgressive: isProgressive)
            coder.begin(tables)
            let stepTables = StepTables(.fullSize, layout: layout, sourceSteps: ones)
            let quantisers = Quantisers(stepTables, componentCount: layout.components.count)
            quantisers.prepare(RateModel(scale: stepTables.finestScale, lambdaFactor: 0), costs: nil)
            let held = HeldCoefficients.random(layout, seed: 8)
            try held.readRows { rows, row, _ in try coder.write(rows, row: row, quantisers: quantisers) }
            try coder.finish()
            let promised = container.byteCount(coder, tables: tables)
            let bytes = container.bytes(&coder, tables: tables)
            #expect(promised == bytes.count)
            var scans = 0
            var walk = JPEGWalk(ImageSource(bytes: bytes), limits: DecodingLimits())
            while let piece = try walk.next() { if case .scanData(let range) = piece { scans += range.count } }
            #expect(container.headerByteCount(tables) == bytes.count - scans)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels
import Foundation
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// The headers of files of several scans.
@Suite struct ScanScriptTests {
    private func progressive(channels: Int = 3, subsamples: Bool = true) throws -> [UInt8] {
        try DrawnImage.jpeg(
            DrawnImage.scene(width: 75, height: 50, channels: channels), quality: 80, subsamples: subsamples,
            coding: .progressive)
    }

    private func read(_ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()) throws -> ScanScript? {
        try ScanScript.read(ImageSource(bytes: bytes), limits: limits)
    }

    /// Offsets of the SOS segments.
    private func scans(_ bytes: [UInt8]) throws -> [JPEGSegment] {
        var reader = JPEGSegmentReader(ImageSource(bytes: bytes))
        var found: [JPEGSegment] = []
        while let segment = try reader.next() {
            guard segment.marker == JPEGMarker.startOfScan else { continue }
            found.append(segment)
            reader.position = try #require(
                try JPEGScanData.end(ImageSource(bytes: bytes), from: segment.payload.upperBound)).end
        }
        return found
    }

    @Test("Scans are told with their components, bands and data")
    func script() throws {
        let bytes = try progressive()
        let script = try #require(try read(bytes))
        #expect(script.layout.width == 75 && script.layout.height == 50 && !script.endsEarly)
        #expect(script.scans.count == (try scans(bytes)).count && script.scans.count > 4)
        let first = try #require(script.scans.first)
        #expect(first.components == [0, 1, 2] && first.layout.band.first == 0 && first.layout.band.last == 0)
        #expect(first.layout.mcus_across == 5 && first.layout.mcus_down == 4)
        for scan in script.scans.dropFirst() where scan.components == [0] {
            // Rows of blocks, not of MCUs: 75 × 50 samples.
            #expect(scan.layout.mcus_across == 10 && scan.layout.mcus_down == 7)
        }
        #expect(script.steps.count == 3 && script.steps.allSatisfy { $0.count == 64 })
    }

    @Test("Gray has one component in every scan") func gray() throws {
        let script = try #require(try read(try progressive(channels: 1)))
        #expect(script.scans.allSatisfy { $0.components == [0] } && script.steps.count == 1)
    }

    @Test("Bits that a whole file leaves out are 0; of a cut file, or with bits twice, it is left to the library")
    func incomplete() throws {
        let bytes = try progressive()
        let segments = try scans(bytes)
        let last = try #require(segments.last)
        let end = try #require(try JPEGScanData.end(ImageSource(bytes: bytes), from: last.payload.upperBound)).end
        var without = bytes
        without.removeSubrange(last.offset..<end)
        #expect(try read(without)?.scans.count == segments.count - 1)
        #expect(try read(Array(without.dropLast(2))) == nil)
        var twice = bytes
        twice.insert(contentsOf: bytes[last.offset..<end], at: end)
        #expect(try read(twice) == nil)
    }

    @Test("More scans than allowed are left to the library, which names the limit")
    func tooMany() throws {
        let bytes = try progressive()
        let count = try scans(bytes).count
        #expect(try read(bytes, limits: DecodingLimits(maximumScanCount: count)) != nil)
        #expect(try read(bytes, limits: DecodingLimits(maximumScanCount: count - 1)) == nil)
    }

    @Test("A missing end marker is noted", arguments: [0, 1])
    func endsEarly(kept: Int) throws {
        let bytes = try progressive()
        let script = try #require(try read(Array(bytes.dropLast(2 - kept))))
        #expect(script.endsEarly)
    }

    @Test("Scan headers that make no sense are no script")
    func nonsense() throws {
        let bytes = try progressive()
        let scan = try #require(try scans(bytes).first)
        let payload = scan.payload.lowerBound
        // Count, an unknown component, a repeated one, a band past the end, DC with AC, a refinement first.
        for (offset, value) in [(0, 0), (0, 9), (1, 77), (3, 1), (8, 64), (8, 5), (9, 0x21)] as [(Int, UInt8)] {
            var damaged = bytes
            damaged[payload + offset] = value
            #expect(try read(damaged) == nil, "\(offset) \(value)")
        }
    }

    @Test("Files that are no JPEG of Huffman scans are no script")
    func others() throws {
        #expect(try read(DrawnImage.png(DrawnImage.scene(width: 9, height: 9))) == nil)
        #expect(try read([0xFF, 0xD8, 0xFF, 0xD9]) == nil)
    }
}

/// The order in which scans may bring the bits of coefficients.
@Suite struct ScanProgressionTests {
    private typealias Step = (first: Int32, last: Int32, high: Int32, low: Int32, components: [Int])

    @Test("Components without a scan are missing, bits are not") func components() {
        var progression = ScanProgression(componentCount: 2)
        #expect(!progression.hasAllComponents)
        let band = snug_scan_band(first: 0, last: 0, high: 0, low: 1)
        #expect(progression.add(band, components: [0], isProgressive: true) && !progression.hasAllComponents)
        #expect(progression.add(band, components: [1], isProgressive: true) && progression.hasAllComponents)
        #expect(!progression.isComplete)
    }

    /// The number of scans that are taken, and whether nothing is missing then.
    private func play(_ steps: [Step], components: Int = 1, isProgressive: Bool = true) -> (Int, Bool) {
        var progression = ScanProgression(componentCount: components)
        for (index, step) in steps.enumerated() {
            let band = snug_scan_band(first: step.first, last: step.last, high: step.high, low: step.low)
            guard progression.add(band, components: step.components, isProgressive: isProgressive) else {
                return (index, progression.isComplete)
            }
        }
        return (steps.count, progression.isComplete)
    }

    @Test("Bits come from the top down, and all of them") func order() {
        #expect(play([(0, 0, 0, 0, [0]), (1, 63, 0, 0, [0])]) == (2, true))
        #expect(play([(0, 0, 0, 1, [0]), (1, 5, 0, 2, [0]), (6, 63, 0, 0, [0])]) == (3, false))
        #expect(
            play([
                (0, 0, 0, 1, [0]), (1, 63, 0, 2, [0]), (1, 63, 2, 1, [0]), (0, 0, 1, 0, [0]), (1, 63, 1, 0, [0]),
            ]) == (5, true))
    }

    @Test("AC before DC, bits twice, bits left out, and bands of several components are refused") func refused() {
        #expect(play([(1, 63, 0, 0, [0])]).0 == 0)
        #expect(play([(0, 0, 0, 0, [0]), (0, 0, 0, 0, [0])]).0 == 1)
        #expect(play([(0, 0, 0, 2, [0]), (0, 0, 1, 0, [0])]).0 == 1)
        #expect(play([(0, 0, 0, 2, [0]), (0, 0, 2, 0, [0])]).0 == 1)
        #expect(play([(0, 0, 0, 0, [0, 1]), (1, 63, 0, 0, [0, 1])], components: 2).0 == 1)
        #expect(play([(0, 5, 0, 0, [0])]).0 == 0)
        #expect(play([(0, 0, 0, 14, [0])]).0 == 0)
        #expect(play([(5, 3, 0, 0, [0])]).0 == 0)
    }

    @Test("Sequential scans bring everything of their components at once") func sequential() {
        #expect(play([(0, 63, 0, 0, [0]), (0, 63, 0, 0, [1])], components: 2, isProgressive: false) == (2, true))
        #expect(play([(0, 63, 0, 0, [0])], components: 2, isProgressive: false) == (1, false))
        #expect(play([(0, 63, 0, 0, [0]), (0, 63, 0, 0, [0])], components: 2, isProgressive: false).0 == 1)
    }
}

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
                try JPEGScanData.end(ImageSource(bytes: bytes), from: segment.payload.upperBound)
            ).end
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

// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Files whose single scan is read here, and those that are left to libjpeg.
@Suite struct SequentialScanTests {
    private func scan(_ bytes: [UInt8]) throws -> SequentialScan? { try SequentialScan.read(ImageSource(bytes: bytes)) }

    private func builder(_ change: (inout JPEGBuilder) -> Void) -> [UInt8] {
        var builder = JPEGBuilder(width: 30, height: 21)
        change(&builder)
        return builder.bytes
    }

    /// Replaces the first segment of a marker.
    private func replacing(_ marker: UInt8, in bytes: [UInt8], by replacement: [UInt8]) throws -> [UInt8] {
        var reader = JPEGSegmentReader(ImageSource(bytes: bytes))
        while let segment = try reader.next() {
            guard segment.marker == marker else { continue }
            return bytes[..<segment.offset] + replacement + bytes[segment.range.upperBound...]
        }
        throw ImageError(.codecFailed, "no such segment")
    }

    @Test("The scan lies between its header and the end marker, whatever follows", arguments: [0, 1, 700])
    func range(trailer: Int) throws {
        let bytes = builder { $0.trailer = [UInt8](repeating: 0x33, count: trailer) }
        let scan = try #require(try scan(bytes))
        #expect(!scan.endsEarly)
        #expect(Array(bytes[scan.data.upperBound..<scan.data.upperBound + 2]) == [0xFF, 0xD9])
        var walk = JPEGWalk(ImageSource(bytes: bytes), limits: DecodingLimits())
        while let piece = try walk.next() {
            if case .scanData(let data) = piece { #expect(data == scan.data) }
        }
    }

    @Test("A file without an end marker ends early, at its last byte")
    func endsEarly() throws {
        let bytes = Array(builder { _ in }.dropLast(2))
        let scan = try #require(try scan(bytes))
        #expect(scan.endsEarly && scan.data.upperBound == bytes.count)
    }

    @Test("Every sampling gives its layout, and restarts change nothing", arguments: [0, 1, 3])
    func sampling(interval: Int) throws {
        for (h, v) in [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (4, 2)] {
            let bytes = builder {
                $0.components[0] = .init(1, h, v)
                $0.restartInterval = interval
            }
            let scan = try #require(try scan(bytes))
            #expect(scan.layout == BlockLayout(width: 30, height: 21, sampling: [(h, v), (1, 1), (1, 1)]))
            let read = try #require(try coefficientSource(bytes))
            #expect(try read.naturalCoefficients().allSatisfy { $0 == 0 })
        }
        let gray = try #require(try scan(builder { $0.components = [.init(7, 2, 2)] }))
        #expect(gray.layout.mcusAcross == 4 && gray.layout.components.count == 1)
    }

    @Test("Steps are read in 8 and in 16 bits, up to what 8 bits hold")
    func steps() throws {
        let values = (0..<64).map { UInt8($0 * 4 + 1) }
        let bytes = builder { $0.quantisation = values }
        #expect(try scan(bytes)?.steps == [[UInt16]](repeating: values.map(UInt16.init), count: 3))
        let wide = JPEGBuilder.segment(0xDB, [0x10] + values.flatMap { [0, $0] })
        #expect(try scan(replacing(0xDB, in: bytes, by: wide))?.steps.first == values.map(UInt16.init))
        let large = JPEGBuilder.segment(0xDB, [0x10] + values.flatMap { [1, $0] })
        #expect(try scan(replacing(0xDB, in: bytes, by: large)) == nil)
        let zero = JPEGBuilder.segment(0xDB, [0] + [UInt8](repeating: 0, count: 64))
        #expect(try scan(replacing(0xDB, in: bytes, by: zero)) == nil)
    }

    @Test("A later table of the same number is the one that counts")
    func laterTable() throws {
        let second = JPEGBuilder.segment(0xDB, [0] + [UInt8](repeating: 9, count: 64))
        let bytes = builder { $0.quantisation = [UInt8](repeating: 200, count: 64) }
        let frame = try #require(
            bytes.indices.first { $0 + 1 < bytes.count && bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        let both = bytes[..<frame] + second + bytes[frame...]
        #expect(try scan(Array(both))?.steps.first == [UInt16](repeating: 9, count: 64))
    }

    @Test("Other processes, depths and component counts are left to the library")
    func others() throws {
        for marker in [0xC2, 0xC3, 0xC9, 0xCA, 0xCB] as [UInt8] {
            #expect(try scan(builder { $0.frameMarker = marker }) == nil)
        }
        #expect(try scan(builder { $0.frameMarker = 0xC1 }) != nil)
        #expect(try scan(builder { $0.bitsPerSample = 12 }) == nil)
        #expect(try scan(builder { $0.components = (1...4).map { .init($0) } }) == nil)
        #expect(try scan(builder { $0.components = [.init(1), .init(2)] }) == nil)
    }

    /// A scan header for three components whose fields can be wrong.
    private func header(_ identifiers: [UInt8] = [1, 2, 3], selector: UInt8 = 0, band: [UInt8] = [0, 63, 0]) -> [UInt8]
    {
        JPEGBuilder.segment(0xDA, [UInt8(identifiers.count)] + identifiers.flatMap { [$0, selector] } + band)
    }

    @Test("Scans in another order, of fewer components or of a band are left to the library")
    func scans() throws {
        let bytes = builder { _ in }
        #expect(try scan(replacing(0xDA, in: bytes, by: header())) != nil)
        for other in [
            header([2, 1, 3]), header([1, 2]), header(band: [0, 62, 0]), header(band: [1, 63, 0]),
            header(band: [0, 63, 1]), header(selector: 0x10), header(selector: 0x01), header(selector: 0x03),
        ] {
            #expect(try scan(replacing(0xDA, in: bytes, by: other)) == nil)
        }
    }

    @Test("A table that says more than it has, or is of a number that there is not, is left to the library")
    func tables() throws {
        let bytes = builder { _ in }
        let none = [UInt8](repeating: 0, count: 15)
        for table in [
            [0x00, 2] + none + [0], [0x04, 1] + none + [0], [0x20, 1] + none + [0], [0x00, 1, 0],
            [0x00] + [UInt8](repeating: 255, count: 16) + [UInt8](repeating: 0, count: 300),
        ] as [[UInt8]] {
            #expect(try scan(replacing(0xC4, in: bytes, by: JPEGBuilder.segment(0xC4, table))) == nil)
        }
        for table in [[0x04] + none + [UInt8](repeating: 1, count: 49), [0x00, 1, 2], [0x20] + none] as [[UInt8]] {
            #expect(try scan(replacing(0xDB, in: bytes, by: JPEGBuilder.segment(0xDB, table))) == nil)
        }
        #expect(try scan(replacing(0xDB, in: bytes, by: [])) == nil)
        #expect(try scan(replacing(0xC4, in: bytes, by: [])) == nil)
    }

    @Test("A second scan, a table behind the first, or a marker inside it is left to the library")
    func moreScans() throws {
        let bytes = builder { _ in }
        let end = bytes.count - 2
        let late = JPEGBuilder.segment(0xFE, Array("late".utf8))
        for extra in [header() + [0], JPEGBuilder.segment(0xC4, [0, 1] + [UInt8](repeating: 0, count: 16)), late] {
            #expect(try scan(Array(bytes[..<end] + extra + bytes[end...])) == nil)
        }
    }

    @Test("Segments that end the header early have no scan")
    func noScan() throws {
        #expect(try scan([0xFF, 0xD8]) == nil)
        #expect(try scan([0xFF, 0xD8, 0xFF, 0xD9]) == nil)
        #expect(try scan([0xFF, 0xD8] + header() + [0, 0xFF, 0xD9]) == nil)
        let frame = JPEGBuilder.segment(0xC0, [8, 0, 8, 0, 8, 1, 1, 0x11, 0])
        #expect(try scan([0xFF, 0xD8] + frame + frame + header([1]) + [0, 0xFF, 0xD9]) == nil)
        #expect(try scan([0xFF, 0xD8] + JPEGBuilder.segment(0xDD, [1]) + frame) == nil)
    }

    @Test("A height that is given behind the scan (DNL) is refused by name")
    func lateHeight() throws {
        let frame = JPEGBuilder.segment(0xC0, [8, 0, 0, 0, 30, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
        let bytes = try replacing(0xC0, in: builder { _ in }, by: frame)
        let error = #expect(throws: ImageError.self) { try scan(bytes) }
        #expect(error?.code == .unsupportedFeature && error?.message.contains("DNL") == true)
    }

    @Test("Verification reads every block: what is missing or left over is damage")
    func verify() throws {
        func report(_ bytes: [UInt8]) throws -> DecodeReport? {
            try SequentialSource.verify(ImageSource(bytes: bytes), cancellation: CancellationFlag())
        }
        // 4×3 MCUs of three blocks of two bits.
        let bytes = builder { _ in }
        let scan = try #require(try scan(bytes))
        #expect(scan.data.count == 9)
        let sound = try #require(try report(bytes))
        #expect(!sound.isDamaged && !sound.endedEarly && sound.totalRows == 21 && sound.warnings.isEmpty)
        #expect(try report(Array(bytes.dropLast(2)))?.endedEarly == true)
        var short = bytes
        short.remove(at: scan.data.lowerBound)
        #expect(throws: ImageError.self) { try report(short) }
        for count in [1, 5, 3_000] {
            var long = bytes
            // Zeros or ones would be padding.
            long.insert(contentsOf: [UInt8](repeating: 0x35, count: count), at: scan.data.upperBound)
            let error = #expect(throws: ImageError.self) { try report(long) }
            #expect(error?.code == .corruptInput && error?.message.contains("left behind its last block") == true)
        }
        for byte: UInt8 in [0x00, 0x35] {
            var padded = bytes
            padded.insert(contentsOf: [UInt8](repeating: byte, count: 100_000), at: scan.data.upperBound)
            #expect(throws: ImageError.self) { try report(padded) }
        }
        var padded = bytes
        padded.insert(contentsOf: [UInt8](repeating: 0, count: 8), at: scan.data.upperBound)
        #expect(try report(padded)?.isDamaged == false)
        #expect(try report(builder { $0.frameMarker = 0xC2 }) == nil)
    }
}

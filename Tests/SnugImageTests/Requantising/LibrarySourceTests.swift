// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Coefficients of the files that libjpeg reads for a fit.
@Suite struct LibrarySourceTests {
    private func fixture(_ name: String) throws -> [UInt8] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/JPEG/\(name)", withExtension: "jpg"))
        return [UInt8](try Data(contentsOf: url))
    }

    private func open(
        _ bytes: [UInt8], limits: DecodingLimits = DecodingLimits(), memory: Int = 1 << 28,
        cancellation: CancellationFlag = CancellationFlag()
    ) throws -> LibrarySource? {
        let source = ImageSource(bytes: bytes)
        var reader = JPEGSegmentReader(source)
        while let segment = try reader.next() {
            guard JPEGMarker.isFrame(segment.marker) else { continue }
            let frame = try JPEGFrame(segment, payload: reader.payload(segment))
            return try LibrarySource(
                source, frame: frame, limits: limits, memory: memory, cancellation: cancellation)
        }
        return nil
    }

    @Test(
        "Every coding gives the coefficients that libjpeg has by itself",
        arguments: [
            "420", "411", "440", "gray", "progressive", "arithmetic", "separate-scans", "many-scans", "restart",
        ])
    func coefficients(name: String) throws {
        let bytes = try fixture(name)
        let source = try #require(try open(bytes))
        let expected = JPEGReference.coefficients(of: bytes)
        #expect(expected.contains { $0 != 0 })
        #expect(try source.naturalCoefficients() == expected)
        #expect(try source.naturalCoefficients() == expected, "a second time")
        #expect(source.report.totalRows == 27 && !source.report.isDamaged)
    }

    @Test("Steps are in the order of the file", arguments: ["progressive", "separate-scans"])
    func steps(name: String) throws {
        let bytes = try fixture(name)
        var tables: [Int: [UInt16]] = [:]
        var reader = JPEGSegmentReader(ImageSource(bytes: bytes))
        while let segment = try reader.next(), segment.marker != JPEGMarker.startOfScan {
            guard segment.marker == 0xDB else { continue }
            for table in stride(from: segment.payload.lowerBound, to: segment.payload.upperBound, by: 65) {
                tables[Int(bytes[table])] = bytes[table + 1..<table + 65].map(UInt16.init)
            }
        }
        let source = try #require(try open(bytes))
        let (luma, chroma) = (try #require(tables[0]), try #require(tables[1]))
        #expect(source.steps == [luma, chroma, chroma])
    }

    @Test("Four components are no source", arguments: ["cmyk"])
    func fourComponents(name: String) throws { #expect(try open(try fixture(name)) == nil) }

    @Test("A cut or damaged file is no source: it is decoded to pixels, which tells what is missing")
    func damage() throws {
        let bytes = try fixture("progressive")
        for end in stride(from: bytes.count * 2 / 5, to: bytes.count - 2, by: 37) {
            let source = try? open(Array(bytes[..<end]))
            #expect(source == nil || source?.report.endedEarly == true, "\(end)")
        }
    }

    @Test("More scans than allowed are no source, and neither is too little memory")
    func limits() throws {
        let bytes = try fixture("many-scans")
        #expect(try open(bytes, limits: DecodingLimits(maximumScanCount: 10)) == nil)
        let large = try DrawnImage.jpeg(DrawnImage.scene(width: 700, height: 600), coding: .progressive)
        #expect(try open(large, memory: 1 << 18) == nil)
        #expect(try open(large) != nil)
    }

    @Test("A cancelled reading stops, at the start and between rows")
    func cancelled() throws {
        let cancellation = CancellationFlag()
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 200, height: 200), coding: .progressive)
        let source = try #require(try open(bytes, cancellation: cancellation))
        cancellation.set()
        #expect(throws: CancellationError.self) { try source.readRows { _, _, _ in } }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Coefficients of JPEGs of several scans, against libjpeg's.
@Suite struct MultiScanSourceTests {
    /// Takes the planes' rows.
    private final class Rows: RowSink {
        var planes: [[[UInt8]]] = [[], [], []]
        func receive(_ row: Span<UInt8>, plane: Int) throws { planes[plane].append(row.indices.map { row[$0] }) }
    }

    private static let names = ["progressive", "separate-scans", "many-scans"]

    private func fixture(_ name: String) throws -> [UInt8] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/JPEG/\(name)", withExtension: "jpg"))
        return [UInt8](try Data(contentsOf: url))
    }

    private func open(
        _ bytes: [UInt8], level: KernelLevel = .best, cancellation: CancellationFlag = CancellationFlag()
    ) throws -> MultiScanSource? {
        let source = ImageSource(bytes: bytes)
        return try ScanScript.read(source, limits: DecodingLimits()).flatMap {
            try MultiScanSource(source, script: $0, level: level, cancellation: cancellation)
        }
    }

    /// Where the entropy-coded data of the scans lie.
    private func data(_ bytes: [UInt8]) throws -> [Range<Int>] {
        try #require(try ScanScript.read(ImageSource(bytes: bytes), limits: DecodingLimits())).scans.map(\.data)
    }

    @Test("Every coding gives the coefficients that libjpeg has, at every level", arguments: names)
    func coefficients(name: String) throws {
        let bytes = try fixture(name)
        let expected = JPEGReference.coefficients(of: bytes)
        #expect(expected.contains { $0 != 0 })
        for level in KernelLevel.available {
            let source = try #require(try open(bytes, level: level))
            #expect(try source.naturalCoefficients() == expected)
            #expect(try source.naturalCoefficients() == expected, "a second time")
            #expect(source.report.totalRows == 27 && !source.report.isDamaged && !source.report.endedEarly)
        }
    }

    @Test(
        "Drawn images of every kind give the coefficients that libjpeg has",
        arguments: [false, true], [20.0, 75, 97])
    func drawn(subsamples: Bool, quality: Double) throws {
        for (width, height) in [(1, 1), (17, 9), (200, 131), (333, 64)] {
            for channels in [1, 3] {
                let image = DrawnImage.scene(width: width, height: height, channels: channels, grain: 20, seed: 5)
                let bytes = try DrawnImage.jpeg(image, quality: quality, subsamples: subsamples, coding: .progressive)
                let source = try #require(try open(bytes))
                #expect(try source.naturalCoefficients() == JPEGReference.coefficients(of: bytes))
            }
        }
    }

    @Test("Steps are those that libjpeg reads", arguments: ["progressive", "separate-scans"])
    func steps(name: String) throws {
        let source = try #require(try open(try fixture(name)))
        let library = try #require(try librarySource(try fixture(name)))
        #expect(source.steps == library.steps && source.layout == library.layout)
    }

    private func librarySource(_ bytes: [UInt8]) throws -> LibrarySource? {
        let source = ImageSource(bytes: bytes)
        var reader = JPEGSegmentReader(source)
        while let segment = try reader.next() {
            guard JPEGMarker.isFrame(segment.marker) else { continue }
            return try LibrarySource(
                source, frame: try JPEGFrame(segment, payload: reader.payload(segment)), limits: DecodingLimits(),
                memory: 1 << 28, cancellation: CancellationFlag())
        }
        return nil
    }

    @Test(
        "Other kinds are left to the sequential decoder and to the library", arguments: ["420", "gray", "arithmetic"])
    func others(name: String) throws {
        let source = try open(try fixture(name))
        // One sequential scan of all components is a script as well, and gives the same.
        guard let source else { return }
        #expect(name != "arithmetic")
        #expect(try source.naturalCoefficients() == JPEGReference.coefficients(of: try fixture(name)))
    }

    @Test("Four components are left to the library") func fourComponents() throws {
        #expect(try open(try fixture("cmyk")) == nil)
    }

    @Test("A sample is made of blocks of the image")
    func sample() throws {
        let image = DrawnImage.scene(width: 1500, height: 1100, channels: 3, grain: 10, seed: 3)
        let bytes = try DrawnImage.jpeg(image, quality: 85, subsamples: true, coding: .progressive)
        let source = try #require(try open(bytes))
        #expect(source.layout.blockCount > 0)
        let sample = try source.sample(blocks: 4_000)
        #expect(sample.isWhole == (source.layout.blockCount <= SamplePlan.whole))
        #expect(sample.mcuCount > 0 && sample.layout == source.layout)
    }

    @Test("Data that end early say which scan is cut", arguments: names)
    func truncated(name: String) throws {
        let bytes = try fixture(name)
        for range in try data(bytes) where range.count > 8 {
            let cut = Array(bytes[..<(range.lowerBound + range.count / 2)])
            // With scans missing the script is incomplete, which the library reports; in the last one it is the data.
            let isLast = try data(bytes).last == range
            if !isLast {
                #expect(try open(cut) == nil)
                continue
            }
            let error = #expect(throws: ImageError.self) { try open(cut) }
            #expect(error?.code == .truncatedInput && error?.message.contains("scan") == true)
        }
    }

    @Test(
        "A flipped bit is damage, or one that libjpeg does not see either, with the same coefficients",
        arguments: names)
    func flipped(name: String) throws {
        let bytes = try fixture(name)
        var random = SeededGenerator(seed: 11)
        var seen = 0
        for _ in 0..<150 {
            var damaged = bytes
            let range = try #require(try data(bytes).filter { !$0.isEmpty }.randomElement(using: &random))
            damaged[Int.random(in: range, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            do {
                guard let source = try open(damaged) else { continue }
                #expect(try source.naturalCoefficients() == JPEGReference.coefficients(of: damaged))
            } catch let error as ImageError {
                #expect([.corruptInput, .truncatedInput].contains(error.code))
                seen += 1
            }
        }
        #expect(seen > 20)
    }

    @Test("Bytes behind the last block of a scan are damage")
    func leftover() throws {
        var bytes = try fixture("separate-scans")
        let range = try #require(try data(bytes).first)
        bytes.insert(contentsOf: [0x12, 0x34, 0x56], at: range.upperBound)
        let error = #expect(throws: ImageError.self) { try open(bytes) }
        #expect(error?.message.contains("left behind its last block") == true)
    }

    @Test("A cancelled reading stops")
    func cancelled() throws {
        let cancellation = CancellationFlag()
        cancellation.set()
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 200, height: 200), coding: .progressive)
        #expect(throws: CancellationError.self) { try open(bytes, cancellation: cancellation) }
    }

    @Test(
        "Planes of a progressive file are those of the sequential file with the same coefficients",
        arguments: [1, 2, 3, 4])
    func planes(eighths: Int) throws {
        let image = DrawnImage.scene(width: 203, height: 117, channels: 3, grain: 10, seed: 9)
        let bytes = try DrawnImage.jpeg(image, quality: 80, subsamples: true, coding: .progressive)
        let source = try #require(try open(bytes))
        let sequential = ImageSource(bytes: try source.file(isProgressive: false))
        let scan = try #require(try SequentialScan.read(sequential))
        let other = try #require(
            try SequentialSource(sequential, scan: scan, isNatural: true, cancellation: CancellationFlag()))
        let demand = PixelDemand(isPlanar: true, eighths: eighths)
        let streams = [
            JPEGScaledStream(source, isNatural: false, demand: demand),
            JPEGScaledStream(other, isNatural: true, demand: demand),
        ]
        let planes = try streams.map { stream in
            let sink = Rows()
            try #require(stream).run(into: sink)
            return sink.planes
        }
        #expect(planes[0] == planes[1] && planes[0].allSatisfy { !$0.isEmpty })
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct JPEGEncoderTests {
    private static var scene: Plane { DrawnImage.scene(width: 150, height: 110, grain: 4) }

    @Test(
        "The probe recognises the quality of every file", arguments: [1, 10, 35, 50, 51, 60, 75, 85, 90, 95, 99, 100])
    func quality(quality: Int) throws {
        let header = try probe(try DrawnImage.jpeg(Self.scene, quality: Double(quality)))
        #expect(header.estimatedQuality == quality)
    }

    @Test("More quality takes more bytes and loses less")
    func order() throws {
        var previous: (bytes: Int, loss: Double)?
        for quality in stride(from: 20.0, through: 100, by: 10) {
            let bytes = try DrawnImage.jpeg(Self.scene, quality: quality, subsamples: false)
            let loss = DrawnImage.difference(try DrawnImage.decoded(bytes), Self.scene)
            if let previous { #expect(bytes.count > previous.bytes && loss < previous.loss) }
            previous = (bytes.count, loss)
        }
        #expect((previous?.loss ?? 9) < 1.2)
    }

    @Test("Each coding has its frame header, and all decode to one image")
    func codings() throws {
        let optimized = try DrawnImage.jpeg(Self.scene, quality: 80)
        let progressive = try DrawnImage.jpeg(Self.scene, quality: 80, coding: .progressive)
        #expect(try probe(optimized).jpegProcess == .baseline)
        #expect(try probe(progressive).jpegProcess == .progressive)
        #expect(DrawnImage.difference(try DrawnImage.decoded(optimized), try DrawnImage.decoded(progressive)) == 0)
    }

    @Test("Chroma is stored at the resolution asked for", arguments: [true, false])
    func chroma(subsamples: Bool) throws {
        let header = try probe(try DrawnImage.jpeg(Self.scene, subsamples: subsamples))
        #expect(header.chromaSubsampling == (subsamples ? .s420 : .s444) && header.colourModel == .ycbcr)
    }

    @Test("Gray images have one component")
    func gray() throws {
        let plane = DrawnImage.scene(width: 61, height: 47, channels: 1)
        let bytes = try DrawnImage.jpeg(plane, quality: 95)
        #expect(try probe(bytes).colourModel == .gray)
        #expect(DrawnImage.difference(try DrawnImage.decoded(bytes), plane) < 3)
    }

    @Test("Every size from 1×1 on encodes and decodes", arguments: [1, 2, 7, 8, 9, 15, 16, 17, 33], [1, 3, 16, 31])
    func sizes(width: Int, height: Int) throws {
        for subsamples in [true, false] {
            let bytes = try DrawnImage.jpeg(
                DrawnImage.scene(width: width, height: height, grain: 0), quality: 90, subsamples: subsamples)
            let decoded = try DrawnImage.decoded(bytes)
            #expect(decoded.width == width && decoded.height == height)
        }
    }

    @Test("One input gives one output, byte for byte", arguments: [JPEGEncoder.Coding.optimized, .progressive])
    func deterministic(coding: JPEGEncoder.Coding) throws {
        #expect(
            try DrawnImage.jpeg(Self.scene, quality: 77.3, coding: coding)
                == DrawnImage.jpeg(Self.scene, quality: 77.3, coding: coding))
    }

    @Test("Segments stand before the image, in their order")
    func segments() throws {
        let comment = MetadataSegment(marker: 0xFE, payload: Array("first".utf8))
        let bytes = try DrawnImage.jpeg(Self.scene, segments: [comment, DrawnImage.exif(.rotated180)])
        var reader = JPEGSegmentReader(ImageSource(bytes: bytes))
        var markers: [UInt8] = []
        while let segment = try reader.next(), segment.marker != JPEGMarker.startOfScan {
            markers.append(segment.marker)
        }
        let own = try #require(markers.firstIndex(of: 0xFE))
        #expect(markers[own + 1] == 0xE1)
        #expect(own < (markers.firstIndex(of: 0xC0) ?? 0))
        #expect(try probe(bytes).orientation == .rotated180)
    }

    @Test(
        "A byte limit ends the encode as soon as it is passed, and one that suffices does not",
        arguments: [true, false])
    func byteLimit(isProgressive: Bool) throws {
        let coding: JPEGEncoder.Coding = isProgressive ? .progressive : .optimized
        let size = try DrawnImage.jpeg(Self.scene, quality: 85, coding: coding).count
        for (limit, fits) in [(size, true), (size - 1, false), (100, false)] {
            let sink = try JPEGEncodingSink(
                JPEGEncoder.Settings(
                    width: 150, height: 110, isGray: false, subsamplesChroma: true, quality: 85, coding: coding,
                    byteLimit: limit), cancellation: CancellationFlag())
            let planar = PlanarSink(.interleaved(width: 150, height: 110, channels: 3))
            for y in 0..<110 { try planar.receive(Self.scene.row(y), plane: 0) }
            let target = RasterShape.planar(width: 150, height: 110, isGray: false, subsamplesChroma: true)
            let flag = CancellationFlag()
            try PixelSupply.resize(planar.raster, to: target, cancellation: flag).send(to: sink, cancellation: flag)
            #expect(try sink.finish() == fits, "\(limit) of \(size)")
            if fits { #expect(sink.byteCount == size) }
        }
    }

    @Test("A cancelled encoder stops")
    func cancelled() throws {
        let flag = CancellationFlag()
        let sink = try JPEGEncodingSink(
            JPEGEncoder.Settings(
                width: 800, height: 600, isGray: true, subsamplesChroma: false, quality: 85, coding: .optimized,
                byteLimit: .max / 2), cancellation: flag)
        flag.set()
        let plane = DrawnImage.scene(width: 800, height: 600, channels: 1)
        #expect(throws: CancellationError.self) {
            for y in 0..<600 { try sink.receive(plane.row(y), plane: 0) }
            _ = try sink.finish()
        }
    }
}

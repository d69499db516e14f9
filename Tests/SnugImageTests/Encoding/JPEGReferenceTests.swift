// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Encoder, decoder and recoder against libjpeg as its own examples use it.
@Suite struct JPEGReferenceTests {
    private func reference(_ plane: Plane) -> JPEGReference.Plane {
        JPEGReference.Plane(
            width: plane.width, height: plane.height,
            samples: (0..<plane.height).flatMap { y in
                let row = plane.row(y)
                return row.indices.map { row[$0] }
            })
    }

    private func raster(width: Int, height: Int, channels: Int, subsamples: Bool) throws -> Raster {
        let scene = DrawnImage.scene(width: width, height: height, channels: channels, grain: 18)
        let planar = PlanarSink(.interleaved(width: width, height: height, channels: channels))
        for y in 0..<height { try planar.receive(scene.row(y), plane: 0) }
        return try PixelSupply.resize(
            planar.raster,
            to: .planar(width: width, height: height, isGray: channels == 1, subsamplesChroma: subsamples),
            cancellation: CancellationFlag())
    }

    private func encode(_ raster: Raster, quality: Double, coding: JPEGEncoder.Coding = .optimized) throws -> [UInt8] {
        let sink = try JPEGEncodingSink(
            JPEGEncoder.Settings(
                width: raster.shape.width, height: raster.shape.height, isGray: raster.planes.count == 1,
                subsamplesChroma: !raster.shape.hasFullChroma, quality: quality, coding: coding, byteLimit: .max / 2),
            cancellation: CancellationFlag())
        try raster.send(to: sink, cancellation: CancellationFlag())
        #expect(try sink.finish())
        return sink.bytes()
    }

    @Test("The quantisation tables of all hundred qualities are libjpeg's", arguments: 1...100)
    func tables(quality: Int) {
        #expect(
            QuantizationTable.luma(quality: Double(quality)).values
                == JPEGReference.table(quality: quality, isChroma: false))
        #expect(
            QuantizationTable.chroma(quality: Double(quality)).values
                == JPEGReference.table(quality: quality, isChroma: true))
    }

    @Test(
        "An encoded file is libjpeg's byte for byte, also where padding begins", arguments: [16, 17, 31, 47], [8, 33])
    func encoder(width: Int, height: Int) throws {
        for (channels, subsamples) in [(3, true), (3, false), (1, false)] {
            for quality in [50, 77, 95] {
                let raster = try raster(width: width, height: height, channels: channels, subsamples: subsamples)
                let expected = JPEGReference.encode(raster.planes.map(reference), quality: quality)
                #expect(!expected.isEmpty)
                #expect(try encode(raster, quality: Double(quality)) == expected)
            }
        }
    }

    @Test("Planes are decoded as libjpeg decodes them", arguments: [true, false], [8, 40, 75])
    func decoder(subsamples: Bool, width: Int) throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: width, height: 61), subsamples: subsamples)
        var decoder = try JPEGDecoder.open(
            ImageSource(bytes: bytes), limits: DecodingLimits(), memory: 1 << 28, cancellation: CancellationFlag())
        try decoder.start(output: .planar)
        var planes = decoder.components.map {
            JPEGReference.Plane(width: $0.width, height: $0.height, samples: [])
        }
        while planes[0].samples.count < planes[0].width * planes[0].height {
            try decoder.readBand()
            for (index, component) in decoder.components.enumerated() {
                for row in 0..<component.bandRows
                where planes[index].samples.count < component.width * component.height {
                    let band = decoder.bandRow(component: index, row: row)
                    planes[index].samples += band.indices.map { band[$0] }
                }
            }
        }
        for index in planes.indices {
            #expect(planes[index] == JPEGReference.plane(index, of: bytes), "component \(index)")
        }
    }

    @Test(
        "Recompression keeps every coefficient, whatever the coding",
        arguments: [JPEGEncoder.Coding.optimized, .progressive], [(3, true), (3, false), (1, false)])
    func recoder(coding: JPEGEncoder.Coding, kind: (channels: Int, subsamples: Bool)) throws {
        let raster = try raster(width: 150, height: 91, channels: kind.channels, subsamples: kind.subsamples)
        let bytes = try encode(raster, quality: 88, coding: coding)
        let recoded = try #require(
            try JPEGRecoder.recode(
                ImageSource(bytes: bytes), segments: [], byteLimit: .max / 2, limits: DecodingLimits(),
                memory: 1 << 28, cancellation: CancellationFlag()))
        let expected = JPEGReference.coefficients(of: bytes)
        #expect(expected.contains { $0 != 0 })
        #expect(JPEGReference.coefficients(of: recoded) == expected)
    }

    @Test("A recompressed file carries the segments that it is given, in their order, and none of its own")
    func recodedSegments() throws {
        let own = MetadataSegment(marker: 0xE1, payload: Array("own".utf8))
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 64, height: 48), segments: [own])
        let given = [
            MetadataSegment(marker: 0xE1, payload: Array("first".utf8)),
            MetadataSegment(marker: 0xE2, payload: [UInt8](repeating: 9, count: 65_533)),
            MetadataSegment(marker: 0xFE, payload: Array("third".utf8)),
        ]
        let recoded = try #require(
            try JPEGRecoder.recode(
                ImageSource(bytes: bytes), segments: given, byteLimit: .max / 2, limits: DecodingLimits(),
                memory: 1 << 28, cancellation: CancellationFlag()))
        var segments = JPEGSegmentReader(ImageSource(bytes: recoded))
        var found: [MetadataSegment] = []
        while let segment = try segments.next(), segment.marker != JPEGMarker.startOfScan {
            guard JPEGMarker.isApplication(segment.marker) || segment.marker == JPEGMarker.comment else { continue }
            guard segment.marker != 0xE0 else { continue }  // JFIF
            found.append(MetadataSegment(marker: segment.marker, payload: try segments.payload(segment).bytes))
        }
        #expect(found == given)
    }

    @Test("A recompressed file over its limit is none, and one byte more is enough")
    func recodedLimit() throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 120, height: 80))
        func recode(_ limit: Int) throws -> [UInt8]? {
            try JPEGRecoder.recode(
                ImageSource(bytes: bytes), segments: [], byteLimit: limit, limits: DecodingLimits(), memory: 1 << 28,
                cancellation: CancellationFlag())
        }
        let size = try #require(try recode(.max / 2)).count
        #expect(try recode(size)?.count == size)
        #expect(try recode(size - 1) == nil)
    }

    @Test("A damaged file is never recompressed", arguments: [0.3, 0.6, 0.95])
    func recodedDamage(share: Double) throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 200, height: 150))
        let cut = Array(bytes.prefix(Int(Double(bytes.count) * share)))
        let error = #expect(throws: ImageError.self) {
            try JPEGRecoder.recode(
                ImageSource(bytes: cut), segments: [], byteLimit: .max / 2, limits: DecodingLimits(), memory: 1 << 28,
                cancellation: CancellationFlag())
        }
        #expect(error?.code == .truncatedInput)
    }

    @Test("A cancelled recompression stops")
    func recodedCancelled() throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 900, height: 700))
        let cancellation = CancellationFlag()
        cancellation.set()
        #expect(throws: CancellationError.self) {
            try JPEGRecoder.recode(
                ImageSource(bytes: bytes), segments: [], byteLimit: .max / 2, limits: DecodingLimits(),
                memory: 1 << 28, cancellation: cancellation)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Pixels prepared for an encoder: resized, turned upright, held or streamed.
@Suite struct PixelSupplyTests {
    private func reader(_ bytes: [UInt8]) throws -> ImageReader {
        let source = ImageSource(bytes: bytes)
        return ImageReader(
            source: source, header: try ImageProbe.header(of: source), policy: FitPolicy(), memory: 1 << 28,
            cache: ColourConversionCache(), cancellation: CancellationFlag())
    }

    private func sent(_ supply: PixelSupply) throws -> [[[UInt8]]] {
        let recorder = RowRecorder()
        try supply.send(to: recorder)
        return supply.shape.planes.indices.map { recorder.plane($0) }
    }

    /// Where the upright pixel (x, y) of an image stands in the stored one (EXIF 2.32, tag 0x0112).
    private func stored(_ orientation: Orientation, _ x: Int, _ y: Int, width: Int, height: Int) -> (Int, Int) {
        switch orientation {
        case .upright: (x, y)
        case .mirrored: (width - 1 - x, y)
        case .rotated180: (width - 1 - x, height - 1 - y)
        case .flipped: (x, height - 1 - y)
        case .transposed: (y, x)
        case .rotated90: (y, height - 1 - x)
        case .transversed: (width - 1 - y, height - 1 - x)
        case .rotated270: (width - 1 - y, x)
        }
    }

    @Test(
        "Held or streamed, turned pixels are the stored ones in their places", arguments: Orientation.allCases,
        [1, 3, 4])
    func turned(orientation: Orientation, channels: Int) throws {
        let plane = DrawnImage.scene(width: 23, height: 14, channels: channels, grain: 60)
        let bytes = try DrawnImage.png(plane)
        let demand = PixelDemand(isPlanar: false)
        let upright = orientation.swapsAxes ? (14, 23) : (23, 14)
        let target = RasterShape.interleaved(width: upright.0, height: upright.1, channels: channels)
        let source = rows(of: plane)
        for supply in [
            try PixelSupply.holding(try reader(bytes), demand: demand),
            try PixelSupply.streaming(try reader(bytes), demand: demand),
        ] {
            let prepared = try supply.prepared(target, orientation: orientation)
            #expect(prepared.shape == target)
            let found = try sent(prepared)[0]
            for y in 0..<upright.1 {
                for x in 0..<upright.0 {
                    let (column, row) = stored(orientation, x, y, width: 23, height: 14)
                    let pixel = found[y][x * channels..<(x + 1) * channels]
                    #expect(pixel == source[row][column * channels..<(column + 1) * channels])
                }
            }
        }
    }

    @Test("Held and streamed pixels are resized alike, by the resampler's definition", arguments: Orientation.allCases)
    func resized(orientation: Orientation) throws {
        let plane = DrawnImage.scene(width: 40, height: 31, grain: 40)
        let bytes = try DrawnImage.png(plane)
        let upright = OrientationTransform.upright(plane, orientation: orientation)
        let (width, height) = orientation.swapsAxes ? (17, 25) : (25, 17)
        let raster = TestRaster(
            width: upright.width, height: upright.height, channels: 3, samples: Array(rows(of: upright).joined()))
        let expected = ReferenceResampler().resize(raster, width, height)
        let target = RasterShape.interleaved(width: width, height: height, channels: 3)
        let demand = PixelDemand(isPlanar: false)
        for supply in [
            try PixelSupply.holding(try reader(bytes), demand: demand),
            try PixelSupply.streaming(try reader(bytes), demand: demand),
        ] {
            let samples = try sent(try supply.prepared(target, orientation: orientation))[0]
            let found = TestRaster(width: width, height: height, channels: 3, samples: Array(samples.joined()))
            #expect(found.distance(to: expected) <= 1)
        }
    }

    @Test("The planes of a JPEG are turned and halved like its pixels", arguments: Orientation.allCases)
    func planes(orientation: Orientation) throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 33, height: 22), subsamples: false)
        let stored = try PixelSupply.holding(try reader(bytes), demand: PixelDemand(isPlanar: true))
        let raster = try #require(stored.heldRaster)
        let (width, height) = orientation.swapsAxes ? (22, 33) : (33, 22)
        for subsamples in [false, true] {
            let target = RasterShape.planar(width: width, height: height, isGray: false, subsamplesChroma: subsamples)
            let prepared = try stored.prepared(target, orientation: orientation)
            let lean = try PixelSupply.streaming(try reader(bytes), demand: PixelDemand(isPlanar: true))
                .prepared(target, orientation: orientation)
            let found = try sent(prepared)
            #expect(try sent(lean) == found)
            #expect(found[0] == rows(of: OrientationTransform.upright(raster.planes[0], orientation: orientation)))
            guard !subsamples else {
                #expect(found[1].count == (height + 1) / 2 && found[1][0].count == (width + 1) / 2)
                continue
            }
            #expect(found[2] == rows(of: OrientationTransform.upright(raster.planes[2], orientation: orientation)))
        }
    }

    @Test("A supply of the right shape is used as it is, and can be sent again and again")
    func same() throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 30, height: 20))
        for supply in [
            try PixelSupply.holding(try reader(bytes), demand: PixelDemand(isPlanar: true)),
            try PixelSupply.streaming(try reader(bytes), demand: PixelDemand(isPlanar: true)),
        ] {
            #expect(try supply.prepared(supply.shape, orientation: .upright) === supply)
            #expect(try sent(supply) == sent(supply))
            #expect(supply.report.totalRows == 20 && !supply.report.isDamaged)
        }
    }

    @Test("Damage ends holding and streaming with the same error, and recovery reports it")
    func damage() throws {
        let whole = try DrawnImage.jpeg(DrawnImage.scene(width: 160, height: 120), quality: 90)
        let bytes = Array(whole.prefix(whole.count / 2))
        let demand = PixelDemand(isPlanar: true)
        let held = #expect(throws: ImageError.self) { try PixelSupply.holding(try reader(bytes), demand: demand) }
        let streamed = #expect(throws: ImageError.self) {
            try PixelSupply.streaming(try reader(bytes), demand: demand).send(to: RowRecorder())
        }
        #expect(held?.code == .truncatedInput && streamed?.code == .truncatedInput)
        let source = ImageSource(bytes: bytes)
        let patient = ImageReader(
            source: source, header: try ImageProbe.header(of: source), policy: FitPolicy(recoversPartialImages: true),
            memory: 1 << 28, cache: ColourConversionCache(), cancellation: CancellationFlag())
        let supply = try PixelSupply.holding(patient, demand: demand)
        #expect(supply.report.isDamaged && supply.heldRaster?.planes[0].height == 120)
    }

    @Test("A cancelled resize stops")
    func cancelled() throws {
        let raster = Raster(.planar(width: 300, height: 300, isGray: true, subsamplesChroma: false))
        let cancellation = CancellationFlag()
        cancellation.set()
        #expect(throws: CancellationError.self) {
            try PixelSupply.resize(
                raster, to: .planar(width: 30, height: 30, isGray: true, subsamplesChroma: false),
                cancellation: cancellation)
        }
    }
}

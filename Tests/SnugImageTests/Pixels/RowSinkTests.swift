// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

/// Notes every row that it receives.
final class RowRecorder: RowSink {
    private(set) var rows: [(plane: Int, samples: [UInt8])] = []

    func receive(_ row: Span<UInt8>, plane: Int) throws { rows.append((plane, row.indices.map { row[$0] })) }

    /// The rows of one plane, top to bottom.
    func plane(_ index: Int) -> [[UInt8]] { rows.filter { $0.plane == index }.map(\.samples) }
}

/// A plane whose samples are given row by row.
func plane(_ rows: [[UInt8]], channels: Int = 1) -> Plane {
    let plane = Plane(width: rows[0].count / channels, height: rows.count, channels: channels)
    for (y, samples) in rows.enumerated() {
        var row = plane.mutableRow(y)
        for (x, sample) in samples.enumerated() { row[x] = sample }
    }
    return plane
}

/// The rows of a plane.
func rows(of plane: Plane) -> [[UInt8]] {
    (0..<plane.height).map { y in
        let row = plane.row(y)
        return row.indices.map { row[$0] }
    }
}

/// The small sinks that images pass through.
@Suite struct RowSinkTests {
    private func send(_ rows: [[UInt8]], plane: Int = 0, to sink: any RowSink) throws {
        for row in rows { try sink.receive(row.span, plane: plane) }
    }

    @Test("A mirror reverses the pixels of every plane by its own channels", arguments: 1...4)
    func mirror(channels: Int) throws {
        let recorder = RowRecorder()
        let sink = MirrorSink(.interleaved(width: 3, height: 2, channels: channels), next: recorder)
        let pixels = (0..<3).map { pixel in (0..<channels).map { UInt8(10 * pixel + $0) } }
        try send([Array(pixels.joined())], to: sink)
        #expect(recorder.plane(0) == [Array(pixels.reversed().joined())])
    }

    @Test("A mirror keeps the planes apart")
    func mirrorPlanes() throws {
        let recorder = RowRecorder()
        let sink = MirrorSink(
            .planar(width: 4, height: 2, isGray: false, subsamplesChroma: true), next: recorder)
        try send([[1, 2, 3, 4]], plane: 0, to: sink)
        try send([[5, 6]], plane: 2, to: sink)
        try send([[7, 8]], plane: 1, to: sink)
        #expect(recorder.plane(0) == [[4, 3, 2, 1]])
        #expect(recorder.plane(1) == [[8, 7]] && recorder.plane(2) == [[6, 5]])
    }

    @Test("A store keeps the rows of each plane and ignores those too many")
    func store() throws {
        let store = RasterStore(.planar(width: 2, height: 2, isGray: false, subsamplesChroma: true))
        try send([[1, 2], [3, 4], [9, 9]], plane: 0, to: store)
        try send([[5], [9]], plane: 1, to: store)
        try send([[6]], plane: 2, to: store)
        #expect(store.raster.planes.map(rows(of:)) == [[[1, 2], [3, 4]], [[5]], [[6]]])
    }

    @Test("Gray and alpha become luma without the alpha")
    func planarGrayAlpha() throws {
        let sink = PlanarSink(.interleaved(width: 3, height: 2, channels: 2))
        try send([[1, 255, 2, 255, 3, 255], [4, 255, 5, 255, 6, 255]], to: sink)
        #expect(sink.raster.planes.map(rows(of:)) == [[[1, 2, 3], [4, 5, 6]]])
        #expect(sink.raster.shape.model == .gray)
    }

    @Test("Gray stays what it is")
    func planarGray() throws {
        let sink = PlanarSink(.interleaved(width: 3, height: 1, channels: 1))
        try send([[7, 8, 9]], to: sink)
        #expect(sink.raster.planes.map(rows(of:)) == [[[7, 8, 9]]])
    }

    /// JFIF's formula in double precision.
    private func yCbCr(_ red: Double, _ green: Double, _ blue: Double) -> [Double] {
        let luma = 0.299 * red + 0.587 * green + 0.114 * blue
        return [luma, 128 + (blue - luma) / 1.772, 128 + (red - luma) / 1.402]
    }

    @Test("Colours become JFIF's luma and chroma, the fourth sample ignored", arguments: [3, 4])
    func planarColour(channels: Int) throws {
        var noise = SampleNoise(seed: 5)
        let samples = noise.bytes(64 * channels)
        let sink = PlanarSink(.interleaved(width: 64, height: 1, channels: channels))
        try send([samples], to: sink)
        #expect(sink.raster.planes.count == 3)
        let planes = sink.raster.planes.map { rows(of: $0)[0] }
        for x in 0..<64 {
            let pixel = samples[x * channels..<x * channels + 3].map(Double.init)
            let expected = yCbCr(pixel[0], pixel[1], pixel[2])
            for index in 0..<3 { #expect(abs(Double(planes[index][x]) - expected[index]) <= 0.51) }
        }
    }
}

/// Whole images in memory.
@Suite struct RasterTests {
    private func raster(width: Int, height: Int, subsamples: Bool) -> Raster {
        let raster = Raster(.planar(width: width, height: height, isGray: false, subsamplesChroma: subsamples))
        for (index, plane) in raster.planes.enumerated() {
            for y in 0..<plane.height {
                var row = plane.mutableRow(y)
                for x in row.indices { row[x] = UInt8(truncatingIfNeeded: index * 100 + y * 10 + x) }
            }
        }
        return raster
    }

    @Test("All rows are sent, in order, the planes in step", arguments: [1, 2, 3, 7, 130], [true, false])
    func send(height: Int, subsamples: Bool) throws {
        let raster = raster(width: 5, height: height, subsamples: subsamples)
        let recorder = RowRecorder()
        try raster.send(to: recorder, cancellation: CancellationFlag())
        for index in 0..<3 { #expect(recorder.plane(index) == rows(of: raster.planes[index])) }
        // Chroma is never more than a row of its own, and the row of luma just sent, apart from luma.
        var sent = [0, 0, 0]
        for (plane, _) in recorder.rows {
            sent[plane] += 1
            let share = Double(sent[1]) / Double(raster.planes[1].height) - Double(sent[0]) / Double(height)
            #expect(abs(share) <= 1.0 / Double(raster.planes[1].height) + 1.0 / Double(height) + 1e-9)
        }
    }

    @Test("A cancelled image is not sent")
    func cancelled() {
        let cancellation = CancellationFlag()
        cancellation.set()
        let recorder = RowRecorder()
        #expect(throws: CancellationError.self) {
            try raster(width: 2, height: 2, subsamples: false).send(to: recorder, cancellation: cancellation)
        }
        #expect(recorder.rows.isEmpty)
    }

    @Test("Turning turns every plane and the shape", arguments: Orientation.allCases)
    func upright(orientation: Orientation) {
        let stored = raster(width: 7, height: 4, subsamples: true)
        let upright = stored.upright(orientation)
        #expect(upright.shape == (orientation.swapsAxes ? stored.shape.transposed : stored.shape))
        for (plane, shape) in zip(upright.planes, upright.shape.planes) {
            #expect(plane.width == shape.width && plane.height == shape.height)
        }
        for (before, after) in zip(stored.planes, upright.planes) {
            #expect(rows(of: before).joined().sorted() == rows(of: after).joined().sorted())
        }
    }

    @Test("The bytes of a shape are those of its planes, rows rounded up to 64")
    func byteCount() {
        #expect(RasterShape.interleaved(width: 65, height: 10, channels: 1).byteCount == 1280)
        #expect(RasterShape.interleaved(width: 64, height: 10, channels: 1).byteCount == 640)
        #expect(
            RasterShape.planar(width: 100, height: 50, isGray: false, subsamplesChroma: true).byteCount
                == 128 * 50 + 2 * 64 * 25)
        #expect(RasterShape.planar(width: 100, height: 50, isGray: true, subsamplesChroma: true).planes.count == 1)
    }

    @Test("A shape turned twice is itself, and full chroma is known by its size")
    func shapes() {
        let half = RasterShape.planar(width: 7, height: 4, isGray: false, subsamplesChroma: true)
        #expect(half.transposed.transposed == half && half.transposed != half)
        #expect(half.planes[1].width == 4 && half.planes[1].extentWidth == 3.5)
        #expect(!half.hasFullChroma && half.transposed.planes[1].extentHeight == 3.5)
        #expect(RasterShape.planar(width: 7, height: 4, isGray: false, subsamplesChroma: false).hasFullChroma)
        #expect(!RasterShape.planar(width: 7, height: 4, isGray: true, subsamplesChroma: false).hasFullChroma)
    }

    @Test("Rows begin at multiples of 64 bytes and do not touch each other", arguments: [1, 63, 64, 65], 1...4)
    func strides(width: Int, channels: Int) {
        let plane = Plane(width: width, height: 3, channels: channels)
        #expect(plane.stride.isMultiple(of: 64) && plane.stride >= width * channels)
        for y in 0..<3 {
            var row = plane.mutableRow(y)
            #expect(row.count == width * channels)
            for x in row.indices { row[x] = UInt8(y + 1) }
        }
        #expect(rows(of: plane).enumerated().allSatisfy { y, row in row.allSatisfy { $0 == UInt8(y + 1) } })
    }

    @Test("A row outside the plane traps")
    func trap() async {
        await #expect(processExitsWith: .failure) {
            let plane = Plane(width: 2, height: 2)
            _ = plane.row(2)[0]
        }
    }

    @Test("Working memory is zero, aligned, and as long as asked", arguments: [0, 1, 31, 1000])
    func aligned(count: Int) {
        var samples = AlignedSamples<Int16>(count: count)
        #expect(samples.count == count)
        let isAligned = unsafe samples.withPointer { Int(bitPattern: $0).isMultiple(of: 64) }
        #expect(isAligned)
        var sum = 0
        for index in samples.span.indices { sum += Int(samples.span[index]) }
        #expect(sum == 0)
        var span = samples.mutableSpan
        for index in span.indices { span[index] = 3 }
        sum = 0
        for index in samples.span.indices { sum += Int(samples.span[index]) }
        #expect(sum == 3 * count)
    }

    @Test("Copying takes as many samples as both have", arguments: [0, 1, 3, 5])
    func copy(count: Int) {
        var target: [UInt8] = [9, 9, 9]
        var span = target.mutableSpan
        span.copy(from: [UInt8](repeating: 1, count: count).span)
        #expect(target == (0..<3).map { $0 < count ? 1 : 9 })
    }
}

// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import SnugImage

@Suite struct PlaneResamplerTests {
    /// Source and target sizes: reducing, enlarging, both at once, sides of one pixel, whole and broken ratios.
    static let shapes: [[Int]] = [
        [64, 48, 32, 24], [100, 75, 37, 28], [97, 61, 96, 60], [97, 61, 98, 62], [33, 21, 100, 7], [7, 100, 21, 33],
        [1, 1, 1, 1], [1, 1, 9, 5], [9, 5, 1, 1], [1, 50, 1, 20], [50, 1, 20, 1], [2, 2, 3, 3], [5, 4, 64, 64],
        [300, 200, 205, 137], [640, 3, 17, 2], [513, 9, 7, 9], [40, 300, 33, 3],
    ]

    @Test("Every channel count at every ratio is within one of double precision", arguments: shapes, 1...4)
    func matchesDoublePrecision(shape: [Int], channels: Int) throws {
        let raster = TestRaster(
            noise: UInt64(shape[0] + channels), width: shape[0], height: shape[1], channels: channels)
        let expected = ReferenceResampler().resize(raster, shape[2], shape[3])
        #expect(try raster.resized(shape[2], shape[3]).distance(to: expected) <= 1)
    }

    @Test("Premultiplied colours are within one of double precision where anything shows", arguments: shapes, [2, 4])
    func matchesDoublePrecisionWithAlpha(shape: [Int], channels: Int) throws {
        let raster = TestRaster(
            noise: UInt64(shape[1] + channels), width: shape[0], height: shape[1], channels: channels)
        let expected = ReferenceResampler().resize(raster, shape[2], shape[3], alpha: true)
        let actual = try raster.resized(shape[2], shape[3], alpha: .last)
        let last = channels - 1
        for pixel in 0..<shape[2] * shape[3] {
            let a = Array(actual.samples[pixel * channels..<(pixel + 1) * channels])
            let b = Array(expected.samples[pixel * channels..<(pixel + 1) * channels])
            #expect(abs(Int(a[last]) - Int(b[last])) <= 1)
            // A colour's weight in any later composition is its opacity, so this is what can be seen of an error.
            // Half a value on top of one: the premultiplied samples are rounded too, to 1/64.
            for c in 0..<last where shape != [1, 1, 1, 1] {
                #expect(abs(Int(a[c]) - Int(b[c])) * Int(b[last]) <= 255 + 127, "pixel \(pixel)")
            }
        }
    }

    @Test("A ratio of hundreds keeps its precision")
    func hugeRatio() throws {
        let raster = TestRaster(noise: 5, width: 4000, height: 11)
        let expected = ReferenceResampler().resize(raster, 7, 2)
        #expect(try raster.resized(7, 2).distance(to: expected) <= 1)
    }

    @Test("All instruction sets give the same bytes", arguments: shapes, 1...4)
    func levelsAgree(shape: [Int], channels: Int) throws {
        let raster = TestRaster(noise: 77, width: shape[0], height: shape[1], channels: channels)
        for alpha in channels.isMultiple(of: 2) ? [AlphaHandling.none, .last] : [.none] {
            let portable = try raster.resized(shape[2], shape[3], alpha: alpha, level: .portable)
            for level in KernelLevel.available {
                #expect(try raster.resized(shape[2], shape[3], alpha: alpha, level: level) == portable)
            }
        }
    }

    @Test("A flat image stays flat", arguments: shapes)
    func flatStaysFlat(shape: [Int]) throws {
        for value in [0, 1, 127, 254, 255] as [UInt8] {
            let raster = TestRaster(width: shape[0], height: shape[1], channels: 3) { _, _ in
                [value, 255 - value, value]
            }
            let result = try raster.resized(shape[2], shape[3])
            #expect(
                result
                    == TestRaster(width: shape[2], height: shape[3], channels: 3) { _, _ in [value, 255 - value, value]
                    })
        }
    }

    @Test("The same size and extent passes through untouched, hidden colours included")
    func identity() throws {
        let raster = TestRaster(noise: 3, width: 37, height: 23, channels: 4)
        #expect(try raster.resized(37, 23, alpha: .last) == raster)
    }

    @Test("Where one side keeps its size, that side is not filtered")
    func identityAlongOneSide() throws {
        let raster = TestRaster(width: 40, height: 30) { _, y in [y.isMultiple(of: 2) ? 255 : 0] }
        #expect(
            try raster.resized(13, 30) == TestRaster(width: 13, height: 30) { _, y in [y.isMultiple(of: 2) ? 255 : 0] })
    }

    @Test("A ramp about the centre stays about the centre", arguments: [3, 20, 50, 77, 101, 230])
    func rampStaysCentred(target: Int) throws {
        let raster = TestRaster(width: 101, height: 1) { x, _ in [UInt8(27 + 2 * x)] }
        let row = try raster.resized(target, 1).samples
        for i in 0..<target {
            #expect(abs(Int(row[i]) + Int(row[target - 1 - i]) - 254) <= 1, "pixel \(i)")
        }
    }

    @Test("A point in the middle stays in the middle")
    func impulseStaysCentred() throws {
        let raster = TestRaster(width: 9, height: 9) { x, y in [x == 4 && y == 4 ? 255 : 0] }
        let result = try raster.resized(27, 27).samples
        #expect(result[13 * 27 + 13] == 255)
        for i in 0..<27 {
            #expect(abs(Int(result[13 * 27 + i]) - Int(result[13 * 27 + 26 - i])) <= 1)
            #expect(abs(Int(result[i * 27 + 13]) - Int(result[(26 - i) * 27 + 13])) <= 1)
        }
    }

    @Test("Chroma of an odd-sized image covers half its size, not the plane's")
    func chromaExtent() throws {
        // 101 × 75 at 4:2:0 stores 51 × 38; the last column and row lie half outside the image.
        let plane = TestRaster(noise: 11, width: 51, height: 38)
        let extent = SourceExtent(width: 50.5, height: 37.5)
        let expected = ReferenceResampler().resize(plane, 30, 22, extent: extent)
        let actual = try plane.resized(30, 22, extent: extent)
        #expect(actual.distance(to: expected) <= 1)
        #expect(try plane.resized(30, 22).distance(to: expected) > 1)
    }

    @Test("An extent may begin inside the plane")
    func offsetExtent() throws {
        let plane = TestRaster(noise: 12, width: 60, height: 50)
        let extent = SourceExtent(x: 7.25, y: 3.5, width: 40.5, height: 30)
        let expected = ReferenceResampler().resize(plane, 23, 31, extent: extent)
        #expect(try plane.resized(23, 31, extent: extent).distance(to: expected) <= 1)
    }

    @Test("Hidden black around a bright shape leaves no dark fringe")
    func noDarkFringe() throws {
        let raster = TestRaster(width: 64, height: 64, channels: 4) { x, y in
            (x - 32) * (x - 32) + (y - 32) * (y - 32) < 400 ? [250, 200, 30, 255] : [0, 0, 0, 0]
        }
        let result = try raster.resized(23, 23, alpha: .last).samples
        var edges = 0
        for i in stride(from: 0, to: result.count, by: 4) where result[i + 3] > 0 {
            edges += result[i + 3] < 255 ? 1 : 0
            let error = zip(result[i..<i + 3], [250, 200, 30]).map { abs(Int($0) - $1) }.max()
            #expect(error ?? 0 <= 1)
        }
        #expect(edges > 20)
    }

    @Test("Opaque pixels come out as they do without alpha")
    func opaqueAlphaChangesNothing() throws {
        var raster = TestRaster(noise: 21, width: 83, height: 47, channels: 4)
        for i in stride(from: 3, to: raster.samples.count, by: 4) { raster.samples[i] = 255 }
        #expect(try raster.resized(29, 31, alpha: .last) == raster.resized(29, 31))
    }

    @Test("What emit throws ends the push")
    func emitErrorsPass() throws {
        var resampler = PlaneResampler(sourceWidth: 2, sourceHeight: 1, channels: 1, targetWidth: 1, targetHeight: 1)
        let row: [UInt8] = [1, 2]
        var caught: ImageError?
        do throws(ImageError) {
            try resampler.push(row.span) { _, _ throws(ImageError) in throw ImageError(.diskFull, "full") }
        } catch { caught = error }
        #expect(caught?.code == .diskFull)
    }
}

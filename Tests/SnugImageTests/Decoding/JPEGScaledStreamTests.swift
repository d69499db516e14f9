// SPDX-License-Identifier: Apache-2.0
import RealModule
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Planes at a reduced size by the own transforms, against the transform by its definition.
@Suite struct JPEGScaledStreamTests {
    /// Takes the planes' rows.
    private final class Rows: RowSink {
        var planes: [[[UInt8]]] = [[], [], []]
        func receive(_ row: Span<UInt8>, plane: Int) throws { planes[plane].append(row.indices.map { row[$0] }) }
    }

    private func reader(_ bytes: [UInt8], recovers: Bool = false) throws -> ImageReader {
        let source = ImageSource(bytes: bytes)
        var policy = FitPolicy()
        policy.recoversPartialImages = recovers
        return ImageReader(
            source: source, header: try ImageProbe.header(of: source, limits: DecodingLimits()), policy: policy,
            memory: 1 << 28, cache: ColourConversionCache(), cancellation: CancellationFlag())
    }

    private func stream(_ bytes: [UInt8], _ demand: PixelDemand, level: KernelLevel = .best) throws -> JPEGScaledStream?
    {
        let reader = try reader(bytes)
        return try SequentialScan.read(reader.source).flatMap {
            try JPEGScaledStream(reader, scan: $0, demand: demand, level: level)
        }
    }

    private func rows(_ stream: JPEGScaledStream) throws -> [[[UInt8]]] {
        let rows = Rows()
        try stream.run(into: rows)
        return rows.planes
    }

    /// The share of frequency `u` in each of `side` samples: means of eight samples where the side divides eight, else
    /// the transform of the lowest frequencies.
    private func basis(_ u: Int, side: Int) -> [Double] {
        let scale = u == 0 ? (1.0 / 8).squareRoot() : 0.5
        func wave(_ x: Int, of count: Int) -> Double {
            scale * .cos((2 * Double(x) + 1) * Double(u) * .pi / Double(2 * count))
        }
        guard 8.isMultiple(of: side) else { return (0..<side).map { u < side ? wave($0, of: side) : 0 } }
        let width = 8 / side
        return (0..<side).map { x in
            (0..<width).reduce(0.0) { $0 + wave(x * width + $1, of: 8) } / Double(width)
        }
    }

    /// A component's samples before they are clamped.
    private func expected(_ held: HeldCoefficients, component: Int, side: ScaledSides.Side) throws -> [[Double]] {
        let shape = held.layout.components[component]
        let steps = ReferenceTransform.natural(try #require(held.steps)[component]).map(Double.init)
        let all = try held.naturalCoefficients()
        let before = held.layout.components[..<component].reduce(0) { $0 + $1.blocksAcross * $1.blocksDown * 64 }
        let across = (0..<8).map { basis($0, side: side.across) }
        let down = (0..<8).map { basis($0, side: side.down) }
        return (0..<shape.blocksDown * side.down).map { y in
            (0..<shape.blocksAcross * side.across).map { x in
                let start = before + (y / side.down * shape.blocksAcross + x / side.across) * 64
                var sum = 128.0
                for place in 0..<64 where all[start + place] != 0 {
                    sum +=
                        Double(all[start + place]) * steps[place] * down[place / 8][y % side.down]
                        * across[place % 8][x % side.across]
                }
                return sum
            }
        }
    }

    @Test(
        "Every component of every sampling is the transform of its blocks, at every level",
        arguments: [1, 2, 3, 4], [false, true])
    func planes(eighths: Int, halvesChroma: Bool) throws {
        for layout in sampleLayouts {
            let held = HeldCoefficients.random(layout, seed: UInt64(eighths), density: 0.3)
            let bytes = try held.file(isProgressive: false)
            let demand = PixelDemand(isPlanar: true, eighths: eighths, halvesChroma: halvesChroma)
            guard let scaled = ScaledSides(layout, eighths: eighths, halvesChroma: halvesChroma) else {
                #expect(try stream(bytes, demand) == nil)
                continue
            }
            let planes = try rows(try #require(try stream(bytes, demand)))
            for (index, side) in scaled.sides.enumerated() {
                let wanted = try expected(held, component: index, side: side)
                let shape = scaled.shape(layout).planes[index]
                #expect(planes[index].count == shape.height && planes[index].allSatisfy { $0.count == shape.width })
                for (y, row) in planes[index].enumerated() {
                    for (x, sample) in row.enumerated() {
                        // Rounded to the nearest, but for sums in single precision.
                        #expect(abs(Double(sample) - min(max(wanted[y][x], 0), 255)) <= 0.51, "\(index): \(x), \(y)")
                    }
                }
            }
            for level in KernelLevel.available {
                #expect(try rows(try #require(try stream(bytes, demand, level: level))) == planes)
            }
        }
    }

    @Test("Luma has the side asked for; chroma has half of luma's resolution where that is enough, else what it gives")
    func sides() throws {
        func sides(_ sampling: [(Int, Int)], _ eighths: Int, halves: Bool) -> [[Int]]? {
            ScaledSides(
                BlockLayout(width: 90, height: 70, sampling: sampling.map { (horizontal: $0.0, vertical: $0.1) }),
                eighths: eighths, halvesChroma: halves)?.sides.map { [$0.across, $0.down] }
        }
        let (s420, s422, s444) = ([(2, 2), (1, 1), (1, 1)], [(2, 1), (1, 1), (1, 1)], [(1, 1), (1, 1), (1, 1)])
        #expect(sides(s420, 4, halves: false) == [[4, 4], [8, 8], [8, 8]])
        #expect(sides(s420, 4, halves: true) == [[4, 4], [4, 4], [4, 4]])
        #expect(sides(s420, 3, halves: false) == [[3, 3], [6, 6], [6, 6]])
        #expect(sides(s420, 3, halves: true) == [[3, 3], [3, 3], [3, 3]])
        #expect(sides(s422, 4, halves: false) == [[4, 4], [4, 4], [4, 4]])
        #expect(sides(s422, 4, halves: true) == [[4, 4], [4, 2], [4, 2]])
        #expect(sides(s444, 2, halves: true) == [[2, 2], [1, 1], [1, 1]])
        // No transform, or nothing to halve: as fine as luma.
        #expect(sides(s444, 1, halves: true) == [[1, 1], [1, 1], [1, 1]])
        #expect(sides(s444, 5, halves: false) == nil)
        #expect(sides([(1, 1), (2, 2), (1, 1)], 4, halves: false) == nil)
    }

    @Test("Planes have the sides and the content that the library's have", arguments: [1, 2, 3, 4, 8])
    func library(eighths: Int) throws {
        for subsamples in [false, true] {
            let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 171, height: 93), subsamples: subsamples)
            let reader = try reader(bytes)
            func planes(usesLibrary: Bool) throws -> (shape: RasterShape, rows: [[[UInt8]]], isOwn: Bool) {
                let stream = try reader.open(PixelDemand(isPlanar: true, eighths: eighths, usesLibrary: usesLibrary))
                let rows = Rows()
                try stream.run(into: rows)
                return (stream.shape, rows.planes, stream is JPEGScaledStream)
            }
            let own = try planes(usesLibrary: false)
            let other = try planes(usesLibrary: true)
            #expect(own.isOwn && !other.isOwn && own.shape == other.shape)
            for (rows, others) in zip(own.rows, other.rows) {
                let differences = zip(rows.joined(), others.joined()).map { abs(Int($0) - Int($1)) }
                #expect(rows.count == others.count && differences.max() ?? 0 <= 2)
            }
        }
    }

    @Test("Damage is an error, and images to be salvaged and progressive ones are the library's")
    func others() throws {
        let scene = DrawnImage.scene(width: 200, height: 160)
        let bytes = try DrawnImage.jpeg(scene, quality: 90)
        let demand = PixelDemand(isPlanar: true, eighths: 4)
        let cut = try #require(try stream(Array(bytes.prefix(bytes.count / 2)), demand))
        let error = #expect(throws: ImageError.self) { try rows(cut) }
        #expect(error?.code == .truncatedInput && error?.settings == [.recovery])
        #expect(try JPEGScaledStream.open(reader(bytes, recovers: true), demand: demand, warnings: []) == nil)
        let progressive = try DrawnImage.jpeg(scene, coding: .progressive)
        #expect(try JPEGScaledStream.open(reader(progressive), demand: demand, warnings: []) == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct TurnedSourceTests {
    private static func source(_ bytes: [UInt8]) throws -> any CoefficientSource {
        let source = ImageSource(bytes: bytes)
        let scan = try #require(try SequentialScan.read(source))
        return try #require(try SequentialSource(source, scan: scan, cancellation: CancellationFlag()))
    }

    /// Blocks of all components in the order of rows.
    private static func blocks(_ source: any CoefficientSource) throws -> [[Int16]] {
        var blocks: [[Int16]] = source.layout.components.map { _ in [] }
        try source.readRows { rows, _, _ in
            for (index, component) in source.layout.components.enumerated() {
                for v in 0..<component.vertical {
                    let count = source.layout.mcusAcross * component.horizontal * 64
                    unsafe rows.withBlocks(component: index, row: v) {
                        unsafe blocks[index] += UnsafeBufferPointer(start: $0, count: count)
                    }
                }
            }
        }
        return blocks
    }

    private static func inverse(_ orientation: Orientation) -> Orientation {
        switch orientation {
        case .rotated90: .rotated270
        case .rotated270: .rotated90
        default: orientation
        }
    }

    @Test("A turn and its inverse give every coefficient back", arguments: Orientation.allCases, [false, true])
    func inverse(orientation: Orientation, subsamples: Bool) throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 96, height: 64, grain: 9), subsamples: subsamples)
        let base = try Self.source(bytes)
        let turned = try #require(try TurnedSource(base, orientation: orientation))
        #expect(turned.layout.width == (orientation.swapsAxes ? 64 : 96))
        let back = try #require(try TurnedSource(turned, orientation: Self.inverse(orientation)))
        #expect(try Self.blocks(back) == Self.blocks(base))
        #expect(back.steps == base.steps)
        if orientation != .upright { #expect(try Self.blocks(turned) != Self.blocks(base)) }
    }

    @Test("Sides that end inside an MCU are not reversed", arguments: Orientation.allCases)
    func partialEdges(orientation: Orientation) throws {
        let base = try Self.source(try DrawnImage.jpeg(DrawnImage.scene(width: 90, height: 61), subsamples: true))
        let isLossless = orientation == .upright || orientation == .transposed
        #expect(try (TurnedSource(base, orientation: orientation) != nil) == isLossless)
    }

    @Test("A turned JPEG becomes upright and loses no more than an upright one", arguments: [false, true])
    func upright(subsamples: Bool) async throws {
        let scene = DrawnImage.scene(width: 160, height: 128, grain: 5)
        let fitter = ImageFitter(configuration: .init(memory: 1 << 28, threads: 1))
        var uprightLoss = 0.0
        for orientation in Orientation.allCases {
            let input = try DrawnImage.jpeg(
                scene, quality: 95, subsamples: subsamples, segments: [DrawnImage.exif(orientation)])
            let image = try await fitter.fit(
                ImageSource(bytes: input), limits: Limits(byteLimit: input.count * 7 / 10), policy: FitPolicy())
            let output = image.bytes(of: input)
            #expect(image.byteCount >= input.count * 65 / 100)
            #expect(try ImageProbe.header(of: ImageSource(bytes: output)).orientation == .upright)
            let loss = DrawnImage.difference(try DrawnImage.decoded(output), try DrawnImage.decoded(input))
            if orientation == .upright { uprightLoss = loss }
            #expect(loss < uprightLoss * 1.1 + 0.05, "\(orientation)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// The encoder by itself: what its settings promise, read back by the decoder that Pillow's pixels vouch for.
@Suite(.enabled(if: ImageFormat.webp.isDecodable)) struct WebPEncoderTests {
    private func encode(
        _ plane: Plane, _ mode: WebPEncoder.Mode, method: Int = 2, byteLimit: Int = .max,
        cancellation: CancellationFlag = CancellationFlag()
    ) throws -> [UInt8]? {
        try WebPEncoder.encode(plane, mode: mode, method: method, byteLimit: byteLimit, cancellation: cancellation)
    }

    /// A lossy file of colour and alpha.
    private func lossy(
        _ plane: Plane, quality: Double, alphaQuality: Int = 100, hasSharpChroma: Bool = false
    ) throws -> [UInt8] {
        let mode = WebPEncoder.Mode.colour(quality: quality, hasSharpChroma: hasSharpChroma)
        let colour = try #require(try encode(plane, mode))
        let alpha = try #require(try encode(plane, .alpha(quality: alphaQuality)))
        return try WebPContainer.joined(colour: colour, alpha: alpha, width: plane.width, height: plane.height)
    }

    /// RGBA of a plane.
    private func rgba(_ plane: Plane) -> [UInt8] {
        (0..<plane.height).flatMap { y -> [UInt8] in
            let row = plane.row(y)
            return (0..<plane.width).flatMap { x -> [UInt8] in
                let pixel = (0..<plane.channels).map { row[x * plane.channels + $0] }
                return switch plane.channels {
                case 1: [pixel[0], pixel[0], pixel[0], 255]
                case 2: [pixel[0], pixel[0], pixel[0], pixel[1]]
                case 3: pixel + [255]
                default: pixel
                }
            }
        }
    }

    /// Gray or colour, with alpha or without, from a scene with both.
    private func plane(_ channels: Int) -> Plane {
        let scene = DrawnImage.scene(width: 53, height: 37, channels: 4, grain: 9)
        let plane = Plane(width: 53, height: 37, channels: channels)
        for y in 0..<37 {
            let source = scene.row(y)
            var row = plane.mutableRow(y)
            for x in 0..<53 {
                for channel in 0..<channels {
                    let isAlpha = channel == channels - 1 && channels.isMultiple(of: 2)
                    row[x * channels + channel] = source[x * 4 + (isAlpha ? 3 : channel)]
                }
            }
        }
        return plane
    }

    private func difference(_ bytes: [UInt8]?, _ plane: Plane) throws -> Int {
        let (samples, channels, _) = try FixtureFolder.decoded(try #require(bytes))
        return FixtureFolder.difference(samples, channels, rgba(plane), expectedChannels: 4)
    }

    @Test(
        "Without loss every pixel that shows comes back, of gray and colours, with alpha and without", arguments: 1...4)
    func lossless(channels: Int) throws {
        let plane = plane(channels)
        let bytes = try encode(plane, .lossless(nearLossless: 100))
        #expect(try difference(bytes, plane) == 0)
        #expect(try probe(try #require(bytes)).hasAlpha == channels.isMultiple(of: 2))
    }

    @Test("Nearly without loss is near, the less so the lower the level", arguments: [3, 4])
    func nearLossless(channels: Int) throws {
        let plane = plane(channels)
        var previous = 0
        // Levels 80, 60 … drop one bit more each (libwebp's near_lossless_enc.c).
        for (level, most) in [(80, 2), (60, 4), (40, 8)] {
            let difference = try difference(encode(plane, .lossless(nearLossless: level)), plane)
            #expect(difference <= most && difference >= previous, "\(level)")
            previous = difference
        }
    }

    @Test("A higher quality is larger and nearer to the image")
    func quality() throws {
        let plane = plane(3)
        var last = (bytes: 0, loss: Double.infinity)
        for quality in [10.0, 40, 70, 95] {
            let bytes = try lossy(plane, quality: quality)
            let loss = DrawnImage.difference(try DrawnImage.decoded(bytes), plane)
            #expect(bytes.count > last.bytes && loss < last.loss)
            last = (bytes.count, loss)
        }
    }

    @Test("Alpha of full quality is exact in a lossy image; of less it takes fewer bytes")
    func alphaQuality() throws {
        let plane = plane(4)
        var random = SeededGenerator(seed: 5)
        for y in 0..<plane.height {
            var row = plane.mutableRow(y)
            for x in 0..<plane.width { row[x * 4 + 3] = .random(in: 0...255, using: &random) }
        }
        let full = try lossy(plane, quality: 50)
        let samples = try FixtureFolder.decoded(full).samples
        #expect(stride(from: 3, to: samples.count, by: 4).allSatisfy { samples[$0] == plane.row($0 / 212)[$0 % 212] })
        #expect(try lossy(plane, quality: 50, alphaQuality: 20).count < full.count)
    }

    @Test("Alpha is none of colour's, and where no pixel shows through there is no alpha to join")
    func parts() throws {
        let plane = plane(4)
        let colour = try #require(try encode(plane, .colour(quality: 80, hasSharpChroma: true)))
        #expect(try !probe(colour).hasAlpha)
        let joined = try lossy(plane, quality: 80, hasSharpChroma: true)
        let header = try probe(joined)
        let report = try StructureWalk.report(of: ImageSource(bytes: joined), header: header)
        #expect(header.hasAlpha && report.trailingByteCount == 0)
        let opaque = self.plane(3)
        let alone = try #require(try encode(opaque, .colour(quality: 80, hasSharpChroma: true)))
        #expect(try lossy(opaque, quality: 80, hasSharpChroma: true) == alone)
    }

    @Test("What transparent areas hide costs nothing: they are flat in the file")
    func hidden() throws {
        let plane = DrawnImage.scene(width: 96, height: 64, channels: 4, grain: 20)
        let shown = try lossy(plane, quality: 80).count
        for y in 0..<plane.height {
            var row = plane.mutableRow(y)
            for x in 0..<plane.width { row[x * 4 + 3] = 0 }
        }
        #expect(try lossy(plane, quality: 80).count < shown / 4)
    }

    @Test("A file of as many bytes as the limit is made, and one byte less gives none", arguments: [true, false])
    func limit(isLossless: Bool) throws {
        let plane = plane(4)
        let mode: WebPEncoder.Mode =
            isLossless ? .lossless(nearLossless: 100) : .colour(quality: 60, hasSharpChroma: true)
        let bytes = try #require(try encode(plane, mode))
        #expect(try encode(plane, mode, byteLimit: bytes.count) == bytes)
        for limit in [bytes.count - 1, bytes.count / 2, 1, 0, -5] {
            #expect(try encode(plane, mode, byteLimit: limit) == nil)
        }
    }

    @Test("A cancelled encode stops, and sides that no WebP has are refused")
    func refused() throws {
        let flag = CancellationFlag()
        flag.set()
        #expect(throws: CancellationError.self) {
            try encode(plane(3), .lossless(nearLossless: 100), cancellation: flag)
        }
        let error = #expect(throws: ImageError.self) {
            try encode(Plane(width: 16_384, height: 1, channels: 3), .lossless(nearLossless: 100))
        }
        #expect(error?.code == .codecFailed)
    }
}

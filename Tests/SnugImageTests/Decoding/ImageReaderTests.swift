// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct ImageReaderTests {
    private struct Missing: Error {}

    private func fixture(_ name: String) throws -> [UInt8] {
        guard let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil) else { throw Missing() }
        return [UInt8](try Data(contentsOf: folder.appendingPathComponent("JPEG/\(name)")))
    }

    @Test(
        "Every kind of JPEG decodes to what Pillow makes of it",
        arguments: [
            "444", "422", "420", "440", "411", "gray", "rgb", "progressive", "arithmetic", "restart", "separate-scans",
            "cmyk",
        ])
    func kinds(name: String) throws {
        let plane = try DrawnImage.decoded(try fixture(name + ".jpg"))
        let expected = try fixture(name + ".rgb")
        #expect(plane.width == 37 && plane.height == 27)
        var worst = 0
        for y in 0..<plane.height {
            let row = plane.row(y)
            for x in 0..<plane.width {
                for channel in 0..<3 {
                    let value = Int(row[x * plane.channels + min(channel, plane.channels - 1)])
                    worst = max(worst, abs(value - Int(expected[(y * 37 + x) * 3 + channel])))
                }
            }
        }
        #expect(worst <= 2)
    }

    @Test(
        "Planes go through a fit as well as pixels do",
        arguments: ["444", "422", "420", "440", "gray", "rgb", "cmyk"])
    func planar(name: String) async throws {
        let input = try fixture(name + ".jpg")
        let image = try await ImageFitter().fit(
            ImageSource(bytes: input), limits: Limits(maximumSide: 36), policy: FitPolicy(chroma: .s444))
        #expect(image.width == 36 && image.height == 26)
        // Against the interleaved way: decode, resize, compare.
        let direct = try DrawnImage.decoded(input)
        let resized = try PixelSupply.resize(
            Raster(.interleaved(width: 37, height: 27, channels: direct.channels), planes: [direct]),
            to: .interleaved(width: 36, height: 26, channels: direct.channels), cancellation: CancellationFlag())
        #expect(DrawnImage.difference(try DrawnImage.decoded(image.bytes(of: input)), resized.planes[0]) < 3)
    }

    @Test("An image of more scans than allowed is refused before they are decoded")
    func scans() throws {
        let source = ImageSource(bytes: try fixture("many-scans.jpg"))
        let limits = DecodingLimits(maximumScanCount: 20)
        var decoder = try JPEGDecoder.open(source, limits: limits, memory: 1 << 24, cancellation: CancellationFlag())
        do {
            try decoder.start(output: .rgb)
            Issue.record("64 scans were decoded")
        } catch let error as ImageError {
            #expect(error.code == .limitExceeded)
        }
    }

    @Test(
        "Cut anywhere, a JPEG is an error or an image, never a crash",
        arguments: ["420", "progressive", "arithmetic", "cmyk"])
    func truncation(name: String) throws {
        let bytes = try fixture(name + ".jpg")
        for count in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: ImageError.self) { try DrawnImage.decoded(Array(bytes.prefix(count))) }
            do {
                _ = try DrawnImage.decoded(Array(bytes.prefix(count)), policy: FitPolicy(recoversPartialImages: true))
            } catch { #expect(error is ImageError) }
        }
    }

    @Test("Random damage is an error or an image, never a crash", arguments: UInt64(0)..<200)
    func damage(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let names = ["420", "progressive", "arithmetic", "cmyk", "restart", "separate-scans"]
        var bytes = try fixture((names.randomElement(using: &random) ?? "420") + ".jpg")
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        do {
            _ = try DrawnImage.decoded(bytes, policy: FitPolicy(recoversPartialImages: seed.isMultiple(of: 2)))
        } catch { #expect(error is ImageError) }
    }
}

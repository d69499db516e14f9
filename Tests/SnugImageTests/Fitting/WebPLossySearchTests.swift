// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

@Suite(.enabled(if: ImageFormat.webp.isDecodable)) struct WebPLossySearchTests {
    private func search(_ plane: Plane, isOpaque: Bool, policy: FitPolicy = FitPolicy()) throws -> WebPLossySearch {
        WebPLossySearch(
            try FitContext.drawn(plane, byteLimit: 1_000_000, policy: policy), isOpaque: isOpaque, isGraphic: false)
    }

    @Test("The best quality of one size uses the limit, with alpha and without", arguments: [3, 4], [4_000, 9_000])
    func uses(channels: Int, limit: Int) throws {
        let plane = DrawnImage.scene(width: 300, height: 220, channels: channels, grain: 12)
        let outcome = try search(plane, isOpaque: channels == 3).best(plane, limit: limit, leastQuality: 0)
        let bytes = try #require(outcome.bytes)
        #expect(bytes.count <= limit && Double(bytes.count) >= 0.93 * Double(limit), "\(bytes.count)")
        #expect(try probe(bytes).hasAlpha == (channels == 4) && outcome.quality > 0)
    }

    @Test("Alpha gives bytes up to colour only where colour is coarse")
    func alpha() throws {
        let plane = DrawnImage.scene(width: 300, height: 220, channels: 4, grain: 12)
        let search = try search(plane, isOpaque: false)
        let fine = try search.best(plane, limit: 60_000, leastQuality: 0)
        #expect(fine.alphaQuality == 100 && fine.quality >= 75)
        let samples = try FixtureFolder.decoded(try #require(fine.bytes)).samples
        let isExact = (0..<plane.height).allSatisfy { y in
            let row = plane.row(y)
            return (0..<plane.width).allSatisfy { samples[(y * plane.width + $0) * 4 + 3] == row[$0 * 4 + 3] }
        }
        #expect(isExact)
    }

    @Test("A large image is encoded whole once or twice, after tiles have told the quality")
    func large() throws {
        let plane = DrawnImage.scene(width: 2400, height: 2000, grain: 12)
        let search = try search(plane, isOpaque: true, policy: FitPolicy(effort: .fast))
        let outcome = try search.best(plane, limit: 400_000, leastQuality: 0)
        let bytes = try #require(outcome.bytes)
        #expect(bytes.count <= 400_000 && bytes.count > 370_000 && outcome.encodes <= 3, "\(bytes.count)")
        #expect(outcome.smallestBytes != nil)
    }

    @Test("Tiles that need fewer pixels spare the encode of the whole, and nothing is said to be measured")
    func spared() throws {
        let plane = DrawnImage.scene(width: 2400, height: 2000, grain: 20)
        let search = try search(plane, isOpaque: true, policy: FitPolicy(effort: .fast))
        let outcome = try search.best(plane, limit: 20_000, leastQuality: 22)
        #expect(outcome.bytes == nil && outcome.smallestBytes == nil && outcome.landingBytes > 20_000)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import SnugImage

@Suite struct PillowComparisonTests {
    private func raster(_ name: String, _ width: Int, _ height: Int) throws -> TestRaster {
        let file = "Fixtures/resampling/\(name)-\(width)x\(height)"
        let url = try #require(Bundle.module.url(forResource: file, withExtension: "rgb"))
        return TestRaster(width: width, height: height, channels: 3, samples: [UInt8](try Data(contentsOf: url)))
    }

    @Test("Lanczos-3 is within two of Pillow's", arguments: [[23, 17], [41, 44], [90, 31], [60, 9]])
    func matchesPillow(size: [Int]) throws {
        let expected = try raster("pillow", size[0], size[1])
        let actual = try raster("source", 60, 44).resized(size[0], size[1])
        #expect(actual.distance(to: expected) <= 2)
    }
}

// SPDX-License-Identifier: Apache-2.0
import RealModule
import Testing

@testable import SnugImage

@Suite struct WebPQualitySearchTests {
    /// Searches an encoder whose files grow exponentially with the quality.
    private func search(
        limit: Int, growth: Double, ceiling: Double = 95
    ) -> (search: WebPQualitySearch, encodes: Int) {
        var search = WebPQualitySearch(limit: limit, ceiling: ceiling)
        var encodes = 0
        while let quality = search.next {
            encodes += 1
            #expect(quality >= 0 && quality <= ceiling)
            let bytes = Int(1000 * Double.exp(quality * growth))
            search.note(quality: quality, [UInt8](repeating: 0, count: bytes))
        }
        return (search, encodes)
    }

    @Test(
        "The highest quality within the limit is found in few encodes", arguments: [0.015, 0.022, 0.035],
        [1_100, 2_000, 4_000, 9_000])
    func found(growth: Double, limit: Int) {
        let (search, encodes) = search(limit: limit, growth: growth)
        // The quality whose bytes are the limit, by the formula.
        let best = min(Double.log(Double(limit) / 1000) / growth, 95)
        #expect(search.bytes.map { $0.count <= limit } == true && encodes <= 8)
        #expect(best - search.quality < 3 && search.quality <= best + 0.1)
    }

    @Test("A good first quality is all that is tried, and tells the bytes where pixels are given up")
    func expected() {
        var search = WebPQualitySearch(limit: 5_000, ceiling: 95, first: 72)
        #expect(search.next == 72)
        search.note(quality: 72, [UInt8](repeating: 0, count: 4_900))
        #expect(search.next == nil && search.quality == 72)
        #expect(abs(search.landingBytes / (4_900 * Double.exp(-0.022 * 27)) - 1) < 0.001)
        var modest = WebPQualitySearch(limit: 5_000, ceiling: 95, first: 72, wantedUse: 0.8)
        modest.note(quality: 72, [UInt8](repeating: 0, count: 4_100))
        #expect(modest.next == nil && modest.bytes?.count == 4_100)
    }

    @Test("Nothing fits under the smallest file, whose bytes are told")
    func outOfReach() {
        let (search, _) = search(limit: 900, growth: 0.022)
        #expect(search.bytes == nil && search.quality == 0)
        #expect(search.smallestBytes >= 1000 && search.landingBytes > Double(search.smallestBytes))
    }

    @Test("The ceiling is kept, and found at once where all fits", arguments: [30.0, 45, 80])
    func ceiling(ceiling: Double) {
        let (search, encodes) = search(limit: 1_000_000, growth: 0.022, ceiling: ceiling)
        #expect(search.quality == ceiling && encodes <= 2)
    }
}

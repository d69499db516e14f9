// SPDX-License-Identifier: Apache-2.0
import RealModule
import Testing

@testable import SnugImage

@Suite struct SizeSearchTests {
    /// An image whose bytes at a scale of the steps go with a power of the side.
    private func search(
        bytesAtFullSize: Double, power: Double, target: Double, finest: Double = 0.5
    ) -> (share: Double, scale: Double, use: Double) {
        var search = SizeSearch(target: target, hasCeiling: finest > 0.5, fullSizeIsTooLarge: false)
        var share = 1.0
        var scale = 0.0
        var use = 0.0
        for _ in 0..<8 {
            func bytes(_ scale: Double) -> Double {
                bytesAtFullSize * Double.pow(share, power) * Double.pow(scale, -0.75)
            }
            scale = max(Double.pow(bytes(1) / target, 1 / 0.75), finest)
            use = bytes(scale) / target
            // Without λ a file has about a tenth more bytes.
            let result = ModelSearch.Result(
                model: RateModel(scale: scale), bytes: bytes(scale), low: 1, high: 1,
                isFinest: scale <= finest && use < 0.9, isAtFinestSteps: scale <= finest)
            guard
                let next = search.next(
                    after: share, result: result,
                    looksBest: { result.model.scale <= SizeChoice.coarsestAtFullSize }, bytes: bytes)
            else { break }
            share = next
        }
        return (share, scale, use)
    }

    @Test("What fits with fine steps keeps its size", arguments: [1.0, 2, 3])
    func keeps(factor: Double) {
        #expect(search(bytesAtFullSize: 1_000_000 * Double.pow(factor, 0.75), power: 1.6, target: 1_000_000).share == 1)
    }

    @Test(
        "Pixels are given up until steps are as coarse as looks best, however bytes go with the side",
        arguments: [0.3, 0.1, 0.03, 0.003], [1.2, 1.6, 2.0, 3.0])
    func lands(budget: Double, power: Double) {
        let found = search(bytesAtFullSize: 10_000_000, power: power, target: 10_000_000 * budget)
        #expect(found.scale < 12 && (found.share == 1 || found.scale > 0.5))
    }

    @Test(
        "Where a ceiling forbids finer steps, pixels are not given up for them, and the limit is used",
        arguments: [3.0, 6, 12], [1.3, 1.6, 2.0])
    func ceiling(finest: Double, power: Double) {
        let atFinest = 1_000_000 * Double.pow(finest, -0.75)
        #expect(
            search(bytesAtFullSize: 1_000_000, power: power, target: atFinest * 1.3, finest: finest).share == 1)
        for budget in [0.7, 0.5, 0.2, 0.05] {
            let found = search(
                bytesAtFullSize: 1_000_000, power: power, target: atFinest * budget, finest: finest)
            #expect(found.use >= 0.9, "\(budget): \(found)")
        }
    }

    @Test("Exact fractions are taken where they are near")
    func fractions() {
        #expect(SizeChoice.snapped(0.52) == 0.5 && SizeChoice.snapped(0.3) == 0.375 && SizeChoice.snapped(0.7) == 0.7)
    }

    @Test("Between a size with bytes to spare and one that is too large lies the next, until they are as good as one")
    func between() throws {
        var search = SizeSearch(target: 1_000, fullSizeIsTooLarge: true)
        let larger = search.larger(than: 0.25)
        #expect(larger == 0.5)
        let smaller = search.smaller(than: 0.5)
        let between = try #require(smaller)
        #expect(between > 0.25 && between < 0.5)
        let near = search.larger(than: 0.496)
        #expect(near == nil)
        var unknown = SizeSearch(target: 1_000, fullSizeIsTooLarge: false)
        let (above, below) = (unknown.larger(than: 0.5), unknown.smaller(than: 0.4))
        #expect(above == nil && below == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
import RealModule
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct QualitySearchTests {
    /// Bytes as a smooth function of quality, and a prediction that is off by a factor.
    private func run(
        limit: Int, range: ClosedRange<Double>, error: Double, bytes: (Double) -> Int
    ) -> (QualitySearch, QualitySearch.Action) {
        var search = QualitySearch(limit: limit, range: range)
        var correction = error
        func predicted(_ target: Double) -> Double? {
            var best: Double?
            for step in 0...1000 {
                let quality = range.lowerBound + (range.upperBound - range.lowerBound) * Double(step) / 1000
                if Double(bytes(quality)) * correction <= target { best = quality }
            }
            return best
        }
        var action = search.start(predicted: predicted(search.byteTarget))
        while case .encode(let quality) = action {
            let size = bytes(quality)
            correction = 1
            let target = search.byteTarget
            action = search.encoded(quality: quality, bytes: size <= limit + limit / 8 ? size : nil) {
                predicted(target)
            }
        }
        return (search, action)
    }

    @Test("The result uses the limit and is never over, however wrong the prediction", arguments: UInt64(0)..<60)
    func fits(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let steepness = Double.random(in: 1.5...4, using: &random)
        let limit = Int.random(in: 10_000...5_000_000, using: &random)
        let middle = Double.random(in: 55...94, using: &random)
        func bytes(_ quality: Double) -> Int { Int(Double(limit) * .pow(quality / middle, steepness * 4)) }
        let (search, action) = run(
            limit: limit, range: 50...95, error: Double.random(in: 0.8...1.25, using: &random), bytes: bytes)
        #expect(action == .finish)
        let quality = search.bestQuality ?? 0
        #expect(bytes(quality) <= limit)
        #expect(Double(bytes(quality)) >= 0.95 * Double(limit))
        #expect(search.encodes <= 7)
    }

    @Test("What fits at the ceiling is encoded once")
    func ceiling() {
        let (search, action) = run(limit: 1000, range: 50...95, error: 1) { _ in 10 }
        #expect(action == .finish && search.encodes == 1 && search.bestQuality == 95)
    }

    @Test("What is over even at the floor is said to be, with its size")
    func floor() {
        let (_, action) = run(limit: 1000, range: 50...95, error: 1) { 1000 + Int($0) }
        #expect(action == .tooLarge(smallest: 1050))
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

@Suite struct SteppedSearchTests {
    private func search(
        _ width: Int, _ height: Int, bytes: Int, limit: Int, keepsSize: Bool = false, floor: Int = 50
    ) -> SteppedSearch {
        SteppedSearch(
            width: width, height: height, inputBytes: bytes, limit: limit,
            policy: FitPolicy(strategy: .stepped, keepsSize: keepsSize, qualityFloor: floor))
    }

    @Test(
        "Over the limit both sides go by the root of the ratio, cut to whole pixels, at quality 85",
        arguments: [
            (6000, 4000, 11_370_784, 10_000_000, 5626, 3751), (8192, 6144, 16_063_044, 10_000_000, 6463, 4847),
            (6000, 4000, 11_370_784, 5_000_000, 3978, 2652), (6000, 4000, 11_370_784, 1_000_000, 1779, 1186),
            (100, 50, 999, 1000, 100, 50),
        ])
    func firstSize(width: Int, height: Int, bytes: Int, limit: Int, newWidth: Int, newHeight: Int) {
        #expect(
            search(width, height, bytes: bytes, limit: limit).start
                == .encode(width: newWidth, height: newHeight, quality: 85))
    }

    @Test("Still over, quality goes 80, 75 … 50, and then the size by the ratio measured")
    func steps() {
        var search = search(1000, 1000, bytes: 4_000_000, limit: 1_000_000)
        #expect(search.start == .encode(width: 500, height: 500, quality: 85))
        for quality in stride(from: 80, through: 50, by: -5) {
            #expect(search.encoded(bytes: 2_000_000) == .encode(width: 500, height: 500, quality: quality))
        }
        #expect(search.encoded(bytes: 2_000_000) == .encode(width: 353, height: 353, quality: 85))
        #expect(search.encoded(bytes: 1_000_000) == .finish)
    }

    @Test("Keeping the size, quality goes from 95 to the floor and no further")
    func keepingSize() {
        var search = search(640, 480, bytes: 900_000, limit: 10_000, keepsSize: true)
        #expect(search.start == .encode(width: 640, height: 480, quality: 95))
        for quality in stride(from: 90, through: 50, by: -5) {
            #expect(search.encoded(bytes: 20_000) == .encode(width: 640, height: 480, quality: quality))
        }
        #expect(search.encoded(bytes: 15_000) == .giveUp(smallest: 15_000))
    }

    @Test("It ends whatever the sizes are: a limit out of reach is given up")
    func ends() {
        var search = search(4000, 3000, bytes: 5_000_000, limit: 10)
        var action = search.start
        var rounds = 0
        while case .encode(let width, let height, _) = action, rounds < 10_000 {
            #expect(width >= 1 && height >= 1)
            action = search.encoded(bytes: 700)
            rounds += 1
        }
        #expect(action == .giveUp(smallest: 700))
    }
}

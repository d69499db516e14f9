// SPDX-License-Identifier: Apache-2.0
import RealModule
import Testing

@testable import SnugImage

@Suite struct PaletteSizeSearchTests {
    @Test(
        "Seven sizes find 95 % of a limit, whatever power of the side the bytes follow",
        arguments: [1.1, 1.5, 2, 2.6], [0.97, 0.8, 0.5, 0.2, 0.03])
    func uses(power: Double, ratio: Double) {
        let limit = 100_000.0
        var search = PaletteSizeSearch(target: limit * 0.975)
        var share = min(Double.sqrt(search.target * ratio / limit), PaletteSizeSearch.largest)
        var most = 0.0
        for _ in 1...7 {
            // Compressed bytes are no smooth function of the size.
            let ripple = 1 + 0.008 * Double.sin(share * 400)
            let bytes = limit / ratio * Double.pow(share, power) * ripple
            if bytes <= limit { most = max(most, bytes) }
            if (limit * 0.955...limit).contains(bytes) { break }
            guard let next = search.next(after: share, bytes: bytes, fits: bytes <= limit) else { break }
            share = next
        }
        // The largest size tried is a little under the full one.
        let reachable = min(limit, limit / ratio * Double.pow(PaletteSizeSearch.largest, power))
        #expect(most >= min(limit * 0.95, reachable * 0.98))
    }

    @Test("Nothing is tried between sizes that are as good as the same")
    func ends() {
        var search = PaletteSizeSearch(target: 975)
        #expect(search.next(after: 0.5, bytes: 1_100, fits: false) != nil)
        #expect(search.next(after: 0.499, bytes: 900, fits: true) == nil)
    }
}

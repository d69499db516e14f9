// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@Suite struct DurationTextTests {
    @Test(
        "Durations are read as people write them",
        arguments: [
            ("500ms", 500), ("2s", 2000), ("2 s", 2000), ("10min", 600_000), ("10 m", 600_000), ("1h30m", 5_400_000),
            ("1h 30 min", 5_400_000), ("30d", 2_592_000_000), ("0.5s", 500), ("0s", 0), ("2 Days", 172_800_000),
        ])
    func parses(text: String, milliseconds: Int) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(
        "Text that is no duration is refused",
        arguments: ["", "2", "s", "-2s", "2x", "5m2h", "1m30", "1s1s", "1e9d", "1..2s", "99999999999999d", "２s"])
    func refuses(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test("The exact text of a duration reads as the same duration", arguments: [0, 1, 999, 1000, 61_001, 90_061_000])
    func exact(milliseconds: Int) {
        let text = DurationText.exact(.milliseconds(milliseconds))
        #expect(DurationText.parse(text) == .milliseconds(milliseconds), "\(text)")
    }

    @Test("A person sees the largest unit")
    func rough() {
        let texts = [0, 119, 120, 7199, 7200, 172_799, 172_800].map { DurationText.rough(.seconds($0)) }
        #expect(texts == ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d"])
    }

    @Test("Durations longer or shorter than any number of milliseconds are written all the same")
    func extremes() {
        for duration in [Duration.seconds(Int64.max), .seconds(Int64.min), .seconds(-1), .nanoseconds(1)] {
            #expect(!DurationText.rough(duration).isEmpty && !DurationText.exact(duration).isEmpty)
        }
        #expect(DurationText.rough(.seconds(-1)) == "0 s" && DurationText.exact(.seconds(-1)) == "0s")
        #expect(DurationText.exact(.nanoseconds(999_999)) == "0s")
    }

    @Test("The exact text of any duration up to a thousand years reads as the same", arguments: UInt64(0)..<5)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let bits = Int.random(in: 1...44, using: &random)
            let duration = Duration.milliseconds(Int.random(in: 0..<(1 << bits), using: &random))
            #expect(DurationText.parse(DurationText.exact(duration)) == duration)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// How much of the output is written at a place of the input.
@Suite struct OutputProfileTests {
    @Test("Shares grow from 0 to 1, whatever the sizes", arguments: UInt64(1)...8)
    func grows(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 2...40, using: &random)
        let positions = (0..<count).map { Double($0) / Double(count) }
        let sizes = positions.map { _ in Double.random(in: 0...50, using: &random) + 0.1 }
        let profile = OutputProfile(positions: positions, sizes: sizes)
        #expect(profile.share(at: 0) == 0 && abs(profile.share(at: 1) - 1) < 1e-9)
        let shares = stride(from: 0.0, through: 1, by: 0.01).map(profile.share)
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 + 1e-12 })
        // At the start of each run, the runs before it have been written.
        for index in positions.indices {
            let before = sizes[..<index].reduce(0, +) / sizes.reduce(0, +)
            #expect(abs(profile.share(at: positions[index]) - before) < 1e-9)
        }
    }

    @Test("Between two runs the share is in proportion")
    func between() {
        let profile = OutputProfile(positions: [0, 0.5], sizes: [30, 10])
        #expect(abs(profile.share(at: 0.25) - 0.375) < 1e-12)
        #expect(abs(profile.share(at: 0.75) - 0.875) < 1e-12)
    }

    @Test("Without runs, or without bytes in them, the output goes evenly")
    func even() {
        for profile in [
            OutputProfile(positions: [], sizes: []), OutputProfile(positions: [0, 0.5], sizes: [0, 0]),
            OutputProfile(positions: [0, 0.5], sizes: [1]),
        ] {
            for position in [0, 0.3, 1] { #expect(profile.share(at: position) == position) }
            #expect(profile.share(at: -1) == 0 && profile.share(at: 2) == 1)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels
import Testing

@testable import SnugImage

/// The order in which scans may bring the bits of coefficients.
@Suite struct ScanProgressionTests {
    private typealias Step = (first: Int32, last: Int32, high: Int32, low: Int32, components: [Int])

    @Test("Components without a scan are missing, bits are not") func components() {
        var progression = ScanProgression(componentCount: 2)
        #expect(!progression.hasAllComponents)
        let band = snug_scan_band(first: 0, last: 0, high: 0, low: 1)
        #expect(progression.add(band, components: [0], isProgressive: true) && !progression.hasAllComponents)
        #expect(progression.add(band, components: [1], isProgressive: true) && progression.hasAllComponents)
        #expect(!progression.isComplete)
    }

    /// The number of scans that are taken, and whether nothing is missing then.
    private func play(_ steps: [Step], components: Int = 1, isProgressive: Bool = true) -> (Int, Bool) {
        var progression = ScanProgression(componentCount: components)
        for (index, step) in steps.enumerated() {
            let band = snug_scan_band(first: step.first, last: step.last, high: step.high, low: step.low)
            guard progression.add(band, components: step.components, isProgressive: isProgressive) else {
                return (index, progression.isComplete)
            }
        }
        return (steps.count, progression.isComplete)
    }

    @Test("Bits come from the top down, and all of them") func order() {
        #expect(play([(0, 0, 0, 0, [0]), (1, 63, 0, 0, [0])]) == (2, true))
        #expect(play([(0, 0, 0, 1, [0]), (1, 5, 0, 2, [0]), (6, 63, 0, 0, [0])]) == (3, false))
        #expect(
            play([
                (0, 0, 0, 1, [0]), (1, 63, 0, 2, [0]), (1, 63, 2, 1, [0]), (0, 0, 1, 0, [0]), (1, 63, 1, 0, [0]),
            ]) == (5, true))
    }

    @Test("AC before DC, bits twice, bits left out, and bands of several components are refused") func refused() {
        #expect(play([(1, 63, 0, 0, [0])]).0 == 0)
        #expect(play([(0, 0, 0, 0, [0]), (0, 0, 0, 0, [0])]).0 == 1)
        #expect(play([(0, 0, 0, 2, [0]), (0, 0, 1, 0, [0])]).0 == 1)
        #expect(play([(0, 0, 0, 2, [0]), (0, 0, 2, 0, [0])]).0 == 1)
        #expect(play([(0, 0, 0, 0, [0, 1]), (1, 63, 0, 0, [0, 1])], components: 2).0 == 1)
        #expect(play([(0, 5, 0, 0, [0])]).0 == 0)
        #expect(play([(0, 0, 0, 14, [0])]).0 == 0)
        #expect(play([(5, 3, 0, 0, [0])]).0 == 0)
    }

    @Test("Sequential scans bring everything of their components at once") func sequential() {
        #expect(play([(0, 63, 0, 0, [0]), (0, 63, 0, 0, [1])], components: 2, isProgressive: false) == (2, true))
        #expect(play([(0, 63, 0, 0, [0])], components: 2, isProgressive: false) == (1, false))
        #expect(play([(0, 63, 0, 0, [0]), (0, 63, 0, 0, [0])], components: 2, isProgressive: false).0 == 1)
    }
}

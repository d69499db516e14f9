// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugGeneration

@Suite struct ObservedInputLimitsTests {
    @Test("An observation holds for a month")
    func lifetime() {
        let observed = ObservedInputLimits(byteLimit: 1, observedAt: 86_400)
        #expect(observed.isValid(now: 30 * 86_400) && !observed.isValid(now: 40 * 86_400))
    }

    @Test("Limits are narrowed, never widened")
    func narrowing() {
        let base = InputLimits(byteLimit: 1000)
        #expect(base.narrowed(byteLimit: 700, maximumSide: 64).byteLimit == 700)
        #expect(base.narrowed(byteLimit: 700, maximumSide: 64).maximumSide == 64)
        #expect(base.narrowed(byteLimit: 2000, maximumSide: nil).byteLimit == 1000)
    }
}

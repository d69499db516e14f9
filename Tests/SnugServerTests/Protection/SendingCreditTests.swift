// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugServer

@Suite struct SendingCreditTests {
    /// What a credit says of periods that take so many bytes each.
    private func judged(_ counts: [Int], maximum: Int = 100) -> [Bool] {
        var credit = SendingCredit(minimum: 10, maximum: maximum)
        return counts.map { credit.covers($0) }
    }

    @Test("A reader that takes nothing is too slow at once")
    func nothing() { #expect(judged([0]) == [false]) }

    @Test("A reader at the minimum rate is fast enough, whether it takes bytes evenly or in steps", arguments: 1...10)
    func steps(periods: Int) {
        let counts = (0..<1000).map { $0.isMultiple(of: periods) ? periods * 10 : 0 }
        #expect(judged(counts).allSatisfy { $0 })
    }

    @Test("However much was taken, a reader that stops gets the periods of the maximum")
    func stops() {
        let counts = [1_000_000] + [Int](repeating: 0, count: 10)
        #expect(judged(counts) == [Bool](repeating: true, count: 10) + [false])
    }

    @Test("A reader below the minimum rate is found, and a new response starts over")
    func slow() {
        #expect(judged([50] + [Int](repeating: 5, count: 10)).contains(false))
        var credit = SendingCredit(minimum: 10, maximum: 100)
        let isFast = credit.covers(100)
        credit.reset()
        let (next, last) = (credit.covers(10), credit.covers(9))
        #expect(isFast && next && !last)
    }

    @Test("A maximum below the minimum leaves room for one period")
    func narrow() { #expect(judged([10, 9], maximum: 1) == [true, false]) }
}

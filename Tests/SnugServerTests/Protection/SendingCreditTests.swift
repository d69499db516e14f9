// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugServer

@Suite struct SendingCreditTests {
    @Test("A reader that takes nothing is too slow at once")
    func nothing() {
        var credit = SendingCredit(minimum: 10, maximum: 100)
        #expect(!credit.covers(0))
    }

    @Test("A reader at the minimum rate is fast enough, whether it takes bytes evenly or in steps", arguments: 1...10)
    func steps(periods: Int) {
        var credit = SendingCredit(minimum: 10, maximum: 100)
        for period in 0..<1000 { #expect(credit.covers(period.isMultiple(of: periods) ? periods * 10 : 0)) }
    }

    @Test("However much was taken, a reader that stops gets the periods of the maximum")
    func stops() {
        var credit = SendingCredit(minimum: 10, maximum: 100)
        #expect(credit.covers(1_000_000))
        for _ in 0..<9 { #expect(credit.covers(0)) }
        #expect(!credit.covers(0))
    }

    @Test("A reader below the minimum rate is found, and a new response starts over")
    func slow() {
        var credit = SendingCredit(minimum: 10, maximum: 100)
        #expect(credit.covers(50))
        #expect((0..<10).map { _ in credit.covers(5) }.contains(false))
        credit.reset()
        #expect(credit.covers(10) && !credit.covers(9))
    }

    @Test("A maximum below the minimum leaves room for one period")
    func narrow() {
        var credit = SendingCredit(minimum: 10, maximum: 1)
        #expect(credit.covers(10) && !credit.covers(9))
    }
}

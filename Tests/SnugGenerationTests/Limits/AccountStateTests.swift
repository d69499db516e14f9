// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugGeneration

@Suite struct AccountStateTests {
    private func blocked(required: Double? = 4, available: Double? = 3) -> AccountState {
        var error = GenerationError(.paymentRequired, "top up", status: 402)
        error.required = required
        error.available = available
        error.providerCode = "insufficient_tokens"
        var state = AccountState()
        state.block(after: error, now: 1000)
        return state
    }

    @Test("A blocked account gives the error it was blocked with")
    func block() {
        let error = blocked().blocker(now: 1001)
        #expect(error?.code == .paymentRequired && error?.message == "top up" && error?.status == 402)
        #expect(error?.required == 4 && error?.available == 3 && error?.providerCode == "insufficient_tokens")
        #expect(blocked().balance == 3)
    }

    @Test("After ten minutes one request may find out")
    func expiry() {
        #expect(blocked().blocker(now: 1599) != nil && blocked().blocker(now: 1600) == nil)
    }

    @Test("A balance that covers the refused request lifts the block", arguments: [(4.0, true), (3.9, false)])
    func topUp(amount: Double, isLifted: Bool) {
        var state = blocked()
        state.setBalance(amount)
        #expect((state.block == nil) == isLifted && state.balance == amount)
    }

    @Test("Without a known cost only resuming lifts the block")
    func resume() {
        var state = blocked(required: nil)
        state.setBalance(1_000_000)
        #expect(state.block != nil)
        state.resume()
        #expect(state.blocker(now: 1001) == nil)
    }

    @Test("A cost is deducted from a known balance only")
    func spend() {
        var state = AccountState()
        state.spend(2)
        #expect(state.balance == nil)
        state.setBalance(5)
        state.spend(2)
        #expect(state.balance == 3)
    }

    @Test("States are kept apart by account")
    func store() {
        let store = InMemoryAccountStates()
        store.update("a") { $0.setBalance(7) }
        #expect(store.state(of: "a").balance == 7 && store.state(of: "b") == AccountState())
    }
}

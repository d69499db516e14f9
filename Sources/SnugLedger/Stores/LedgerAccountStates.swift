// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration

/// Keeps blocked accounts and balances in a ledger, for all processes that share it.
public struct LedgerAccountStates: AccountStateStore {
    private let ledger: any SharedLedger

    /// Keeps states in a ledger, which stays open for as long as they are used.
    public init(_ ledger: any SharedLedger) { self.ledger = ledger }

    /// The state of an account.
    /// - Throws: `output_failed`.
    public func state(of account: String) async throws -> AccountState {
        try await ledger.failingAsOutput("read the state of the account") { ledger in
            Self.decode(try await ledger.document(.accountStanding, account)?.payload) ?? AccountState()
        }
    }

    /// Reads and changes the state of an account in one step.
    /// - Throws: `output_failed`.
    public func update(_ account: String, _ change: @escaping @Sendable (inout AccountState) -> Void) async throws {
        try await ledger.failingAsOutput("keep the state of the account") { ledger in
            try await ledger.update(.accountStanding, account, expiresAt: nil) { payload in
                let known = Self.decode(payload)
                var state = known ?? AccountState()
                change(&state)
                if state != known { payload = try StoredValue.encode(state) }
            }
        }
    }

    /// A state that cannot be read is one that is not known: the next request finds it out.
    private static func decode(_ payload: String?) -> AccountState? {
        payload.flatMap { try? StoredValue.decode(AccountState.self, from: $0) }
    }
}

// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration

/// Counts the requests of accounts in a ledger, for all processes that share it.
///
/// Slots for concurrent requests are names in the ledger, free at once when the process that has one ends.
public struct LedgerAccountLimits: AccountLimitStore {
    private let ledger: any SharedLedger

    /// Counts in a ledger, which stays open for as long as it is used.
    public init(_ ledger: any SharedLedger) { self.ledger = ledger }

    /// True: all processes that share the ledger take part.
    public var isShared: Bool { true }

    /// Reads and changes the state of an account in one step.
    /// - Throws: `output_failed`, and what `change` throws.
    public func update<Result: Sendable>(
        _ account: String, _ change: @escaping @Sendable (inout RateLimitState) throws -> Result
    ) async throws -> Result {
        try await ledger.failingAsOutput("count requests") { ledger in
            try await ledger.update(.accountLimits, account, expiresAt: nil) { payload in
                // A count that cannot be read is worth nothing: the provider's headers tell how things are.
                let known = payload.flatMap { try? StoredValue.decode(RateLimitState.self, from: $0) }
                var state = known ?? RateLimitState()
                let result = try change(&state)
                if state != known { payload = try StoredValue.encode(state) }
                return result
            }
        }
    }

    /// Takes one of the slots for concurrent requests.
    /// - Throws: `output_failed`.
    public func takeSlot(_ account: String, of count: Int) async throws -> RequestSlot? {
        let names = (0..<count).map { "slot:\(account):\($0)" }
        let lock = try await ledger.failingAsOutput("count requests") { try await $0.lock(oneOf: names) }
        return lock.map { lock in
            RequestSlot { [ledger] in
                // Where that fails, the slot is free when the process ends.
                try? await ledger.unlock(lock)
            }
        }
    }
}

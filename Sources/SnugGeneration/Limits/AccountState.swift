// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// The state of an account: blocked for lack of money or not, and its balance.
public struct AccountState: Sendable, Hashable, Codable {
    /// A refusal for lack of money.
    public struct Block: Sendable, Hashable, Codable {
        /// The provider's words, for a person.
        public var message: String
        /// The HTTP status.
        public var status: Int?
        /// The provider's own word for the failure.
        public var providerCode: String?
        /// The cost of the refused request.
        public var required: Double?
        /// The balance at that time, in the same unit.
        public var available: Double?
        /// Seconds since 1970.
        public var since: Int
    }

    /// Set while nothing may be sent.
    public var block: Block?
    /// The balance as far as it is known.
    public var balance: Double?

    /// An account that may send.
    public init() {}

    /// Seconds after which one request finds out whether the account was topped up.
    static let blockDuration = 600

    /// The error for a request that may not be sent; `nil` when it may.
    func blocker(now: Int) -> GenerationError? {
        guard let block, now - block.since < Self.blockDuration else { return nil }
        var error = GenerationError(.paymentRequired, block.message, status: block.status)
        error.providerCode = block.providerCode
        error.required = block.required
        error.available = block.available
        return error
    }

    /// Blocks the account after a refusal.
    mutating func block(after error: GenerationError, now: Int) {
        block = Block(
            message: error.message, status: error.status, providerCode: error.providerCode, required: error.required,
            available: error.available, since: now)
        if let available = error.available { balance = available }
    }

    /// Lifts the block: the account was topped up.
    mutating func resume() { block = nil }

    /// Notes the balance, which lifts the block when it covers the refused request.
    mutating func setBalance(_ amount: Double) {
        balance = amount
        if let required = block?.required, amount >= required { resume() }
    }

    /// Deducts the cost of a generation.
    mutating func spend(_ cost: Double) { balance? -= cost }
}

/// Keeps the states of accounts, for all who share an account.
public protocol AccountStateStore: Sendable {
    /// The state of an account; a new one when it is not known.
    func state(of account: String) async throws -> AccountState
    /// Reads and changes the state of an account in one step.
    func update(_ account: String, _ change: @escaping @Sendable (inout AccountState) -> Void) async throws
}

/// Account states that end with the process.
public final class InMemoryAccountStates: AccountStateStore {
    private let states = Mutex<[String: AccountState]>([:])

    /// Starts without blocks.
    public init() {}

    /// The state of an account.
    public func state(of account: String) -> AccountState { states.withLock { $0[account] ?? AccountState() } }

    /// Reads and changes the state of an account in one step.
    public func update(_ account: String, _ change: @Sendable (inout AccountState) -> Void) {
        states.withLock { change(&$0[account, default: AccountState()]) }
    }
}

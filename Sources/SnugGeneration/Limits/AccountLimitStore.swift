// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Counts the requests of accounts, for all who share an account.
public protocol AccountLimitStore: Sendable {
    /// True when other processes take part.
    var isShared: Bool { get }

    /// Reads and changes the state of an account in one step.
    func update<Result: Sendable>(
        _ account: String, _ change: @escaping @Sendable (inout RateLimitState) throws -> Result
    ) async throws -> Result

    /// Takes one of the slots for concurrent requests. Those of a process that ends are free.
    /// - Returns: `nil` when all are taken.
    func takeSlot(_ account: String, of count: Int) async throws -> RequestSlot?
}

/// One of the requests that may run at the same time.
public struct RequestSlot: Sendable {
    private let onRelease: @Sendable () async -> Void

    /// - Parameter onRelease: Gives the slot back.
    public init(onRelease: @escaping @Sendable () async -> Void) { self.onRelease = onRelease }

    /// Gives the slot back, once.
    public func release() async { await onRelease() }
}

/// Account limits that end with the process.
public final class InMemoryAccountLimits: AccountLimitStore {
    private struct Account {
        var state = RateLimitState()
        var slots: Set<Int> = []
    }
    private let accounts = Mutex<[String: Account]>([:])

    /// Starts without requests.
    public init() {}

    /// False: nobody else takes part.
    public var isShared: Bool { false }

    /// Reads and changes the state of an account in one step.
    public func update<Result: Sendable>(
        _ account: String, _ change: @Sendable (inout RateLimitState) throws -> Result
    ) throws -> Result {
        try accounts.withLock { try change(&$0[account, default: Account()].state) }
    }

    /// Takes one of the slots for concurrent requests.
    public func takeSlot(_ account: String, of count: Int) -> RequestSlot? {
        let number = accounts.withLock { accounts in
            let taken = accounts[account]?.slots ?? []
            let free = (0..<count).first { !taken.contains($0) }
            if let free { accounts[account, default: Account()].slots.insert(free) }
            return free
        }
        guard let number else { return nil }
        return RequestSlot { [weak self] in
            self?.accounts.withLock { _ = $0[account]?.slots.remove(number) }
        }
    }
}

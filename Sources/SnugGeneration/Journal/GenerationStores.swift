// SPDX-License-Identifier: Apache-2.0

/// The stores of everything that a client has to remember.
///
/// Each store is a protocol of a few calls, so that one durable ledger can serve them all: that of `SnugLedger` does. The
/// session's tokens are the
/// remaining store: ``SessionStore`` is part of the credentials.
public struct GenerationStores: Sendable {
    /// The submissions.
    public var journal: any GenerationJournal
    /// The submissions that the provider's jobs belong to.
    public var jobClaims: any JobClaimStore
    /// Requests counted against the limits of accounts.
    public var accountLimits: any AccountLimitStore
    /// Blocked accounts and their balances.
    public var accountStates: any AccountStateStore
    /// The input limits that providers were observed to enforce.
    public var inputLimits: any InputLimitStore

    /// Sets the stores; those left out end with the process.
    public init(
        journal: any GenerationJournal = InMemoryJournal(), jobClaims: any JobClaimStore = InMemoryJobClaims(),
        accountLimits: any AccountLimitStore = InMemoryAccountLimits(),
        accountStates: any AccountStateStore = InMemoryAccountStates(),
        inputLimits: any InputLimitStore = InMemoryInputLimits()
    ) {
        self.journal = journal
        self.jobClaims = jobClaims
        self.accountLimits = accountLimits
        self.accountStates = accountStates
        self.inputLimits = inputLimits
    }

    /// Lets an account send again after a refusal for lack of money, or before a wait is over that the provider asked for.
    /// - Parameter account: ``GenerationClient/account`` of the clients that use it.
    public func resumeAccount(_ account: String) async throws {
        try await accountLimits.update(account) { $0.unpark() }
        try await accountStates.update(account) { $0.resume() }
    }
}

// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration

/// Keeps the submissions that providers' jobs belong to in a ledger, for all processes that share it.
///
/// A claim holds for this process even when it cannot be kept.
public final class LedgerJobClaims: JobClaimStore {
    private let own = InMemoryJobClaims()
    private let ledger: any SharedLedger

    /// Keeps claims in a ledger, which stays open for as long as they are used.
    public init(_ ledger: any SharedLedger) { self.ledger = ledger }

    /// Assigns a job to a submission, among all processes.
    /// - Throws: `output_failed`.
    public func claim(_ job: String, account: String, for key: String, now: Int) async throws -> Bool {
        guard own.claim(job, account: account, for: key, now: now) else { return false }
        let claim = ProviderJobClaim(
            account: account, job: job, submission: key, claimedAt: LedgerInstant(milliseconds: now * 1000))
        return try await ledger.failingAsOutput("keep the jobs of submissions") { ledger in
            try await ledger.transact { try $0.claim(claim) == key }
        }
    }

    /// The jobs that belong to other submissions of the account.
    /// - Throws: `output_failed`.
    public func jobs(of account: String, exceptFor key: String) async throws -> Set<String> {
        let kept = try await ledger.failingAsOutput("read the jobs of submissions") { ledger in
            try await ledger.lookToEnd { try $0.claimedJobs(of: account, exceptFor: key) }
        }
        return own.jobs(of: account, exceptFor: key).union(kept)
    }
}

extension SharedLedger {
    /// Names a failure of the ledger as one of a generation's.
    func failingAsOutput<Result: Sendable>(
        _ what: String, _ body: (any SharedLedger) async throws -> Result
    ) async throws -> Result {
        do {
            return try await body(self)
        } catch let error as LedgerError {
            throw GenerationError(.outputFailed, "cannot \(what): \(error.message)", cause: error)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A provider's job and the submission that it belongs to.
struct ProviderJobClaim: Sendable, Hashable {
    var account: String
    var job: String
    /// The submission's key.
    var submission: String
    var claimedAt: LedgerInstant
}

extension LedgerTransaction {
    /// Assigns a provider's job to a submission, unless it belongs to one.
    /// - Returns: The submission that it belongs to.
    func claim(_ claim: ProviderJobClaim) throws -> String {
        let changed = try execute(
            """
            INSERT INTO job_claims (account, job, submission, claimed_at) VALUES (:account, :job, :submission, :at)
            ON CONFLICT (account, job) DO NOTHING
            """,
            [
                "account": claim.account, "job": claim.job, "submission": claim.submission,
                "at": claim.claimedAt.milliseconds,
            ])
        if changed > 0 { return claim.submission }
        let owners = try fetch(
            String.self, "SELECT submission FROM job_claims WHERE account = :account AND job = :job",
            ["account": claim.account, "job": claim.job])
        return owners.first ?? claim.submission
    }

    /// The jobs of an account that belong to other submissions.
    func claimedJobs(of account: String, exceptFor submission: String) throws -> Set<String> {
        try Set(
            fetch(
                String.self, "SELECT job FROM job_claims WHERE account = :account AND submission <> :submission",
                ["account": account, "submission": submission]))
    }

    /// Listings of providers are searched for jobs of the last minutes or hours.
    func forgetOldJobClaims() throws {
        try execute(
            "DELETE FROM job_claims WHERE claimed_at < :before",
            ["before": (now - .seconds(3 * 86_400)).milliseconds])
    }
}

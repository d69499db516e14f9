// SPDX-License-Identifier: Apache-2.0

extension SharedLedger {
    /// The time by the ledger's clock, which all hosts share.
    public func time() async throws -> LedgerInstant { try await lookToEnd { $0.now } }

    /// The number of jobs that each worker has claimed, by ``workerID``; workers without jobs are left out.
    public func claimCounts() async throws -> [String: Int] {
        let counts = try await lookToEnd { transaction in
            try transaction.fetch(
                ClaimCount.self, "SELECT owner, count(*) FROM jobs WHERE state = 'running' GROUP BY owner", [:])
        }
        return Dictionary(counts.map { ($0.owner, $0.count) }, uniquingKeysWith: +)
    }
}

private struct ClaimCount: SQLRecord {
    let owner: String
    let count: Int

    init(row: any SQLRow) throws {
        owner = try row.requiredText(0)
        count = try row.requiredNumber(1)
    }
}

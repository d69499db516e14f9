// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Remembers which of the provider's jobs belong to which submissions, finished ones included, so that a lost job can be
/// told from the others in a listing.
public protocol JobClaimStore: Sendable {
    /// Assigns a job to a submission.
    /// - Parameters:
    ///   - job: The provider's identifier of the job.
    ///   - account: The account that the job is of.
    ///   - key: ``GenerationRecord/key`` of the submission.
    ///   - now: Seconds since 1970.
    /// - Returns: False when the job belongs to another submission.
    func claim(_ job: String, account: String, for key: String, now: Int) async throws -> Bool

    /// The jobs that belong to other submissions of the account.
    func jobs(of account: String, exceptFor key: String) async throws -> Set<String>
}

/// Job claims that end with the process.
public final class InMemoryJobClaims: JobClaimStore {
    private let owners = Mutex<[String: [String: String]]>([:])
    /// Jobs of one account after which old claims are dropped.
    private static let maximumCount = 100_000

    /// Starts empty.
    public init() {}

    /// Assigns a job to a submission.
    public func claim(_ job: String, account: String, for key: String, now: Int) -> Bool {
        owners.withLock { owners in
            var known = owners[account] ?? [:]
            if let owner = known[job] { return owner == key }
            if known.count >= Self.maximumCount { known.removeAll() }
            known[job] = key
            owners[account] = known
            return true
        }
    }

    /// The jobs that belong to other submissions of the account.
    public func jobs(of account: String, exceptFor key: String) -> Set<String> {
        owners.withLock { owners in Set((owners[account] ?? [:]).filter { $0.value != key }.keys) }
    }
}

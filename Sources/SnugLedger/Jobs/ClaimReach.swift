// SPDX-License-Identifier: Apache-2.0

/// The part of the work in a shared ledger that a worker can do: files are on one host, and keys on some.
public struct ClaimReach: Sendable, Hashable {
    /// Steps that need a file of the worker's own host.
    ///
    /// Such a step is handed out only while a name in one of ``folders`` waits for the job's result.
    public var boundSteps: Set<JobStep>
    /// The folders of the worker's host.
    public var folders: Set<String>
    /// Accounts that the worker can generate with; `nil`, the default, for all.
    public var accounts: Set<String>?

    /// Describes a reach.
    public init(boundSteps: Set<JobStep>, folders: Set<String>, accounts: Set<String>? = nil) {
        self.boundSteps = boundSteps
        self.folders = folders
        self.accounts = accounts
    }

    /// Steps that ask an account's provider.
    private static let accountSteps: Set<JobStep> = [.submit, .reconcile, .collect]

    /// False for a step of an account that the worker does not have.
    func hasAccount(_ account: String, for step: JobStep) -> Bool {
        guard let accounts, Self.accountSteps.contains(step), !account.isEmpty else { return true }
        return accounts.contains(account)
    }
}

extension ClaimRequest {
    /// The jobs of a lane that are for the worker.
    enum LanePart: Sendable, Hashable {
        case none, all
        /// Those with a name in one of the worker's own folders that waits.
        case own
    }

    /// The jobs of a lane that are for the worker, apart from those that a name was joined to from another folder.
    func part(of lane: JobLane) -> LanePart {
        guard steps.contains(lane.step) else { return .none }
        guard let reach else { return .all }
        guard reach.hasAccount(lane.account, for: lane.step) else { return .none }
        guard reach.boundSteps.contains(lane.step) else { return .all }
        return reach.folders.contains(lane.folder) ? .own : .none
    }

    /// False for a lane of an account that the worker does not have.
    func hasAccount(_ lane: JobLane) -> Bool { reach?.hasAccount(lane.account, for: lane.step) ?? true }

    /// True for a job that is for the worker, by its names that wait.
    func reaches(_ job: Job, pending: [JobDelivery]) -> Bool {
        guard steps.contains(job.step) else { return false }
        guard let reach else { return true }
        guard reach.hasAccount(job.account, for: job.step) else { return false }
        return !reach.boundSteps.contains(job.step) || pending.contains { reach.folders.contains($0.folder) }
    }
}

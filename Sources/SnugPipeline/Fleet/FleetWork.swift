// SPDX-License-Identifier: Apache-2.0
public import SnugLedger

/// The jobs of a shared ledger that a process can do, as it tells the others.
public struct FleetWork: Sendable, Hashable, Codable {
    /// The steps that it does.
    public var steps: Set<String>
    /// Those of them that it does for its own folders only.
    public var boundSteps: Set<String>
    /// Its folders, by their names in the ledger.
    public var folders: Set<String>
    /// The accounts that it can generate with.
    public var accounts: Set<String>

    /// Describes the work of a process.
    public init(steps: Set<JobStep>, reach: ClaimReach) {
        self.steps = Set(steps.map(\.rawValue))
        boundSteps = Set(reach.boundSteps.map(\.rawValue))
        folders = reach.folders
        accounts = reach.accounts ?? []
    }

    private static let accountSteps: Set<JobStep> = [.submit, .reconcile, .collect]

    /// False for a step of an account that the process does not have.
    func hasAccount(of job: Job) -> Bool {
        job.account.isEmpty || !Self.accountSteps.contains(job.step) || accounts.contains(job.account)
    }

    /// True when it can do a job's next step.
    /// - Parameter folders: The folders in which names wait for the job's result.
    func reaches(_ job: Job, waitingIn folders: Set<String>) -> Bool {
        guard steps.contains(job.step.rawValue), hasAccount(of: job) else { return false }
        return !boundSteps.contains(job.step.rawValue) || !self.folders.isDisjoint(with: folders)
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugLedger

/// Steps that share a limit on how many run at once.
enum WorkerLane: Sendable, Hashable, CaseIterable {
    case fit, upload, submission, delivery

    /// The lane of a step.
    init(_ step: JobStep) {
        switch step {
        case .settle, .fit: self = .fit
        case .upload: self = .upload
        case .submit, .reconcile, .collect: self = .submission
        case .deliver: self = .delivery
        }
    }

    var steps: Set<JobStep> { Set(JobStep.allCases.filter { WorkerLane($0) == self }) }

    /// Jobs of the fitting lane for each image that may be fitted at once.
    ///
    /// The engine bounds what is fitted. While it does, sources of other jobs are read, and results wait for the disk. Not
    /// more than that: everything in hand is under suspicion when the process ends.
    private static let jobsPerFit = 2

    /// The jobs that may be in hand at once.
    func limit(_ workers: WatchConfiguration.Workers) -> Int {
        switch self {
        case .fit: workers.fits * Self.jobsPerFit
        case .upload: workers.uploads
        case .submission: workers.submissions
        case .delivery: workers.deliveries
        }
    }
}

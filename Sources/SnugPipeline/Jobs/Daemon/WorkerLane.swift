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

    func limit(_ workers: WatchConfiguration.Workers) -> Int {
        switch self {
        case .fit: workers.fits
        case .upload: workers.uploads
        case .submission: workers.submissions
        case .delivery: workers.deliveries
        }
    }
}

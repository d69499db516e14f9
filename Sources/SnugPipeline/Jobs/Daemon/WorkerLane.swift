// SPDX-License-Identifier: Apache-2.0
import SnugLedger

/// Steps that share a limit on how many run at once.
enum WorkerLane: Sendable, Hashable, CaseIterable {
    case intake, fit, upload, submission, delivery

    /// The lane of a step.
    init(_ step: JobStep) {
        switch step {
        case .settle: self = .intake
        case .fit: self = .fit
        case .upload: self = .upload
        case .submit, .reconcile, .collect: self = .submission
        case .deliver: self = .delivery
        }
    }

    var steps: Set<JobStep> { Set(JobStep.allCases.filter { WorkerLane($0) == self }) }

    func limit(_ workers: WatchConfiguration.Workers) -> Int {
        switch self {
        case .fit: workers.fits
        // Storing a file takes as long as uploading one.
        case .intake: workers.uploads
        case .upload: workers.uploads
        case .submission: workers.submissions
        case .delivery: workers.deliveries
        }
    }

    // MARK: Jobs in hand

    /// Work that is claimed ahead lasts about so long: more would keep urgent work waiting.
    private static let aheadTime = Duration.milliseconds(200)
    /// Fits in hand for each that runs, however short they are: cores never wait for a disk that syncs, and the ledger writes
    /// the ends of many in one commit.
    static let largestHand = 32

    /// The jobs that are claimed at once, those that run included.
    /// - Parameter time: The time that a fit takes at present; `nil` before the first one.
    func hand(_ workers: WatchConfiguration.Workers, fitTime time: Duration?) -> Int {
        let limit = limit(workers)
        guard self == .fit, let time else { return limit }
        let ahead = time > .zero ? Int(Self.aheadTime / time) : Self.largestHand
        return limit * min(max(1, 1 + ahead), Self.largestHand)
    }

    /// True when more is to be claimed: in one commit for many jobs, rather than in one for each, and before the engine has
    /// nothing to do. What is past the engine waits for the disk, and does not keep it busy.
    /// - Parameter queued: The jobs in hand that have not come to the engine.
    static func isRoomy(queued: Int, hand: Int) -> Bool { queued <= hand / 4 }
}

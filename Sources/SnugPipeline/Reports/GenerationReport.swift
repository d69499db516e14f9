// SPDX-License-Identifier: Apache-2.0
import SnugGeneration

/// Totals of a run of generations.
public struct GenerationReport: Sendable, Hashable {
    /// Prompts with their images.
    public var done = 0
    /// Among those done: already delivered earlier, and not paid for now.
    public var recovered = 0
    /// Prompts that failed.
    public var failed = 0
    /// Prompts with fewer images than were asked for.
    public var incomplete = 0
    /// Prompts that the same run resumes.
    public var pending = 0
    /// Prompts that a person decides over.
    public var held = 0
    /// Left out, because the account is empty or the task was cancelled.
    public var notStarted = 0
    /// Among those failed: requests that cannot be sent as they are.
    public var invalid = 0
    /// Sum of the costs that the provider named.
    public var cost = 0.0

    /// An empty report.
    public init() {}

    /// True when every prompt has its images.
    public var isAllDone: Bool { failed + incomplete + pending + held + notStarted == 0 }

    /// Counts one outcome.
    public mutating func add(_ outcome: GenerationOutcome) {
        guard outcome.wasStarted, !outcome.isInterrupted || !outcome.openIDs.isEmpty else {
            notStarted += 1
            return
        }
        switch outcome.status {
        case .completed, .incomplete:
            if outcome.status == .completed { done += 1 } else { incomplete += 1 }
            if outcome.generation.isRecovered, outcome.generation.attempts.isEmpty {
                recovered += 1
            } else {
                cost += outcome.generation.cost ?? 0
            }
        case .failed: failed += 1
        case .pending: pending += 1
        case .held: held += 1
        }
        if let error = outcome.error, error.isInvalidRequest { invalid += 1 }
    }
}

extension GenerationError {
    /// True when nothing was sent because the request cannot be valid.
    package var isInvalidRequest: Bool {
        [.invalidRequest, .hostNeeded].contains(code) && attempts.isEmpty
    }
}

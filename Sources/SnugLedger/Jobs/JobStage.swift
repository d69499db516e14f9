// SPDX-License-Identifier: Apache-2.0

/// How far a job has come.
public enum JobStage: String, Sendable, Hashable, Codable, CaseIterable {
    /// Seen; its file may still be growing.
    case discovered
    /// Its file is complete, and its content is known.
    case settled
    /// Fitted under the limits.
    case fitted
    /// Its image is on a server.
    case uploaded
    /// A provider has accepted the generation.
    case submitted
    /// The result is here.
    case completed
    /// The result is in its place, under every name that asked for it.
    case delivered
}

/// A piece of work on a job.
public enum JobStep: String, Sendable, Hashable, Codable, CaseIterable {
    /// Waits until the file is complete, and hashes it; in a fleet, brings it to where other hosts reach it.
    case settle
    /// Fits the image.
    case fit
    /// Uploads the image.
    case upload
    /// Submits the generation, which may cost money.
    case submit
    /// Asks the provider about a submission whose outcome is unknown.
    case reconcile
    /// Polls the generation and downloads its result.
    case collect
    /// Puts the result into its place.
    case deliver

    /// The stage of a job that has done the step.
    public var stage: JobStage {
        switch self {
        case .settle: .settled
        case .fit: .fitted
        case .upload: .uploaded
        case .submit, .reconcile: .submitted
        case .collect: .completed
        case .deliver: .delivered
        }
    }
}

/// Activity of a job.
public enum JobState: String, Sendable, Hashable, Codable, CaseIterable {
    /// Waits for a worker, or for its time.
    case waiting
    /// A worker has it, for as long as its lease lasts.
    case running
    /// Paused by a person.
    case paused
    /// Done.
    case delivered
    /// Failed for good, unless a person says otherwise.
    case failed
    /// Waits for a person's decision.
    case held
    /// Given up by a person, or superseded.
    case cancelled
}

/// Class of urgency.
public enum JobPriority: Int, Sendable, Hashable, Codable, CaseIterable {
    /// Somebody waits for it.
    case interactive = 0
    /// Everything else.
    case background = 1
}

// SPDX-License-Identifier: Apache-2.0
public import SnugImage
public import SnugLedger
public import SystemPackage

/// A watched folder, the work on each file in it, and the place of the results.
public struct WatchFolder: Sendable, Hashable {
    /// The fate of a source once its result is delivered.
    public enum SourceRule: String, Sendable, Hashable, CaseIterable {
        /// It moves to ``WatchFolder/doneFolder``.
        case move
        /// It is deleted.
        case delete
        /// It stays in the inbox, and its identity and content are remembered.
        case leave
    }

    /// A short name, unique in the configuration, for the ledger, logs and metrics.
    public var name: String
    /// The folder that files are dropped into.
    public var inbox: FilePath
    /// The folder for results, in which the inbox is mirrored.
    public var outbox: FilePath
    /// The work on each file. Default: fit.
    public var pipeline: Pipeline
    /// The fate of a source once its result is delivered. Default: it moves to the done folder.
    public var source: SourceRule
    /// The folder for sources that are done. Default: `done` beside the inbox.
    public var doneFolder: FilePath
    /// The folder for sources that failed, each with a report beside it. Default: `failed` beside the inbox.
    public var failedFolder: FilePath
    /// Quiet before a complete file is taken. Default 2 s.
    public var settleTime: Duration
    /// Quiet before an incomplete file is given up. Default 1 h.
    public var patience: Duration
    /// Time between two scans of the whole folder, which find what no event told. Default 60 s.
    public var scanInterval: Duration
    /// Time between two looks at a folder that is polled, or is not there. Default 5 s.
    public var pollInterval: Duration
    /// Polls even where events would come. Default false.
    public var prefersPolling: Bool
    /// Watches subfolders, too. Default true.
    public var isRecursive: Bool
    /// Limits of every fitted image. Default: 10 MB.
    public var limits: Limits
    /// The limits are those of a target, which takes no format that they do not name. Default false.
    public var hasTarget = false
    /// The name of that target, for people.
    package var targetName: String?
    /// Choices within the limits.
    public var policy: FitPolicy
    /// The server for pipelines that upload.
    public var upload: UploadSettings?
    /// The request for pipelines that generate.
    public var generation: GenerationSettings?
    /// Class of urgency. Default background.
    public var priority: JobPriority
    /// Attempts at each step before a job fails. Faults of the surroundings do not count. Default 5.
    public var maximumAttempts: Int

    /// Watches a folder with the default of each setting.
    /// - Parameters:
    ///   - inbox: The folder that is watched.
    ///   - outbox: The folder of results.
    ///   - name: Default: the last component of the inbox.
    ///   - pipeline: What happens to each file.
    public init(inbox: FilePath, outbox: FilePath, name: String? = nil, pipeline: Pipeline = .fit) {
        self.inbox = inbox
        self.outbox = outbox
        self.name = name ?? inbox.lastComponent?.string ?? "inbox"
        self.pipeline = pipeline
        source = .move
        let parent = inbox.removingLastComponent()
        doneFolder = parent.appending("done")
        failedFolder = parent.appending("failed")
        settleTime = .seconds(2)
        patience = .seconds(3600)
        scanInterval = .seconds(60)
        pollInterval = .seconds(5)
        prefersPolling = false
        isRecursive = true
        limits = Limits()
        policy = FitPolicy()
        priority = .background
        maximumAttempts = 5
    }
}

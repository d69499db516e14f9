// SPDX-License-Identifier: Apache-2.0

/// Remembers what was sent, so that nothing is paid for twice, whatever happens in between.
///
/// `save` returns only when the record will be found again, for a durable journal also after a power cut. It is called
/// before the first byte of a submission leaves, and again at every step.
public protocol GenerationJournal: Sendable {
    func record(_ key: String) async throws -> GenerationRecord?
    func save(_ record: GenerationRecord) async throws
    func remove(_ key: String) async throws
    /// All records, the oldest first.
    func records() async throws -> [GenerationRecord]
}

/// One submission, from before it is sent until its pictures are here.
public struct GenerationRecord: Sendable, Hashable, Codable {
    /// Our name for it: random, made once, also the idempotency key.
    public var key: String
    /// The name under which the caller asks for it again; equal for the same work.
    public var provider: String
    /// The account by a digest of its key, never the key.
    public var account: String
    /// The model asked last.
    public var model: String?
    /// As it was sent.
    public var prompt: String
    /// As it was sent.
    public var seed: Int?
    /// SHA-256 of what is sent.
    public var bodyDigest: String
    /// How far it got.
    public var state: State
    /// The provider's name for the job.
    public var jobID: String?
    /// Addresses of results not yet fetched.
    public var resultURLs: [String]
    /// Seconds since 1970.
    public var createdAt: Int
    /// When it was sent last, seconds since 1970.
    public var submittedAt: Int?
    /// Hosted addresses of the input pictures: a repeat that shall join has to name the same.
    public var pictureURLs: [String]
    /// What the last failure was, for a person.
    public var note: String?

    /// How far it got.
    public enum State: String, Sendable, Hashable, Codable {
        /// About to be sent, or sent: found in this state after a crash, its outcome is unknown.
        case sending
        /// Surely not taken up: may be sent again.
        case refused
        /// The provider has a job for it.
        case accepted
        /// Its results are known and not all here.
        case completed
        /// Done; pictures are here.
        case delivered
        /// Nobody knows and nobody can be asked: a person decides.
        case held
    }

    /// Collects what is known.
    public init(
        key: String, provider: String, account: String, model: String? = nil, prompt: String, seed: Int? = nil,
        bodyDigest: String, state: State, jobID: String? = nil, resultURLs: [String] = [], createdAt: Int,
        submittedAt: Int? = nil, pictureURLs: [String] = [], note: String? = nil
    ) {
        self.key = key
        self.provider = provider
        self.account = account
        self.model = model
        self.prompt = prompt
        self.seed = seed
        self.bodyDigest = bodyDigest
        self.state = state
        self.jobID = jobID
        self.resultURLs = resultURLs
        self.createdAt = createdAt
        self.submittedAt = submittedAt
        self.pictureURLs = pictureURLs
        self.note = note
    }
}

/// Forgets everything with the process.
public actor InMemoryJournal: GenerationJournal {
    private var kept: [String: GenerationRecord] = [:]

    /// Starts empty.
    public init() {}

    /// The record of that name.
    public func record(_ key: String) -> GenerationRecord? { kept[key] }
    /// Keeps a record in place of the one before.
    public func save(_ record: GenerationRecord) { kept[record.key] = record }
    /// Forgets a record.
    public func remove(_ key: String) { kept[key] = nil }
    /// All records, the oldest first.
    public func records() -> [GenerationRecord] {
        kept.values.sorted { ($0.createdAt, $0.key) < ($1.createdAt, $1.key) }
    }
}

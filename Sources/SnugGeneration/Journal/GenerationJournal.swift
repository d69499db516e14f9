// SPDX-License-Identifier: Apache-2.0

/// Remembers submissions, so that nothing is paid for twice, whatever happens in between.
///
/// `save` returns only when the record will be found again, for a durable journal also after a power cut. It is called
/// before the first byte of a submission leaves, and again at every step.
public protocol GenerationJournal: Sendable {
    /// True when records outlive the process.
    var isDurable: Bool { get }
    /// The record of that name.
    func record(_ id: String) async throws -> GenerationRecord?
    /// Keeps a record in place of the one before.
    func save(_ record: GenerationRecord) async throws
    /// Forgets a record.
    func remove(_ id: String) async throws
    /// All records, the oldest first.
    func records() async throws -> [GenerationRecord]
    /// Reserves a name for one task or process; false when another has it.
    func claim(_ id: String) async throws -> Bool
    /// Gives a reserved name back.
    func release(_ id: String) async
}

/// One submission, from before it is sent until its images are here.
public struct GenerationRecord: Sendable, Hashable, Codable {
    /// The name under which the work is found again: the caller's, or the key.
    public var id: String
    /// Our name for the submission: random, made once, also the idempotency key.
    public var key: String
    /// The provider's name, as on the command line.
    public var provider: String
    /// The base address of the API.
    public var baseURL: String
    /// The account by a digest of its key, never the key.
    public var account: String
    /// The request.
    public var request: GenerationRequest
    /// The place of the images.
    public var destination: ImageDestination
    /// The number of the first image, where there are several; `nil` for a single one.
    public var firstNumber: Int?
    /// The model asked last.
    public var model: String?
    /// The seed that is sent.
    public var seed: Int?
    /// SHA-256 of what was sent last.
    public var bodyDigest: String?
    /// The progress of the job.
    public var state: State
    /// The provider's name for the job.
    public var jobID: String?
    /// Addresses of results not yet in their place; those that came within a response are `file:` and a path.
    public var resultURLs: [String]
    /// The cost in the provider's unit, when it is reported.
    public var cost: Double?
    /// Seconds since 1970.
    public var createdAt: Int
    /// When it was first sent since the last certain end, seconds since 1970.
    public var submittedAt: Int?
    /// The balance before the submission, where the provider reports it.
    public var balanceBefore: Double?
    /// Hosted addresses of the input images: a repeat has to name the same to join.
    public var imageURLs: [String]
    /// The last failure, for a person.
    public var note: String?
    /// The form of the request: a repeat needs the same to join.
    public var form: Form?

    /// Everything beside the request that decides the bytes sent.
    public struct Form: Sendable, Hashable, Codable {
        /// True when the prompt went in a body although an address could have held it.
        public var usesBody: Bool
        /// The byte limit of input images.
        public var byteLimit: Int
        /// Their longer side in pixels at most.
        public var maximumSide: Int?
        /// Their media types.
        public var mediaTypes: [String]
    }

    /// True when the record stays after the work is done, so that it is not done again under its name.
    public var isKept: Bool?
    /// The images, once all of them are in their places.
    public var images: [Generation.Image]?
    /// Images of an earlier submission under this name, which brought fewer than were asked for.
    public var earlierImages: [Generation.Image]?
    /// The machine that has the files of ``resultURLs`` and ``images``, where several share the journal.
    public var holder: String?

    // Journals of earlier versions have `pictures`.
    private enum CodingKeys: String, CodingKey {
        case id, key, provider, baseURL, account, request, destination, firstNumber, model, seed, bodyDigest, state,
            jobID
        case resultURLs, cost, createdAt, submittedAt, balanceBefore, imageURLs, note, form, isKept, earlierImages,
            holder
        case images = "pictures"
    }

    /// The progress of the job.
    public enum State: String, Sendable, Hashable, Codable {
        /// Being prepared; nothing has left.
        case preparing
        /// About to be sent, or sent: found in this state after a crash, its outcome is unknown.
        case sending
        /// The provider has a job for it.
        case accepted
        /// Its results are known and not all here.
        case completed
        /// The outcome is unknown and cannot be found out: a person decides.
        case held
        /// Done: its images are in their places.
        case delivered
    }
}

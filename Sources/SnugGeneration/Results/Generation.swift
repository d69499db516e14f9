// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP
public import SystemPackage

/// A finished generation: images on this machine's disk, checked.
public struct Generation: Sendable, Hashable {
    /// The provider's name for the job, when it has one.
    public var id: String?
    /// The model that was used, which after a fallback is not the first one.
    public var model: String?
    /// The images, in the provider's order.
    public var images: [Image]
    /// The seed that was sent.
    public var seed: Int?
    /// The cost in the provider's unit, when it is reported.
    public var cost: Double?
    /// The provider's name for the request.
    public var requestID: String?
    /// Requests sent to submit, without polls.
    public var attempts: [Attempt]
    /// Polls made.
    public var polls: Int
    /// From the call to the last byte.
    public var duration: Duration
    /// True when the result existed already: joined, replayed, or found again after a response was lost.
    public var isRecovered: Bool
    /// Images that were asked for and did not come.
    public var missingCount = 0

    /// One image.
    public struct Image: Sendable, Hashable {
        /// The file.
        public var path: FilePath
        /// By content.
        public var mediaType: String
        /// Pixels.
        public var size: ImageSize
        /// Bytes of the file.
        public var byteCount: Int
        /// The address it was downloaded from; `nil` when it came within a response.
        public var source: String?
        /// The prompt as the provider rewrote it.
        public var revisedPrompt: String?
        /// The reason why it does not have the format of ``ImageDestination/fileExtension``; `nil` when it has.
        public var conversionFailure: String?

        /// Collects what is known.
        public init(
            path: FilePath, mediaType: String, size: ImageSize, byteCount: Int, source: String? = nil,
            revisedPrompt: String? = nil
        ) {
            self.path = path
            self.mediaType = mediaType
            self.size = size
            self.byteCount = byteCount
            self.source = source
            self.revisedPrompt = revisedPrompt
        }
    }

    /// Collects what is known.
    public init(
        id: String? = nil, model: String? = nil, images: [Image] = [], seed: Int? = nil, cost: Double? = nil,
        requestID: String? = nil, attempts: [Attempt] = [], polls: Int = 0, duration: Duration = .zero,
        isRecovered: Bool = false
    ) {
        self.id = id
        self.model = model
        self.images = images
        self.seed = seed
        self.cost = cost
        self.requestID = requestID
        self.attempts = attempts
        self.polls = polls
        self.duration = duration
        self.isRecovered = isRecovered
    }
}

extension Generation {
    /// The result of work that was done before, from its record.
    init(_ record: GenerationRecord, _ images: [Image]) {
        self.init(
            id: record.jobID, model: record.model, images: images, seed: record.seed, cost: record.cost,
            isRecovered: true)
    }
}

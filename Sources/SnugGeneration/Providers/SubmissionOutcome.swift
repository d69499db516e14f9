// SPDX-License-Identifier: Apache-2.0

/// What a response to a submission means.
enum SubmissionOutcome: Sendable {
    /// The images are there.
    case completed(JobResult)
    /// A job was begun: poll it.
    case accepted(id: String, JobResult)
    /// A definite failure: nothing was made, or will be.
    case failed(ProviderFailure)
    /// It surely did not take effect: the same again is safe.
    case transient(ProviderFailure)
    /// It may have taken effect.
    case unknown(ProviderFailure)

    /// What the same response means when it came before the request's body was complete: nobody acts on half a body, so
    /// that nothing has taken effect.
    var forIncompleteBody: SubmissionOutcome {
        if case .unknown(var failure) = self {
            if failure.code == .outcomeUnknown { failure.code = .notSent }
            return .transient(failure)
        }
        return self
    }
}

/// What a response to a poll means.
enum PollOutcome: Sendable {
    case completed(JobResult)
    /// Still at it, as is every word that nobody documented.
    case pending
    /// The job ended without an image.
    case failed(ProviderFailure)
    /// The job is not known any more.
    case gone(ProviderFailure)
    /// The poll failed, which says nothing about the job.
    case pollFailed(ProviderFailure)
}

/// What a provider tells of a job.
struct JobResult: Sendable, Hashable {
    var images: [ImageReference] = []
    var id: String?
    var model: String?
    var cost: Double?
    /// Whether it says that the result was there already.
    var isReplayed = false
}

/// Where a result is.
enum ImageReference: Sendable, Hashable {
    /// In the response itself, written to a file already.
    case spooled(SpooledImage, revisedPrompt: String?)
    /// To be fetched, without credentials unless it is on the provider's own origin.
    case url(String, revisedPrompt: String?)
}

/// Why not, and what could be done about it.
struct ProviderFailure: Sendable {
    var code: GenerationError.Code
    /// In the provider's words, scrubbed, or in ours.
    var message: String
    var status: Int?
    var providerCode: String?
    var requestID: String?
    var fields: [GenerationError.Field] = []
    var hint: Duration?
    var required: Double?
    var available: Double?
    var suggestions: [String] = []
    var recovery = RecoveryAction.none

    /// The same with another recovery.
    func with(_ recovery: RecoveryAction) -> ProviderFailure {
        var failure = self
        failure.recovery = recovery
        return failure
    }

    /// What makes another try worth it.
    enum RecoveryAction: Sendable, Hashable {
        case none
        /// A new access token.
        case refreshToken
        /// Smaller input: `byteLimit` is what the provider named, as bytes of one encoded image, counted raw;
        /// `maximumSide` is in pixels. With neither, nothing is known but that it was too much.
        case refit(byteLimit: Int?, maximumSide: Int?)
        /// Input as JPEG, or PNG where there is alpha.
        case reencode
        /// The prompt in a body instead of the path.
        case useBody
        /// Another model: this one has no capacity, or is not there.
        case switchModel
        /// The provider said how many at once: wait until one of ours is done.
        case lowerConcurrency
    }
}

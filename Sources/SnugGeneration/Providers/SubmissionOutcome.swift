// SPDX-License-Identifier: Apache-2.0

/// The meaning of a response to a submission.
enum SubmissionOutcome: Sendable {
    /// The images are there.
    case completed(JobResult)
    /// A job started: poll it.
    case accepted(id: String, JobResult)
    /// A definite failure: nothing was made, or will be.
    case failed(ProviderFailure)
    /// It did not take effect: a repeat is safe.
    case transient(ProviderFailure)
    /// It may have taken effect.
    case unknown(ProviderFailure)

    /// The outcome when the response came before the request's body was complete: nobody acts on half a body, so
    /// that nothing has taken effect.
    var forIncompleteBody: SubmissionOutcome {
        if case .unknown(var failure) = self {
            if failure.code == .outcomeUnknown { failure.code = .notSent }
            return .transient(failure)
        }
        return self
    }
}

/// The meaning of a response to a poll.
enum PollOutcome: Sendable {
    case completed(JobResult)
    /// The job is running; also every undocumented word.
    case pending
    /// The job ended without an image.
    case failed(ProviderFailure)
    /// The job is not known any more.
    case gone(ProviderFailure)
    /// The poll failed, which says nothing about the job.
    case pollFailed(ProviderFailure)
}

/// A job as the provider reports it.
struct JobResult: Sendable, Hashable {
    var images: [ImageReference] = []
    var id: String?
    var model: String?
    var cost: Double?
    /// True when the provider says that the result existed already.
    var isReplayed = false
}

/// The place of a result.
enum ImageReference: Sendable, Hashable {
    /// In the response itself, written to a file already.
    case spooled(SpooledImage, revisedPrompt: String?)
    /// To be fetched, without credentials unless it is on the provider's own origin.
    case url(String, revisedPrompt: String?)
}

/// A failure as the provider reports it, and the recovery.
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

    /// This failure with another recovery.
    func with(_ recovery: RecoveryAction) -> ProviderFailure {
        var failure = self
        failure.recovery = recovery
        return failure
    }

    /// A change that makes another attempt worth it.
    enum RecoveryAction: Sendable, Hashable {
        case none
        /// A new access token.
        case refreshToken
        /// Smaller input: `byteLimit` is what the provider named, as bytes of one encoded image, counted raw;
        /// `maximumSide` is in pixels. Without either, only the fact is known.
        case refit(byteLimit: Int?, maximumSide: Int?)
        /// Input as JPEG, or PNG where there is alpha.
        case reencode
        /// The prompt in a body instead of the path.
        case useBody
        /// Another model: this one has no capacity, or is not there.
        case switchModel
        /// The provider said how many at once: wait until one of ours is done.
        case lowerConcurrency
        /// None: the same request brings the same result, which is of no use.
        case giveUp
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SystemPackage

extension GenerationJob {
    /// Something that happened.
    enum Event: Sendable {
        /// The job begins; `kept` has the images that an earlier process left, `nil` when one of them is gone.
        /// - Parameter promised: The number of images that the earlier process had received, if it recorded that.
        case started(kept: [ImageReference]?, promised: Int? = nil)
        case prepared(digest: String, addresses: [String])
        case submitted(SubmissionOutcome)
        case claimed(Bool, Claim)
        case retryPaid(Bool, SubmissionMachine.Retry)
        case modelsListed([String], Ending)
        case searched(SearchResult, Search)
        case balanceRead(AccountBalance?, Search)
        case polled(Poll, Polling)
        /// The addresses of results that outlive the process; `nil` when they could not be kept.
        case kept([String]?, Delivery)
        case resultRecorded(Bool, Delivery)
        case fetched(Generation.Image, Delivery)
        case fetchFailed(GenerationError, isExpired: Bool, Delivery)
        /// Where the bytes of an unusable image are kept.
        case rescued(FilePath?, GenerationError, Delivery)
    }

    /// Effects in order, then one action.
    struct Transition: Sendable {
        var effects: [Effect]
        var action: Action

        init(_ effects: [Effect] = [], _ action: Action) {
            self.effects = effects
            self.action = action
        }

        init(_ action: Action) { self.init([], action) }
    }

    /// Something to carry out that has no result; when it throws, the job ends.
    enum Effect: Sendable {
        case save(GenerationRecord)
        case notify(GenerationEvent)
        case sleep(Duration)
        /// Prepare the next attempt differently.
        case change(SubmissionMachine.Change)
        /// Deduct a cost from the known balance.
        case spend(Double)
        /// Give the retry's cost back to the budget.
        case refundRetry
        case countAvoidedCharge
        case discard(SpooledImage)
    }

    /// Something whose end is the next event.
    enum Action: Sendable {
        /// Fit and host the images and build the request.
        case prepare
        /// Wait for a permit and send the request, once.
        case send
        case claim(String, Claim)
        case payForRetry(SubmissionMachine.Retry)
        case listModels(Ending)
        case search(Search)
        case readBalance(Search)
        case poll(Polling)
        /// Make the result outlive this process.
        case keep(Delivery)
        /// Save the record; the job continues even when that fails.
        case recordResult(GenerationRecord, Delivery)
        case fetch(ImageReference, to: ImageDestination, Delivery)
        /// Keep the bytes of an unusable image that may be all there is of a charge.
        case rescue(SpooledImage, GenerationError, Delivery)
        case finish(Completion)
        case fail(GenerationError)
    }

    /// Why a provider's job is claimed.
    enum Claim: Sendable {
        /// The record names it.
        case resumed(String)
        /// The provider accepted the submission.
        case accepted(String, JobResult)
        case completed(JobResult, isRecovered: Bool)
        case found(String, Search)
    }

    /// The search for a lost job.
    struct Search: Sendable {
        var failure: ProviderFailure
        var waits: ArraySlice<Duration>
        /// True when at least one listing could be read.
        var hasListing = false
        /// Why the last listing did not help.
        var trouble: String?
    }

    /// The end of one look through the listing.
    enum SearchResult: Sendable {
        /// `isAmbiguous` when another submission in doubt looks the same.
        case found(String, isAmbiguous: Bool)
        case listed(HistoryFinding)
        case failed(String)
    }

    /// The polls of a job so far.
    struct Polling: Sendable {
        var id: String
        /// The delivery that needs new addresses; `nil` for a job that is still running.
        var renewal: (delivery: Delivery, error: GenerationError)?
        var rounds = 0
        var failures = 0
        /// Why the last poll failed, if it did.
        var failure: ProviderFailure?
        var disappearances = 0
        var hint: Duration?
        var hasRefreshed = false
    }

    /// One poll.
    struct Poll: Sendable {
        var outcome: PollOutcome
        /// The wait that the provider asks for.
        var hint: Duration?
        /// True when the token in use has been replaced meanwhile.
        var isTokenStale = false
    }

    /// A result on its way to the disk.
    struct Delivery: Sendable {
        var result: JobResult
        var images: [Generation.Image] = []
        var index = 0
        var failure: GenerationError?
        /// Set when the provider's new addresses do not match the result.
        var expiry: GenerationError?
        /// Images that were received in all, when some of them may be lost.
        var promised: Int?
        /// Times that new addresses may be requested.
        var renewalsLeft = 2

        init(_ result: JobResult) { self.result = result }
    }

    /// A failure that ends the job.
    struct Ending: Sendable {
        var failure: ProviderFailure
        var reason: SubmissionMachine.Reason
        /// True when the submission may have taken effect and can be repeated free of charge.
        var isOpen: Bool
    }

    /// A delivered job.
    struct Completion: Sendable {
        var generation: Generation
        /// The record to keep; `nil` to forget the job.
        var record: GenerationRecord?
        /// Temporary images that are no longer needed.
        var spooled: [SpooledImage]
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem

/// The language of one provider: its requests, and the meaning of its responses. Sends nothing, waits for nothing.
protocol ProviderDialect: Sendable {
    var traits: ProviderTraits { get }

    /// Checks everything that can be checked before anything is sent.
    /// - Throws: `GenerationError` with `invalid_request` and the fields.
    func validate(_ request: GenerationRequest) throws(GenerationError)
    /// True when the formats that requests of this kind may name are known.
    func knowsFormats(of request: GenerationRequest) -> Bool

    /// The request that submits it, without credentials. The same input gives the same bytes.
    func submission(of job: PreparedJob) throws(GenerationError) -> Submission
    func outcome(of response: ProviderResponse, to job: PreparedJob) -> SubmissionOutcome

    /// The request that polls a job; `nil` when the provider has no jobs.
    func poll(_ id: String) throws(GenerationError) -> ClientRequest?
    func pollOutcome(of response: ProviderResponse, id: String) -> PollOutcome

    /// The request for a page of the listing of jobs; `nil` when there is no listing.
    func history(of job: PreparedJob, page: Int) throws(GenerationError) -> ClientRequest?
    /// The job among the listed ones that can only be ours, by prompt, model and time of creation.
    /// - Parameter known: Jobs that belong to other submissions of this client.
    func findLost(_ job: PreparedJob, in response: ProviderResponse, known: Set<String>) -> HistoryFinding

    /// The request for a new access token; `nil` when there is nothing to refresh.
    func refresh(with token: Secret) throws(GenerationError) -> ClientRequest?
    /// - Throws: `not_authenticated` when the session is over.
    func readTokens(_ response: ProviderResponse) throws(GenerationError) -> SessionTokens

    func models() throws(GenerationError) -> ClientRequest
    func readModels(_ response: ProviderResponse) throws(GenerationError) -> [ModelDescription]
    func balance() throws(GenerationError) -> ClientRequest?
    func readBalance(_ response: ProviderResponse) throws(GenerationError) -> AccountBalance

    /// Puts a key or token on a request.
    func authorize(_ request: inout ClientRequest, with secret: Secret) throws(GenerationError)
    /// A warning about an unusual key; `nil` for a usual one.
    func keyWarning(_ key: Secret) -> String?
}

extension ProviderDialect {
    func knowsFormats(of request: GenerationRequest) -> Bool { true }
}

/// The fixed properties of a provider.
struct ProviderTraits: Sendable {
    /// The provider's name, as on the command line.
    var name: String
    var baseURL: HTTPURL
    var contract: RepeatContract
    var delivery: ImageDelivery
    var inputLimits: InputLimits
    /// The limits of a mask; `nil` when none is taken.
    var maskLimits: InputLimits?
    var defaultModel: String?
    /// Images that one request can ask for.
    var maximumCount: Int
    /// True when images can be given by address too.
    var takesAddresses = true
    /// True when submissions start jobs that can be polled.
    var hasJobs = false
    /// True when the contract depends on a seed.
    var needsSeed: Bool
    /// The longest that one submission may take.
    var attemptTimeout = Duration.seconds(180)
}

/// The promise of a provider about a submission that comes twice.
public enum RepeatContract: String, Sendable, Hashable, Codable, CaseIterable {
    /// An identical request joins the one under way or gets its stored result, and is charged once.
    case join
    /// A listing can be searched for the lost job.
    case history
    /// An idempotency key makes a repeat return the stored response.
    case replay
    /// An idempotency key makes a repeat fail, and the job can be found.
    case rejectDuplicate = "reject_duplicate"
    /// Nothing.
    case none

    /// True when a repeated submission returns the result without a second charge.
    var givesAgain: Bool { self == .join || self == .replay }
}

/// The way of input images to a provider.
enum ImageDelivery: Sendable, Hashable {
    case multipart, url
}

/// A request with everything decided: the model, the seed, the images as they are sent.
struct PreparedJob: Sendable, Hashable {
    var request: GenerationRequest
    /// The one asked now, after fallbacks.
    var model: String?
    var seed: Int?
    var images: [ProviderImage]
    var mask: ProviderImage?
    /// Sent as `Idempotency-Key` where the provider knows one, and as our name for the request everywhere.
    var key: String
    /// True when the prompt has to travel in a body.
    var usesBody = false
    /// When it was first sent, seconds since 1970.
    var submittedAt: Int?
}

/// An image ready to be put in a request.
enum ProviderImage: Sendable, Hashable {
    case inline(FittedInput)
    case url(String)
}

/// A request ready to be sent.
struct Submission: Sendable {
    var request: ClientRequest
    /// SHA-256 of method, address and body, hexadecimal: equal for what a provider could take for the same.
    var digest: String
    /// With keys and images left out, for people: one line a field.
    var redacted: [(name: String, value: String)]
}

/// The trace of a lost job in a listing.
enum HistoryFinding: Sendable, Hashable {
    case found(id: String)
    /// More than one could be it.
    case ambiguous([String])
    /// It is not on this page; `hasMore` when older ones could follow.
    case notFound(hasMore: Bool)
    /// The response cannot be used.
    case unreadable
}

/// A model that a provider has.
public struct ModelDescription: Sendable, Hashable {
    /// The name in requests.
    public var name: String
    /// For a person.
    public var summary: String?
    /// The least and the greatest cost of one generation, in the provider's unit.
    public var cost: ClosedRange<Double>?
    /// The sizes it makes, `WxH`; empty when that is not said.
    public var sizes: [String]
    /// True when it takes images as input; `nil` when that is not reported.
    public var takesImages: Bool?

    /// Describes a model.
    public init(
        name: String, summary: String? = nil, cost: ClosedRange<Double>? = nil, sizes: [String] = [],
        takesImages: Bool? = nil
    ) {
        self.name = name
        self.summary = summary
        self.cost = cost
        self.sizes = sizes
        self.takesImages = takesImages
    }
}

/// The balance of an account.
public struct AccountBalance: Sendable, Hashable {
    /// In `unit`.
    public var amount: Double
    /// `tokens`, `pollen` …
    public var unit: String
    /// The tariff, when it is said.
    public var plan: String?

    /// Describes an account.
    public init(amount: Double, unit: String, plan: String? = nil) {
        self.amount = amount
        self.unit = unit
        self.plan = plan
    }
}

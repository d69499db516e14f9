// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP

/// A generation API, and where it is.
public struct Provider: Sendable, CustomStringConvertible {
    let dialect: any ProviderDialect
    /// The environment variable that its key is taken from by the command.
    public let keyVariable: String
    /// The target profile that its input images are fitted to.
    public let profile: String
    /// The target profile of masks; `nil` when it takes none.
    public let maskProfile: String?

    /// The name on the command line: `elumenta`, `pollinations`, `openai`.
    public var name: String { dialect.traits.name }
    /// The base address of the API.
    public var baseURL: HTTPURL { dialect.traits.baseURL }
    /// The model asked when a request names none; `nil` leaves it to the provider.
    public var defaultModel: String? { dialect.traits.defaultModel }
    /// The limits of input images.
    public var inputLimits: InputLimits { dialect.traits.inputLimits }
    /// True when a local image has to be hosted first, because only addresses are taken.
    public var takesAddressesOnly: Bool { dialect.traits.delivery == .url }
    /// The promise about repeated submissions.
    public var contract: RepeatContract { dialect.traits.contract }
    /// Its name.
    public var description: String { name }

    /// A warning about an unusual key; `nil` for a usual one. Only a warning: providers change their keys.
    public func keyWarning(_ key: Secret) -> String? { dialect.keyWarning(key) }

    /// Checks everything that can be checked before anything is sent.
    /// - Throws: `GenerationError` with `invalid_request` and the fields.
    public func validate(_ request: GenerationRequest) throws(GenerationError) { try dialect.validate(request) }

    /// True when the provider is known to make images in the request's format.
    public func makesFormat(of request: GenerationRequest) -> Bool {
        dialect.knowsFormats(of: request) && (try? dialect.validate(request)) != nil
    }
}

extension Provider {
    /// Elumenta.
    /// - Throws: `invalid_request` when the address is none.
    public static func elumenta(baseURL: String = "https://elumenta.ru/api/v2") throws(GenerationError) -> Provider {
        Provider(
            dialect: ElumentaDialect(try Endpoint(baseURL)), keyVariable: "ELUMENTA_API_KEY", profile: "elumenta",
            maskProfile: nil)
    }

    /// Pollinations.
    /// - Throws: `invalid_request` when the address is none.
    public static func pollinations(
        baseURL: String = "https://gen.pollinations.ai"
    ) throws(GenerationError) -> Provider {
        Provider(
            dialect: PollinationsDialect(try Endpoint(baseURL)), keyVariable: "POLLINATIONS_API_KEY",
            profile: "pollinations-edit", maskProfile: nil)
    }

    /// OpenAI, or a vendor that copies its images API.
    /// - Parameters:
    ///   - baseURL: Where it is, the version included.
    ///   - contract: The vendor's promise about `Idempotency-Key`: ``RepeatContract/replay``,
    ///     ``RepeatContract/rejectDuplicate``, or ``RepeatContract/none`` as at OpenAI.
    ///   - organization: Sent as `OpenAI-Organization`.
    ///   - project: Sent as `OpenAI-Project`.
    /// - Throws: `invalid_request` when the address is none, or the contract is one that this API cannot keep.
    public static func openAI(
        baseURL: String = "https://api.openai.com/v1", contract: RepeatContract = .none, organization: String? = nil,
        project: String? = nil
    ) throws(GenerationError) -> Provider {
        guard contract != .join, contract != .history else {
            throw .invalid("contract", "is \(contract.rawValue), which this API does not have")
        }
        return Provider(
            dialect: OpenAIDialect(
                try Endpoint(baseURL), contract: contract, organization: organization, project: project),
            keyVariable: "OPENAI_API_KEY", profile: "openai-edit", maskProfile: "openai-edit-mask")
    }
}

// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration

/// An account of a generation provider.
public struct Account: Sendable, Hashable {
    /// The providers by their names.
    public enum ProviderName: String, Sendable, Hashable, CaseIterable {
        case pollinations, elumenta, openai
    }

    /// The name that folders refer to.
    public var name: String
    /// The provider.
    public var provider: ProviderName
    /// The address of its API; `nil` for the provider's own.
    public var baseURL: String?
    /// The place of the key; `nil` takes the provider's own variable, such as `OPENAI_API_KEY`.
    public var key: SecretReference?
    /// The vendor's treatment of a repeated `Idempotency-Key`, for others with OpenAI's API. Default none.
    public var contract: RepeatContract
    /// Limits beside those that the provider tells of.
    public var rateLimits: [RateLimit]
    /// Submissions at once; `nil` for no limit but the daemon's.
    public var maximumConcurrency: Int?
    /// The host that puts images where a provider fetches that takes addresses only; `nil` for none.
    public var imageHost: ImageHosting?
    /// Fetches results from addresses of internal networks too, for a provider of your own. Default false.
    public var allowsInternalAddresses: Bool
    /// The longest that one generation may take, waits and polls included. Default 15 min.
    public var timeout: Duration

    /// A place for images that a provider is to fetch. For a bucket of your own, upload the images: the provider gets their
    /// addresses.
    public struct ImageHosting: Sendable, Hashable {
        /// The address of Pollinations' media host, or of another one like it; `nil` for the vendor's own.
        public var baseURL: String?
        /// The place of its key. Default `POLLINATIONS_API_KEY`.
        public var key: SecretReference

        /// Names a host.
        public init(baseURL: String? = nil, key: SecretReference = .environment("POLLINATIONS_API_KEY")) {
            self.baseURL = baseURL
            self.key = key
        }
    }

    /// Names an account.
    public init(name: String, provider: ProviderName) {
        self.name = name
        self.provider = provider
        contract = .none
        rateLimits = []
        allowsInternalAddresses = false
        timeout = .seconds(900)
    }

    /// The provider's API.
    /// - Throws: `invalid_configuration` for an address that is none.
    package func makeProvider() throws(DaemonError) -> Provider {
        do throws(GenerationError) {
            switch (provider, baseURL) {
            case (.pollinations, let base?): return try .pollinations(baseURL: base)
            case (.pollinations, nil): return try .pollinations()
            case (.elumenta, let base?): return try .elumenta(baseURL: base)
            case (.elumenta, nil): return try .elumenta()
            case (.openai, let base?): return try .openAI(baseURL: base, contract: contract)
            case (.openai, nil): return try .openAI(contract: contract)
            }
        } catch {
            throw DaemonError(.invalidConfiguration, "account '\(name)': \(error.message)")
        }
    }
}

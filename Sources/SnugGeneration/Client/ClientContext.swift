// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugHTTP
import SnugSystem
import Synchronization

/// The parts that all calls of a client share.
struct ClientContext: Sendable {
    let provider: Provider
    let credentials: GenerationCredentials
    let http: HTTPClient
    let options: GenerationOptions
    let stores: GenerationStores
    let refitter: Refitter?
    let host: (any ImageHost)?
    let logger: Logger
    let instruments: GenerationInstruments
    let counters = StatusCounters()
    let threads: BlockingThreads
    let reader: ResponseReader
    let downloader: ResultDownloader
    let limiter: RateLimiter
    let breakers: CircuitBreakers
    /// A digest of provider and key.
    let account: String
    /// Lets submissions that look the same in a listing go one after the other, so that a lost one can be told from the
    /// others.
    let submissionQueue = KeyedQueue()
    private let balanceReads = BalanceReads()

    var dialect: any ProviderDialect { provider.dialect }
    var traits: ProviderTraits { provider.dialect.traits }
    var origin: String { provider.baseURL.origin }
    var environment: RetryEnvironment { options.environment }
    var now: Int { options.environment.wallClock() }
    var journal: any GenerationJournal { stores.journal }

    /// Names an account without revealing its key.
    static func account(_ credentials: GenerationCredentials, _ provider: Provider) -> String {
        let secret: String =
            switch credentials {
            case .none: ""
            case .key(let key): key.reveal()
            // Tokens change; the session stays the account's.
            case .session(let store): "session \(store.identity)"
            }
        let digest = MessageDigest.sha256(Array("\(provider.name) \(provider.baseURL.origin) \(secret)".utf8))
        return String(digest.hexadecimal.prefix(24))
    }

    /// True once, for the first submission of this client.
    func isFirstBalanceRead() -> Bool { balanceReads.isFirst() }

    private final class BalanceReads: Sendable {
        private let isDone = Atomic<Bool>(false)
        func isFirst() -> Bool { !isDone.exchange(true, ordering: .relaxed) }
    }
}

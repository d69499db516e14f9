// SPDX-License-Identifier: Apache-2.0
import Crypto
import Logging
import SnugHTTP
import Synchronization

/// What all calls of a client share.
struct ClientContext: Sendable {
    let provider: Provider
    let credentials: GenerationCredentials
    let http: HTTPClient
    let options: GenerationOptions
    let journal: any GenerationJournal
    let refitter: Refitter?
    let host: (any ImageHost)?
    let logger: Logger
    let instruments: GenerationInstruments
    let counters = StatusCounters()
    let threads: FileThreads
    let reader: ResponseReader
    let downloader: ResultDownloader
    let limiter: RateLimiter
    let breakers: CircuitBreakers
    let limits: ObservedInputLimits
    let account: String
    let claims: JobClaims
    let submissionQueue = KeyedQueue()
    let standing = AccountStanding()

    var dialect: any ProviderDialect { provider.dialect }
    var traits: ProviderTraits { provider.dialect.traits }
    var origin: String { provider.baseURL.origin }
    var environment: RetryEnvironment { options.environment }
    var now: Int { options.environment.wallClock() }

    /// Names an account without telling its key.
    static func account(_ credentials: GenerationCredentials, _ provider: Provider) -> String {
        let secret: String =
            switch credentials {
            case .none: ""
            case .key(let key): key.reveal()
            // Tokens change, the session is the account's.
            case .session(let store): "session \(store.identity)"
            }
        let digest = SHA256.hash(data: Array("\(provider.name) \(provider.baseURL.origin) \(secret)".utf8))
        return String(digest.hexadecimal.prefix(24))
    }
}

/// Lets submissions that look the same in a listing go one after the other, so that one that is lost can be told from its
/// twin.
final class KeyedQueue: Sendable {
    private final class Queue: Sendable {
        let mutex = AsyncMutex()
    }
    private let queues = Mutex<[String: (queue: Queue, users: Int)]>([:])

    /// - Throws: `deadline_exceeded` when it is not one's turn in time; `CancellationError`; what `body` throws.
    func alone<Result>(
        _ name: String, until deadline: ContinuousClock.Instant?, _ body: () async throws -> Result
    ) async throws -> Result {
        let queue = queues.withLock { queues in
            let queue = queues[name]?.queue ?? Queue()
            queues[name] = (queue, (queues[name]?.users ?? 0) + 1)
            return queue
        }
        defer {
            queues.withLock { queues in
                let users = (queues[name]?.users ?? 1) - 1
                queues[name] = users > 0 ? (queue, users) : nil
            }
        }
        guard try await queue.mutex.enter(until: deadline) else {
            throw GenerationError(
                .deadlineExceeded, "the time is over: one that looks the same was still on its way, so it was not sent")
        }
        defer { queue.mutex.leave() }
        return try await body()
    }
}

/// Whether an account may go on, and what it has left.
final class AccountStanding: Sendable {
    private struct State {
        var stop: GenerationError?
        var stoppedAt = ContinuousClock.now
        var balance: Double?
        var isAsked = false
    }
    private let state = Mutex(State())
    /// After so long one request finds out whether it was topped up.
    private static let rest = Duration.seconds(600)

    /// Why nothing may be sent; `nil` when it may.
    var stop: GenerationError? {
        state.withLock { state in
            guard let stop = state.stop else { return nil }
            guard ContinuousClock.now - state.stoppedAt < Self.rest else {
                state.stop = nil
                return nil
            }
            return stop
        }
    }

    func stop(_ error: GenerationError) {
        state.withLock { state in
            state.stop = error
            state.stoppedAt = .now
            if let available = error.available { state.balance = available }
        }
    }

    /// It may have been topped up.
    func goOn() { state.withLock { $0.stop = nil } }

    /// What is left, as far as it is known.
    var balance: Double? { state.withLock { $0.balance } }

    func know(balance: Double) {
        state.withLock { state in
            state.balance = balance
            // Less than what was asked for is a reason to stay away.
            if let required = state.stop?.required, balance >= required { state.stop = nil }
        }
    }

    func spent(_ cost: Double) { state.withLock { $0.balance? -= cost } }

    /// True for the first who asks.
    func shouldAsk() -> Bool {
        state.withLock { state in
            defer { state.isAsked = true }
            return !state.isAsked
        }
    }
}

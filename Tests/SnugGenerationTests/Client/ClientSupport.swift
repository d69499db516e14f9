// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import Metrics
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

/// An API and what it promises about repeats.
enum API: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case pollinations, elumenta, openAI, replay, rejectDuplicate

    /// Those that differ in more than the promise.
    static let plain: [API] = [.pollinations, .elumenta, .openAI]

    var testDescription: String { rawValue }

    var service: ServiceName {
        switch self {
        case .pollinations: .pollinations
        case .elumenta: .elumenta
        case .openAI, .replay, .rejectDuplicate: .openai
        }
    }

    var key: String {
        switch self {
        case .pollinations: "sk_paid"
        case .elumenta: ElumentaAccount.key("elite")
        case .openAI, .replay, .rejectDuplicate: "sk-main"
        }
    }

    var contract: RepeatContract {
        switch self {
        case .pollinations: .join
        case .elumenta: .history
        case .openAI: .none
        case .replay: .replay
        case .rejectDuplicate: .rejectDuplicate
        }
    }

    /// What a submission's path looks like, as rules name it.
    var submissionPath: String? {
        switch self {
        case .pollinations: nil
        case .elumenta: "*/generate"
        case .openAI, .replay, .rejectDuplicate: "*/images/*"
        }
    }

    func provider(at address: String) throws -> Provider {
        switch self {
        case .pollinations: try .pollinations(baseURL: address)
        case .elumenta: try .elumenta(baseURL: address)
        case .openAI, .replay, .rejectDuplicate: try .openAI(baseURL: address, contract: contract)
        }
    }

    /// A simulator that keeps the promise.
    func configuration(job: JobPlan = JobPlan()) -> Simulator.Configuration {
        var configuration = Simulator.Configuration(job: job)
        if self == .replay { configuration.openAI.idempotency = .replay }
        if self == .rejectDuplicate { configuration.openAI.idempotency = .rejectDuplicate }
        return configuration
    }

    /// Whether a recorded request asks for an image.
    func isSubmission(_ request: RecordedRequest) -> Bool {
        guard request.service == service else { return false }
        switch self {
        case .pollinations: return request.path != "/image/models" && !request.path.hasPrefix("/account")
        default: return request.method == "POST" && !request.path.contains("/auth/")
        }
    }

    /// A fault for the next submissions, and for nothing else.
    func rule(_ fault: Fault, skip: Int = 0, times: Int? = 1) -> Rule {
        Rule(
            fault, service: service, method: self == .pollinations ? nil : "POST", path: submissionPath, skip: skip,
            times: times)
    }
}

/// Waits that are over at once and remembered, and a clock that they move.
final class FakeTime: Sendable {
    private struct State {
        var offset = 0.0
        var waits: [Duration] = []
        var clock: SimulatorClock?
    }
    private let state = Mutex(State())

    /// The client's waits so far.
    var waits: [Duration] { state.withLock { $0.waits } }

    /// As the limiter sees it.
    var now: Double { Date().timeIntervalSince1970 + state.withLock { $0.offset } }

    /// What was let pass.
    var passed: Duration { .seconds(state.withLock { $0.offset }) }

    /// Moves the provider's clock too from now on.
    func drive(_ clock: SimulatorClock) { state.withLock { $0.clock = clock } }

    /// Lets time pass.
    func pass(_ duration: Duration) {
        let clock = state.withLock { state in
            state.offset += max(0, duration.seconds)
            return state.clock
        }
        clock?.advance(by: max(.zero, duration))
    }

    func wait(_ duration: Duration) async throws {
        try Task.checkCancellation()
        state.withLock { $0.waits.append(duration) }
        pass(duration)
        await Task.yield()
    }

    /// Ten minutes and more are the limiter's maximumWait, not its waits.
    func nap(_ duration: Duration) async throws {
        guard duration < .seconds(600) else { return try await Task.sleep(for: duration) }
        try Task.checkCancellation()
        pass(duration)
        await Task.yield()
    }
}

/// Everything that a client told of.
final class Events: Sendable {
    private let kept = Mutex<[GenerationEvent]>([])

    var all: [GenerationEvent] { kept.withLock { $0 } }

    var record: @Sendable (GenerationEvent) -> Void {
        { [self] event in kept.withLock { $0.append(event) } }
    }
}

/// A place where clients work at a simulator, with everything watched.
final class Fixture: Sendable {
    let simulator: Simulator
    let api: API
    let folder: TemporaryFolder
    let time = FakeTime()
    let events = Events()

    init(_ simulator: Simulator, _ api: API) throws {
        self.simulator = simulator
        self.api = api
        folder = try TemporaryFolder()
    }

    /// Runs `body` in a fixture of its own.
    static func with<Result>(
        _ api: API, job: JobPlan = JobPlan(), _ body: (Fixture) async throws -> Result
    ) async throws -> Result {
        try await withSimulator(api.configuration(job: job)) { simulator async throws in
            try await body(try Fixture(simulator, api))
        }
    }

    // MARK: Clients

    /// A client that waits for nothing but the network.
    func client(
        at address: String? = nil, key: String? = nil, session: (any SessionStore)? = nil, http: HTTPClient? = nil,
        journal: any GenerationJournal = InMemoryJournal(), stores: GenerationStores = GenerationStores(),
        fits: Bool = true,
        hosts: Bool = true,
        logger: Logger = quietLogger, metrics: any MetricsFactory = noMetrics,
        _ change: (inout GenerationOptions) -> Void = { _ in }
    ) throws -> GenerationClient {
        var options = GenerationOptions()
        options.spoolDirectory = folder.path.appending("spool")
        options.environment.sleep = { [time] in try await time.wait($0) }
        options.limiterSleep = { [time] in try await time.nap($0) }
        options.limiterNow = { [time] in time.now }
        // The simulator's services have origins of their own on this machine.
        options.allowsInternalAddresses = true
        change(&options)
        var quick = RetryEnvironment()
        quick.sleep = { _ in try Task.checkCancellation() }
        let environment = quick
        let http = try http ?? makeClient { $0.retryEnvironment = environment }
        var stores = stores
        stores.journal = journal
        return GenerationClient(
            provider: try api.provider(at: address ?? simulator.addresses[api.service]),
            credentials: session.map { .session($0) } ?? .key(Secret(key ?? api.key)), http: http, options: options,
            stores: stores, refitter: fits ? refit : nil,
            host: hosts
                ? try PollinationsMediaHost(
                    client: http, key: Secret("sk_paid"), baseURL: simulator.addresses[.media]) : nil,
            checker: checkWhole, logger: logger, metrics: metrics)
    }

    /// A place for images.
    func destination(_ name: String = "image") -> ImageDestination {
        ImageDestination(folder: folder.path.appending("out"), name: name)
    }

    /// Generates, and says how it ended.
    func attempt(
        _ client: GenerationClient, _ request: GenerationRequest = .cat, name: String? = nil
    ) async -> Swift.Result<Generation, any Error> {
        do {
            return .success(
                try await client.generate(
                    request, to: destination(name ?? "image"), name: name, onEvent: events.record))
        } catch {
            return .failure(error)
        }
    }

    /// Generates what has to fail.
    func failure(
        _ client: GenerationClient, _ request: GenerationRequest = .cat, name: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> GenerationError {
        switch await attempt(client, request, name: name) {
        case .success:
            Issue.record("it did not fail", sourceLocation: sourceLocation)
            throw CancellationError()
        case .failure(let error):
            return try #require(error as? GenerationError, "\(error)", sourceLocation: sourceLocation)
        }
    }

    // MARK: What happened

    /// What was asked of the provider for money.
    var submissions: [RecordedRequest] { simulator.requests.filter(api.isSubmission) }

    var charges: [LedgerEntry] { simulator.ledger.charges }

    /// The images that are here.
    var images: [String] {
        folder.files().filter { $0.hasPrefix("out/") }.map { String($0.dropFirst(4)) }
    }
}

extension GenerationRequest {
    static var cat: GenerationRequest { GenerationRequest(prompt: "a cat") }
}

extension Swift.Result {
    var error: GenerationError? { if case .failure(let error) = self { error as? GenerationError } else { nil } }
    var value: Success? { try? get() }
}

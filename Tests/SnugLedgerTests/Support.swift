// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

/// A clock that only the test moves, and random numbers from a seed.
final class TestTime: Sendable {
    static let start = 1_800_000_000_000
    private let passed = Mutex(Duration.zero)
    private let jump = Mutex(Duration.zero)
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64 = 1) { generator = Mutex(SeededGenerator(seed: seed)) }

    var now: LedgerInstant {
        LedgerInstant(milliseconds: Self.start) + passed.withLock { $0 } + jump.withLock { $0 }
    }

    /// Lets time pass.
    func advance(_ duration: Duration) { passed.withLock { $0 += duration } }

    /// Sets the time of day, as an administrator does.
    func setForward(_ duration: Duration) { jump.withLock { $0 += duration } }

    var environment: LedgerEnvironment {
        LedgerEnvironment(
            now: { self.now }, elapsed: { self.passed.withLock { $0 } },
            random: { self.generator.withLock { $0.next() } })
    }
}

/// Two workers on one ledger of a kind, and their time.
struct LedgerFixture: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case memory, sqlite
        #if Postgres
            case postgres
        #endif

        static var allCases: [Kind] { [.memory] + shared }

        /// Those in databases.
        static var shared: [Kind] {
            #if Postgres
                if PostgresServer.isAvailable { return [.sqlite, .postgres] }
            #endif
            return [.sqlite]
        }
    }

    let time: TestTime
    let store: any LedgerStore
    let other: any LedgerStore
    private let folder: TemporaryFolder?

    init(_ kind: Kind, policy: LedgerPolicy = LedgerPolicy(), seed: UInt64 = 1) async throws {
        time = TestTime(seed: seed)
        switch kind {
        case .memory:
            let ledger = InMemoryLedger(policy: policy, environment: time.environment)
            (store, other, folder) = (ledger, ledger.anotherWorker(), nil)
        case .sqlite:
            let folder = try TemporaryFolder()
            let configuration = LedgerConfiguration(policy: policy, environment: time.environment)
            let path = folder.path.appending("ledger.sqlite")
            store = try await SQLiteLedger.open(path, configuration: configuration)
            other = try await SQLiteLedger.open(path, configuration: configuration)
            self.folder = folder
        #if Postgres
            case .postgres:
                let schema = PostgresServer.newName()
                store = try await PostgresLedger.open(schema, time, policy)
                other = try await PostgresLedger.open(schema, time, policy)
                folder = nil
        #endif
        }
    }

    /// Puts one job in.
    @discardableResult
    func add(_ new: NewJob) async throws -> Job {
        let enqueued = try await store.enqueue([new])
        return try #require(enqueued.first).job
    }

    /// Claims one job.
    func claim(
        _ steps: Set<JobStep> = Set(JobStep.allCases), lease: Duration = .seconds(60)
    ) async throws -> ClaimedJob {
        try #require(try await store.claim(ClaimRequest(steps, lease: lease)).first)
    }

    /// Brings a new job to a step.
    func add(at step: JobStep, _ name: String = "a", account: String = "") async throws -> Job {
        try await add(.sample(name, account: account, step: step))
    }

    /// The books of all folders.
    func books() async throws -> LedgerBooks { try await store.books().values.reduce(LedgerBooks(), +) }
}

#if Postgres
    extension PostgresLedger {
        /// A worker on a ledger of the shared service, with the test's own time.
        static func open(
            _ schema: String, _ time: TestTime, _ policy: LedgerPolicy = LedgerPolicy()
        ) async throws -> PostgresLedger {
            var configuration = LedgerConfiguration(policy: policy, environment: time.environment)
            configuration.usesDatabaseClock = false
            configuration.maximumConnections = 1
            // The test's time runs far ahead of a connection that is made again.
            configuration.lostConnectionGrace = .seconds(1_000_000)
            return try await open(
                PostgresAddress(await PostgresServer.address()), schema: schema, configuration: configuration)
        }
    }
#endif

extension NewJob {
    static func sample(
        _ name: String, folder: String = "in", account: String = "", priority: JobPriority = .background,
        step: JobStep? = nil, source: String? = nil, supersedes: JobID? = nil
    ) -> NewJob {
        NewJob(
            JobIdentity(contentHash: "hash of \(name)", pipeline: "p"), name: name, folder: folder, source: source,
            account: account, priority: priority, step: step, supersedes: supersedes)
    }
}

extension JobReason {
    static let test = JobReason(code: "test", message: "a test")
}

/// Expects a failure of the ledger's.
func expectFailure(
    _ code: LedgerError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    await #expect(sourceLocation: sourceLocation) {
        try await body()
    } throws: {
        ($0 as? LedgerError)?.code == code
    }
}

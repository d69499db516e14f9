// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugSystem
import SnugUpload
import Synchronization
import SystemPackage

/// Everything that the stages of all jobs share.
final class StageServices: Sendable {
    let ledger: any LedgerStore
    let fit: FitRun.Fit
    /// The engine for the inputs of generations; `nil` gives each account one of its own.
    let imageFitter: ImageFitter?
    let http: HTTPClient
    let uploader: Uploader
    /// The names of uploaded objects.
    let objectNames: any ObjectNameStore
    /// Where bytes are for all hosts; `nil` where each works on its own files.
    let storage: (any ByteStorage)?
    /// The leases of the jobs in hand.
    let leases = LeaseWatches()
    let generationStores: GenerationStores
    /// The name of this process among those that share the ledger.
    let holder = HolderName()
    let publisher: OutputPublisher
    let files: JobFiles
    /// Everything that blocks, apart from the engine's own threads.
    let threads: BlockingThreads
    let logger: Logger
    /// Images of generations before they are delivered; they must outlive the process.
    let spool: FilePath
    /// The time after which the job of a worker that gives no sign of life is somebody else's; it is renewed three times
    /// within that.
    let leaseTime: Duration
    let passed: @Sendable (DaemonPoint) -> Void
    let gate: FitGate
    /// The ends of short fits.
    let ends = EndGathering()
    /// Renews the leases of the jobs in hand.
    let keeper: LeaseKeeper
    let reserve: DiskReserve
    let holds: CurrentHolds
    private let storageDownUntil = Mutex<ContinuousClock.Instant?>(nil)
    private let lastFitTime = Mutex<Duration?>(nil)
    private let clients = Mutex<[Account: GenerationClient]>([:])
    /// Options by their text.
    private let readOptions = Mutex<[String: JobOptions]>([:])

    init(
        ledger: any LedgerStore, fit: @escaping FitRun.Fit, imageFitter: ImageFitter?, http: HTTPClient,
        uploadStore: (any UploadStore)?, storage: (any ByteStorage)?,
        generationStores: GenerationStores, publisher: OutputPublisher, stateDirectory: FilePath,
        threads: BlockingThreads, gate: FitGate, reserve: DiskReserve, leaseTime: Duration, logger: Logger,
        passed: @escaping @Sendable (DaemonPoint) -> Void
    ) {
        self.gate = gate
        self.reserve = reserve
        self.leaseTime = leaseTime
        keeper = LeaseKeeper(ledger: ledger, watches: leases, leaseTime: leaseTime, logger: logger)
        self.ledger = ledger
        holds = CurrentHolds(ledger)
        self.fit = fit
        self.imageFitter = imageFitter
        self.http = http
        uploader = Uploader(client: http, store: uploadStore, logger: logger)
        objectNames = uploadStore ?? InMemoryUploadStore()
        self.storage = storage
        self.generationStores = generationStores.fenced(by: leases, holder: holder)
        self.publisher = publisher
        files = JobFiles(root: stateDirectory.appending("jobs"), publisher: publisher)
        self.threads = threads
        self.logger = logger
        spool = stateDirectory.appending("spool")
        self.passed = passed
    }

    /// The time that fits take at present; `nil` before the first one.
    var fitTime: Duration? { lastFitTime.withLock { $0 } }

    /// Notes how long a fit took. One that takes long counts at once, short ones little by little.
    func noteFit(took time: Duration) {
        lastFitTime.withLock { last in last = last.map { max(time, ($0 * 3 + time) / 4) } ?? time }
    }

    /// The options of a job; `nil` for text of another version. Jobs of a folder mostly have the same.
    func options(of text: String) -> JobOptions? {
        if let known = readOptions.withLock({ $0[text] }) { return known }
        guard let options = JobOptions(text: text) else { return nil }
        readOptions.withLock { known in
            if known.count >= Self.rememberedOptions { known = [:] }
            known[text] = options
        }
        return options
    }

    private static let rememberedOptions = 64

    /// Notes that the storage cannot be reached: nothing is begun for a while.
    func noteStorageDown(for time: Duration?) {
        let until = ContinuousClock.now + min(max(time ?? .zero, Self.storagePause), .seconds(60))
        storageDownUntil.withLock { $0 = until }
    }

    /// The time for which nothing is to be begun, because the storage cannot be reached.
    var storagePauseLeft: Duration? {
        storageDownUntil.withLock { until in
            guard let left = until.map({ $0 - .now }), left > .zero else { return nil }
            return left
        }
    }

    private static let storagePause = Duration.seconds(2)

    /// The client of an account: one for all jobs, so that they share its limits.
    /// - Throws: `secret_missing`, `invalid_configuration`. It may block.
    func client(for account: Account) throws(DaemonError) -> GenerationClient {
        if let client = clients.withLock({ $0[account] }) { return client }
        let provider = try account.makeProvider()
        var options = GenerationOptions()
        options.timeout = account.timeout
        options.rateLimits = account.rateLimits
        options.maximumConcurrency = account.maximumConcurrency
        options.allowsInternalAddresses = account.allowsInternalAddresses
        options.spoolDirectory = spool
        options.filesMayMove = storage != nil
        let client = GenerationClient(
            provider: provider, credentials: try credentials(for: account, provider), http: http, options: options,
            stores: generationStores, images: GenerationImageFitter(for: provider, fitter: imageFitter),
            host: try host(for: account), logger: logger)
        return clients.withLock { clients in
            if let other = clients[account] { return other }
            clients[account] = client
            return client
        }
    }

    private func host(for account: Account) throws(DaemonError) -> PollinationsMediaHost? {
        guard let host = account.imageHost else { return nil }
        let key = try host.key.read()
        do throws(GenerationError) {
            guard let base = host.baseURL else { return try PollinationsMediaHost(client: http, key: key) }
            return try PollinationsMediaHost(client: http, key: key, baseURL: base)
        } catch {
            throw DaemonError(.invalidConfiguration, "image host of account '\(account.name)': \(error.message)")
        }
    }

    private func credentials(
        for account: Account, _ provider: Provider
    ) throws(DaemonError) -> GenerationCredentials {
        if let key = account.key { return .key(try key.read()) }
        do throws(DaemonError) {
            return .key(try SecretReference.environment(provider.keyVariable).read())
        } catch {
            // A server on this machine may need no key.
            if provider.baseURL.isLoopback { return .none }
            throw error
        }
    }

    /// Forgets the clients of accounts, so that keys are read again.
    func forgetClients() { clients.withLock { $0 = [:] } }
}

// SPDX-License-Identifier: Apache-2.0
public import Logging
public import SnugGeneration
public import SnugHTTP
package import SnugImage
public import SnugLedger
package import SnugSystem
public import SnugUpload
import Synchronization
package import SystemPackage

/// Watches folders, and takes each file that is dropped into them through its pipeline to a delivered result.
///
/// Everything is recorded before it is begun and after it is done. So the process may end at any moment: the next one
/// resumes, with nothing lost, nothing delivered twice and nothing paid for twice.
///
/// ```swift
/// let folder = WatchFolder(inbox: "/srv/inbox", outbox: "/srv/outbox")
/// let daemon = try Daemon(
///     WatchConfiguration(stateDirectory: "/var/lib/snug", folders: [folder]), ledger: ledger, http: http, logger: logger)
/// try await daemon.run()
/// ```
public final class Daemon: Sendable {
    /// The engine, as far as a daemon needs it.
    package typealias Engine = @Sendable (ImageSource, Limits, FitPolicy) async throws -> FittedImage

    struct State {
        var setup: DaemonSetup
        var phase = DaemonStatus.Phase.starting
        var dispatcher: Dispatcher?
        var work: Task<Void, Never>?
        var watchers: [String: WatcherTask] = [:]
        var events: FolderEvents?
    }

    let services: StageServices
    let board: JobBoard
    let logger: Logger
    /// Tells the use of the memory that images being fitted share; `nil` for an engine that has no budget.
    let memoryUse: @Sendable () -> MemoryUse?
    /// The configuration at the start, which sized the engine and the threads.
    let initial: WatchConfiguration
    let state: Mutex<State>
    /// One reload at a time.
    let reloading = AsyncMutex()

    /// Prepares a daemon. It begins with ``run()`` or ``runOnce()``.
    /// - Parameters:
    ///   - configuration: Folders, accounts and bounds.
    ///   - ledger: The memory of all jobs.
    ///   - generationStores: The memory of generations; it has to outlive the process.
    ///   - uploadStore: The memory of uploads; without one, an upload starts over after the process ended within it.
    ///   - http: Sends everything.
    ///   - logger: Receives what no event tells.
    ///   - onEvent: Called for every step, from any thread; it has to be quick.
    /// - Throws: What ``WatchConfiguration/validate()`` throws. It looks at the file system, and may block.
    public convenience init(
        _ configuration: WatchConfiguration, ledger: any LedgerStore,
        generationStores: GenerationStores = GenerationStores(), uploadStore: (any UploadStore)? = nil,
        http: HTTPClient, logger: Logger, onEvent: @escaping @Sendable (DaemonEvent) -> Void = { _ in }
    ) throws(DaemonError) {
        guard !configuration.isolatesFits || DecoderWorker.ofThisProgram != nil else {
            throw WatchConfiguration.invalid(
                "images are to be handled in processes of their own, and this program does not serve as one; call "
                    + "DecoderWorker.serveIfRequested() at the start of main, or set isolatesFits to false")
        }
        try self.init(
            configuration, ledger: ledger, generationStores: generationStores, uploadStore: uploadStore, http: http,
            logger: logger, fitter: Self.fitter(for: configuration), onEvent: onEvent)
    }

    /// The engine that a configuration asks for.
    package static func fitter(for configuration: WatchConfiguration) -> ImageFitter {
        ImageFitter(
            configuration: ImageFitter.Configuration(
                memory: configuration.memory, threads: max(1, configuration.workers.fits),
                isolation: configuration.isolatesFits ? .everything : .riskyFormats))
    }

    /// A daemon that shares its engine, and the memory of that.
    package convenience init(
        _ configuration: WatchConfiguration, ledger: any LedgerStore, generationStores: GenerationStores,
        uploadStore: (any UploadStore)?, storage: (any ByteStorage)? = nil, http: HTTPClient, logger: Logger,
        fitter: ImageFitter, leaseTime: Duration = .seconds(60), onEvent: @escaping @Sendable (DaemonEvent) -> Void
    ) throws(DaemonError) {
        try self.init(
            configuration, ledger: ledger, generationStores: generationStores, uploadStore: uploadStore,
            storage: storage, http: http, logger: logger, fit: { try await fitter.fit($0, limits: $1, policy: $2) },
            imageFitter: fitter, memoryUse: { fitter.memoryUse }, leaseTime: leaseTime, passed: { _ in },
            onEvent: onEvent)
    }

    /// A daemon with another engine, which tests can stop at any moment.
    package init(
        _ configuration: WatchConfiguration, ledger: any LedgerStore, generationStores: GenerationStores,
        uploadStore: (any UploadStore)?, storage: (any ByteStorage)? = nil, http: HTTPClient, logger: Logger,
        fit: @escaping Engine,
        imageFitter: ImageFitter? = nil, space: @escaping DiskReserve.Space = FileSystem.space,
        memoryUse: @escaping @Sendable () -> MemoryUse? = { nil }, calls: PublishingCalls = .system,
        leaseTime: Duration = .seconds(60), passed: @escaping @Sendable (DaemonPoint) -> Void,
        onEvent: @escaping @Sendable (DaemonEvent) -> Void
    ) throws(DaemonError) {
        var configuration = configuration
        do { configuration.stateDirectory = try WorkingFolder.absolute(configuration.stateDirectory) } catch {
            throw DaemonError(.ioFailed, "the current folder is gone; change to another")
        }
        try configuration.validate()
        configuration = configuration.withLedgerNames
        let workers = configuration.workers
        let prefix = Sweeper.prefix(configuration.stateDirectory)
        let publisher = FilePublisher(
            calls: calls,
            temporaryName: { prefix + TemporaryFiles.randomName().dropFirst(TemporaryFiles.prefix.count) })
        services = StageServices(
            ledger: ledger, fit: fit, imageFitter: imageFitter, http: http, uploadStore: uploadStore, storage: storage,
            generationStores: generationStores,
            publisher: OutputPublisher(publisher), stateDirectory: configuration.stateDirectory,
            threads: BlockingThreads(
                count: workers.fits * WorkerLane.largestHand + workers.uploads * 2 + workers.deliveries + 4),
            gate: FitGate(limit: workers.fits), reserve: DiskReserve(space), leaseTime: leaseTime, logger: logger,
            passed: passed)
        board = JobBoard(onEvent: onEvent)
        self.logger = logger
        self.memoryUse = memoryUse
        initial = configuration
        state = Mutex(State(setup: DaemonSetup(configuration)))
    }

    var setup: DaemonSetup { state.withLock { $0.setup } }

    /// The storage that hosts share; `nil` for none.
    package var storage: (any ByteStorage)? { services.storage }

    /// The daemon's part among those that share its ledger.
    package var role: FleetRole { initial.role }

    /// The folder of everything that outlives the process, absolute.
    package var stateDirectory: FilePath { initial.stateDirectory }

    /// The time that work in progress gets to finish, by the configuration in force.
    package var drainTime: Duration { setup.configuration.drainTime }

    // MARK: Running

    /// Works until the task is cancelled, which hands unfinished work back at once, or until it is drained.
    /// - Throws: `already_running`, `io_failed`; what the ledger throws when it cannot be read at the start;
    ///   `CancellationError`.
    public func run() async throws {
        _ = try await operate(isOnce: false)
        try Task.checkCancellation()
    }

    /// Processes everything that is there now, and what an earlier run left, and returns once it is over.
    ///
    /// Files that are not complete stay, as do jobs that wait for something else than time: a pause, a parked account, a
    /// person.
    /// - Returns: The totals.
    /// - Throws: As ``run()``.
    @discardableResult
    public func runOnce() async throws -> DaemonReport {
        let report = try await operate(isOnce: true)
        try Task.checkCancellation()
        return report
    }

    private func operate(isOnce: Bool) async throws -> DaemonReport {
        let setup = setup
        let directory = setup.configuration.stateDirectory
        let lock = try await services.threads.run { try DaemonLock.acquire(in: directory) }
        defer { withExtendedLifetime(lock) {} }
        try await recover(setup)
        let remaining = RemainingWatchers(isOnce ? setup.watched.count : 1)
        let dispatcher = Dispatcher(
            services: services, board: board, setup: { [weak self] in self?.setup ?? setup }, isOnce: isOnce,
            noMoreFiles: { remaining.areNone })
        // Ends by itself while others wait for it: drain() in another task, and this one.
        let work = Task { await dispatcher.run() }
        state.withLock { state in
            state.dispatcher = dispatcher
            state.work = work
            if state.phase != .draining { state.phase = .running }
            if !isOnce { state.events = try? FolderEvents() }
        }
        board.report(.started, nil)
        await tellHolds()
        for context in setup.watched { watch(context, isOnce: isOnce, remaining) }
        let housekeeping = isOnce ? nil : Task { await keepHouse() }
        let beat = await makeBeat(setup)
        let beats = Task { await beat?.run() }
        let ended = EndedElsewhere(services: services, board: board, setup: { [weak self] in self?.setup ?? setup })
        await ended.begin()
        let endings = Task { await ended.run() }
        if state.withLock({ $0.phase == .draining }) { dispatcher.drain() }
        await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        housekeeping?.cancel()
        await housekeeping?.value
        endings.cancel()
        await endings.value
        await ended.look()
        beats.cancel()
        await beats.value
        await beat?.tell(.stopped)
        let unsettled = unsettledFiles()
        await stopWatching()
        state.withLock { $0.phase = .stopped }
        board.report(.stopped, nil)
        return try await report(unsettled, isOnce: isOnce)
    }

    /// Takes up what an earlier process left.
    private func recover(_ setup: DaemonSetup) async throws {
        let sweeper = Sweeper(services: services, setup: setup)
        try await sweeper.takeStorage()
        await sweeper.removeTemporaries(isStart: true)
        await sweeper.removeEmptyWorkFolders()
        await sweeper.removeClaims()
        await sweeper.prune()
        await sweeper.removeJobFiles()
        await sweeper.removeOldSubmissions()
        let recovery = Recovery(services: services, setup: setup, board: board)
        do { try await recovery.lookThroughSubmissions(isStart: true) } catch let error as Errno {
            throw DaemonError(
                .ioFailed, "\(PrintableName.of(setup.submissions.settings.inbox)) cannot be used: \(error)")
        }
        for context in setup.watched {
            try await board.failures(of: context.settings.name).load(
                folder: context.settings.name, from: services.ledger)
            do { try await recovery.run(context, taker(for: context, known: known(context))) } catch let error
                as WatchError
            {
                // The folder may come back; the regular look at the work folder tries again.
                board.report(.notice("folder '\(context.settings.name)': \(error.message)"), nil)
            }
        }
    }

    /// The regular work beside the jobs.
    private func keepHouse() async {
        while true {
            do { try await Task.sleep(for: .seconds(600)) } catch { return }
            let setup = setup
            let sweeper = Sweeper(services: services, setup: setup)
            await sweeper.removeTemporaries(isStart: false)
            await sweeper.prune()
            await sweeper.removeJobFiles()
            await sweeper.removeOldSubmissions()
            await sweeper.sweepStorage()
            let recovery = Recovery(services: services, setup: setup, board: board)
            do { try await recovery.lookThroughSubmissions(isStart: false) } catch {
                logger.warning("submitted images cannot be looked through", metadata: ["reason": "\(error)"])
            }
            for context in setup.watched {
                do { try await recovery.run(context, taker(for: context, known: known(context))) } catch {
                    logger.warning("work folder cannot be looked through", metadata: ["reason": "\(error)"])
                }
            }
        }
    }

    /// True while the loop that hands out work turns, which it does every few seconds; also while there is no loop, before
    /// the start and while the daemon drains, for both are bounded.
    public func isAlive(within limit: Duration) -> Bool {
        guard let time = state.withLock({ $0.dispatcher })?.timeSinceTurn else { return true }
        return time <= max(limit, .seconds(15))
    }

    // MARK: Stopping

    /// Takes no more files and begins no more work, waits for what runs, and hands back what takes longer.
    /// - Parameter limit: The longest wait; `nil` takes that of the configuration.
    public func drain(within limit: Duration? = nil) async {
        let (dispatcher, work) = state.withLock { state in
            if state.phase != .stopped { state.phase = .draining }
            return (state.dispatcher, state.work)
        }
        board.report(.draining, nil)
        await stopWatching()
        dispatcher?.drain()
        guard let work else { return }
        let limit = limit ?? setup.configuration.drainTime
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await work.value }
            group.addTask {
                try? await Task.sleep(for: limit)
                work.cancel()
            }
            await group.next()
            group.cancelAll()
        }
        await work.value
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugLedger
import SnugSystem
import SnugUpload
import Synchronization
import SystemPackage

extension JobTask {
    /// Submits the generation, or resumes it, and fetches its results, the same way as `snug generate`.
    ///
    /// The client's journal knows how far the submission came, also when the process ended within it. So all steps of a
    /// generation make one call, under one name: the client submits what was never sent, asks about what may have been,
    /// and resumes what was accepted.
    func generate() async throws -> Success {
        guard let order = options.generation else {
            throw StepFault(.held, "unknown_options", "the job's pipeline does not generate; drop the job")
        }
        guard let account = setup.account(named: order.account) else {
            throw StepFault(
                .environmental, "account_unknown",
                "the account '\(PrintableName.escaped(order.account))' is not in the configuration any more; add it again, or "
                    + "cancel the job", delay: .seconds(60))
        }
        let services = services
        let client = try await services.threads.run { try services.client(for: account) }
        let (image, payload) = try await imageForGeneration()
        let work = GenerationWork(
            request: order.request(with: [image]),
            destination: ImageDestination(
                folder: services.files.folder(of: job.id).appending("results"), name: "image"),
            name: job.id.description)
        var records: [GenerationRecord] = []
        for name in client.names(of: work.request, under: work.name) {
            if let record = try await services.generationStores.journal.record(name) { records.append(record) }
        }
        if services.storage != nil { records = try await checkImagesAreHere(records, client) }
        let held = try await moved(records.filter { $0.state == .held }, to: work)
        if job.step == .submit {
            try await services.ledger.recordIntent(StepIntent(.reconcile), under: claim.lease)
            services.passed(.intended)
        } else if records.isEmpty, job.step == .reconcile {
            // Nothing has left: the process ended before the client recorded the submission, or after it had failed for sure.
            return Success(outcome: .advanced(to: .submit), payload: payload)
        } else if let held = held.first {
            throw Self.heldFault(held.note)
        }
        let outcome = try await run(work, client, held, timeout: order.timeout)
        services.passed(.worked)
        return try await success(outcome, payload, client, account)
    }

    private static func heldFault(_ note: String?) -> StepFault {
        StepFault(
            .unknown, JobReason.outcomeUnknown,
            (note ?? "the provider cannot tell whether the submission took effect") + "; it may have been paid for")
    }

    private func imageForGeneration() async throws -> (ImageInput, JobPayload) {
        if options.stages.contains(.upload), let receipt = payload.receipt {
            return (.url(receipt.presignedURL ?? receipt.url), payload)
        }
        let (path, payload) = try await stagedImage()
        return (.file(path), payload)
    }

    private func run(
        _ work: GenerationWork, _ client: GenerationClient, _ held: [GenerationRecord], timeout: Int?
    ) async throws -> GenerationOutcome {
        let run = GenerationRun(
            client: client, journal: services.generationStores.journal, maximumConcurrency: 1, keepsDelivered: true)
        let ended = LastOutcome()
        let (onEvent, passed) = (onEvent, services.passed)
        let handler: @Sendable (GenerationRunEvent) -> Void = { event in
            switch event {
            case .progressed(_, .submitting): passed(.submitting)
            case .progressed(_, .accepted):
                passed(.accepted)
                onEvent(.submitted)
            case .ended(let outcome): ended.set(outcome)
            default: break
            }
        }
        do {
            try await Self.within(timeout.map { Duration.seconds($0) }) {
                // A held one that comes to be submitted again does so by a person's decision.
                for record in held {
                    try await run.resume(record, onEvent: handler)
                    guard ended.value?.status == .completed else { return }
                }
                try await run.run([work], onEvent: handler)
            }
        } catch is CancellationError {
            if Task.isCancelled { throw CancellationError() }
            // Its own time limit ended it; the outcome says how far it came.
        }
        guard let outcome = ended.value else { throw CancellationError() }
        return outcome
    }

    /// Cancels work that takes too long.
    private static func within(
        _ limit: Duration?, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard let limit else { return try await body() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw CancellationError()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func success(
        _ outcome: GenerationOutcome, _ old: JobPayload, _ client: GenerationClient, _ account: Account
    ) async throws -> Success {
        var payload = old
        switch outcome.status {
        case .completed:
            payload.isAccepted = true
            let images = outcome.generation.images
            let folder = services.files.folder(of: job.id)
            let staged = try await services.threads.run { try images.map { try $0.staged(below: folder) } }
            for (image, file) in zip(images, staged) { try await storeAtLast(file, image.path) }
            payload.images = staged
            let bytes = staged.reduce(0) { $0 + $1.byteCount }
            return Success(
                outcome: .advanced(to: .deliver), payload: payload,
                events: [.completed(images: staged.count, bytes: bytes)])
        case .held: throw Self.heldFault(outcome.error?.message)
        case .incomplete:
            let count = outcome.generation.images.count
            throw StepFault(
                .held, "images_missing",
                "\(count) of the images came, fewer than were asked for; retry the job to make the missing ones")
        case .failed:
            throw StepFault(outcome.error ?? GenerationError(.providerFailed, "no image came"), account: account.name)
        case .pending: throw try await pendingFault(outcome, client, account)
        }
    }

    /// The fault of a generation that is recorded and not over.
    private func pendingFault(
        _ outcome: GenerationOutcome, _ client: GenerationClient, _ account: Account
    ) async throws -> StepFault {
        let error = outcome.error ?? GenerationError(.deadlineExceeded, "the generation is not over")
        var fault = StepFault(error, account: account.name)
        var isAccepted = false
        for id in outcome.openIDs {
            let state = try await services.generationStores.journal.record(id)?.state
            if state == .accepted || state == .completed { isAccepted = true }
            if state == .sending { fault.kind = .unresolved }
        }
        if isAccepted, [.transient, .unknown, .definite].contains(fault.kind) { fault.kind = .pending }
        return fault
    }

    /// Forgets the submission once its results are delivered.
    func forgetGeneration() async {
        guard options.generation != nil else { return }
        let journal = services.generationStores.journal
        let count = max(1, options.generation?.count ?? 1)
        let name = job.id.description
        // A request of several images may have been split; names that there are not are no fault.
        let names = [name] + (count > 1 ? (1...count).map { "\(name)#\($0)" } : [])
        for name in names { try? await journal.remove(name) }
    }
}

extension Generation.Image {
    /// The image as a file of its job. It blocks.
    fileprivate func staged(below folder: FilePath) throws -> JobPayload.StagedFile {
        let source = try ImageSource(file: path, followsLinks: false)
        var place = path
        if !place.removePrefix(folder) {
            // Another worker of this machine has received it.
            place = FilePath(root: nil, [FilePath.Component("results")] + path.components.suffix(1))
        }
        return JobPayload.StagedFile(
            path: PathText.encode(place.bytes), suffix: path.extension ?? "bin", byteCount: source.byteCount,
            digest: try JobFiles.digest(of: PublishedContent(source)))
    }
}

/// The last event of a run of one generation.
private final class LastOutcome: Sendable {
    private let outcome = Mutex<GenerationOutcome?>(nil)

    func set(_ outcome: GenerationOutcome) { self.outcome.withLock { $0 = outcome } }
    var value: GenerationOutcome? { outcome.withLock { $0 } }
}

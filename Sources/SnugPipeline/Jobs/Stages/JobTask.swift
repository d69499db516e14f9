// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugSystem
import SystemPackage

/// One step of one job, in the hands of a worker.
struct JobTask: Sendable {
    /// The end of a step that succeeded.
    struct Success: Sendable {
        var outcome: StepOutcome
        var payload: JobPayload
        var events: [DaemonEvent.Kind] = []
    }

    /// The job's input on this host.
    struct Input: Sendable {
        var path: FilePath
        /// Its place in the inbox, wherever that is.
        var original: RelativePath
    }

    /// A source file of the job.
    struct Source: Sendable {
        var context: FolderContext
        var file: TakenFile
        var work: WorkFolder
        /// The report beside a file that failed before.
        var report: FilePath?
    }

    let claim: ClaimedJob
    let services: StageServices
    let setup: DaemonSetup
    let options: JobOptions
    let payload: JobPayload
    /// The turn of a fit.
    let ticket: FitGate.Ticket?
    /// Is told what happens meanwhile.
    let onEvent: @Sendable (DaemonEvent.Kind) -> Void

    /// - Throws: ``StepFault`` for a job that another version has put in.
    init(
        _ claim: ClaimedJob, _ services: StageServices, _ setup: DaemonSetup, _ ticket: FitGate.Ticket?,
        onEvent: @escaping @Sendable (DaemonEvent.Kind) -> Void
    ) throws(StepFault) {
        self.claim = claim
        self.services = services
        self.setup = setup
        self.ticket = ticket
        self.onEvent = onEvent
        payload = JobPayload(text: claim.job.payload)
        if let fault = payload.fault { throw StepFault(.definite, fault.code, fault.message) }
        guard claim.job.identity.version == JobOptions.version,
            let options = services.options(of: claim.job.identity.options)
        else {
            throw StepFault(
                .held, "unknown_options",
                "the job was put in by another version of Snug; drop it, and copy its file to the inbox again")
        }
        self.options = options
    }

    var job: Job { claim.job }

    /// The files that the steps of the job have on this host.
    var files: JobFiles { services.storage == nil ? services.files : services.files.ofClaim(claim.lease.fence) }

    /// Does the step.
    /// - Throws: What the stage throws, ``StepFault``, `CancellationError`.
    func run() async throws -> Success {
        do { return try await runStep() } catch is InputNotStored {
            // What may have been paid for is not begun again.
            guard [.fit, .upload, .submit, .deliver].contains(job.step), !job.isOutcomeUnknown else {
                throw StepFault(
                    .held, "storage_missing",
                    "the storage does not have the image any more, and the submission may have been paid for; look at the "
                        + "provider's account, then resolve the job")
            }
            var payload = payload
            payload.input = nil
            return Success(outcome: .advanced(to: .settle), payload: payload)
        }
    }

    private func runStep() async throws -> Success {
        switch job.step {
        case .settle: return try await settle()
        case .fit: return try await fit()
        case .upload: return try await upload()
        case .submit where options.stages.contains(.upload) && payload.receipt == nil: return try await upload()
        case .submit, .reconcile, .collect: return try await generate()
        case .deliver: return try await deliver()
        }
    }

    // MARK: Sources

    /// The place of the job's input in the inbox.
    var original: RelativePath {
        for delivery in claim.pendingDeliveries {
            if let key = delivery.source.flatMap(SourceKey.init) { return key.original }
        }
        return RelativePath(bytes: PathText.decode(job.name))
    }

    /// The file of a delivery's source; `nil` when it is gone. It blocks.
    static func source(of delivery: JobDelivery, job: JobID, _ setup: DaemonSetup) -> Source? {
        guard let context = setup.context(named: delivery.folder), let key = delivery.source.flatMap(SourceKey.init)
        else { return nil }
        // A source that stays in the inbox has no identifier of its own: the job's serves, which never changes.
        if let found = context.find(key, id: IntakeID(String(job.description.suffix(22))) ?? .random()) {
            return Source(context: context, file: found.file, work: found.work)
        }
        guard case .moved(let id, let original) = key, let work = context.workPlaces.first,
            let (file, report) = context.disposal(in: work).failedFile(of: original, id: id)
        else { return nil }
        return Source(context: context, file: file, work: work, report: report)
    }

    func source(of delivery: JobDelivery) -> Source? { Self.source(of: delivery, job: job.id, setup) }

    /// The first file that one of some names has; `nil` when all are gone. It blocks.
    private func firstSource(of deliveries: [JobDelivery]) -> Source? {
        // No lazy sequence: its first element is looked for twice.
        for delivery in deliveries {
            if let source = source(of: delivery) { return source }
        }
        return nil
    }

    /// A file with the job's content: of a name that waits, else of any, else from the storage.
    /// - Throws: `input_missing`, ``InputNotStored``.
    func input() async throws -> Input { try await opening { $0 }.input }

    /// A file with the job's content, and what is made of it on the thread that has found it.
    /// - Throws: As ``input()``; what `open` throws.
    func opening<Opened: Sendable>(
        _ open: @escaping @Sendable (Input) throws -> Opened
    ) async throws -> (input: Input, opened: Opened) {
        let (pending, original) = (claim.pendingDeliveries, original)
        let found = try await services.threads.run { () -> (input: Input, opened: Opened)? in
            guard let source = firstSource(of: pending) else { return nil }
            let input = Input(path: source.file.path, original: original)
            return (input, try open(input))
        }
        if let found { return found }
        let input = try await inputElsewhere()
        return (input, try await services.threads.run { try open(input) })
    }

    /// A file with the content of a job none of whose names that wait has one.
    private func inputElsewhere() async throws -> Input {
        if let path = try await ownInput() { return Input(path: path, original: original) }
        if services.storage != nil { return try await storedInput() }
        throw try await missingInput()
    }

    /// A file of this host with the job's content; `nil` for none.
    func ownInput() async throws -> FilePath? {
        let pending = claim.pendingDeliveries
        if let found = try await services.threads.run({ firstSource(of: pending) }) {
            return found.file.path
        }
        let all = try await services.ledger.deliveries(of: job.id)
        return try await services.threads.run({ firstSource(of: all) })?.file.path
    }

    /// The fault of a job whose file is on no host.
    func missingInput() async throws -> StepFault {
        try await checkPresence()
        return StepFault(
            .definite, "input_missing",
            "the file is neither in the inbox, nor in the work folder, nor among the failed ones; copy it to the inbox again"
        )
    }

    /// A folder that is not there now has lost nothing: its jobs wait.
    private func checkPresence() async throws {
        let waiting = claim.pendingDeliveries.map(\.folder).first { setup.context(named: $0) != nil }
        let folder = waiting ?? job.folder
        guard let context = setup.context(named: folder) else { throw StepFault.folderUnknown(folder) }
        let inbox = context.settings.inbox
        let isThere = try await services.threads.run { FileSystem.isFolder(inbox) }
        if !isThere {
            throw StepFault(
                .environmental, "folder_missing",
                "the inbox \(PrintableName.of(inbox)) is not there; the job continues once it is")
        }
    }
}

extension StepFault {
    static func folderUnknown(_ name: String) -> StepFault {
        StepFault(
            .environmental, "folder_unknown",
            "the folder '\(PrintableName.escaped(name))' is not in the configuration any more; add it again, or cancel the job",
            delay: .seconds(60))
    }
}

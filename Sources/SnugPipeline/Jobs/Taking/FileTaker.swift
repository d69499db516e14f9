// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SystemPackage

/// Takes settled files out of a watched folder and puts them into the ledger.
///
/// A file is moved first and put in then. When the process ends in between, the work folder tells what was taken, and the
/// next start puts it in.
struct FileTaker: Sendable {
    let context: FolderContext
    let accounts: [Account]
    let ledger: any LedgerStore
    let known: LedgerKnownFiles
    let threads: BlockingThreads
    let failures: FailedNames
    /// Tells why no files may be taken now. It blocks.
    let shortage: @Sendable () -> JobReason?
    /// Is told each job that there is something to do for.
    let onEnqueued: @Sendable (EnqueuedJob, TakenFile, _ isJoined: Bool) -> Void
    /// Is told why the ledger takes no files, at each attempt.
    let onTrouble: @Sendable (JobReason) -> Void
    let passed: @Sendable (DaemonPoint) -> Void
    /// True where other hosts may do the work: the job begins with bringing its input to the storage.
    var storesInputs = false

    /// A file that is taken, with the job that it is to become.
    struct Prepared: Sendable {
        var file: TakenFile
        var key: SourceKey
        var job: NewJob
    }

    private enum Preparation: Sendable {
        case ready(Prepared)
        case fate(SettledFate)
    }

    /// Takes files.
    /// - Returns: One fate for each.
    func take(_ files: [SettledFile]) async -> [SettledFate] {
        if let reason = await threads.runUncancelled(shortage) { return files.map { _ in .postponed(reason.message) } }
        // One for all: a file system that makes and removes folders for each file does little else.
        let id = IntakeID.random()
        let preparations = await threads.runUncancelled { prepare(files, as: id) }
        let ready = preparations.compactMap { if case .ready(let prepared) = $0 { prepared } else { nil } }
        let isIn = await enqueue(ready)
        return preparations.map { preparation in
            switch preparation {
            case .fate(let fate): fate
            // What is moved and not put in is put in by the next start.
            case .ready(let prepared):
                isIn || prepared.file.isMoved ? .handled : .postponed("could not be put into the ledger")
            }
        }
    }

    // MARK: Taking

    private func prepare(_ files: [SettledFile], as id: IntakeID) -> [Preparation] {
        do throws(WatchError) {
            let intake = try context.intake()
            return files.map { prepare($0, intake, as: id) }
        } catch {
            return files.map { _ in .fate(.postponed(error.message)) }
        }
    }

    private func prepare(_ settled: SettledFile, _ intake: Intake, as id: IntakeID) -> Preparation {
        do throws(WatchError) {
            switch try intake.take(settled.file, as: id) {
            case .taken(let file):
                passed(.taken)
                guard let prepared = try prepared(file, settled.file.version, fault: settled.fault) else {
                    return .fate(.changed)
                }
                return .ready(prepared)
            case .changed: return .fate(.changed)
            case .gone: return .fate(.handled)
            }
        } catch {
            return .fate(.postponed(error.message))
        }
    }

    /// A taken file with its content's digest and its options.
    /// - Returns: `nil` for a file that stays in the inbox and changed while it was read.
    func prepared(_ file: TakenFile, _ version: FileVersion, fault: WatchError? = nil) throws(WatchError) -> Prepared? {
        let digest: ContentDigest?
        do throws(Errno) { digest = try ContentDigest.of(file.path) } catch {
            // A file that stays is looked at again. One that is moved already fails with the reason.
            guard file.isMoved else { return nil }
            let failure = SystemFailure(doing: "read \(file.original)", reason: error)
            return prepared(file, version, digest: file.id.text, fault: WatchError(failure))
        }
        guard let digest else {
            guard file.isMoved else { return nil }
            let fault = WatchError(.incomplete, "The file changed after it was taken. Copy it to the folder again.")
            return prepared(file, version, digest: file.id.text, fault: fault)
        }
        passed(.hashed)
        return prepared(file, version, digest: digest.description, fault: fault)
    }

    private func prepared(
        _ file: TakenFile, _ version: FileVersion, digest: String, fault: WatchError?
    ) -> Prepared {
        var options = context.options
        var payload = JobPayload()
        var fault = fault
        if fault == nil {
            do throws(WatchError) {
                if let sidecar = file.sidecar {
                    switch Sidecar.read(sidecar) {
                    case .present(let sidecar): try options.apply(sidecar, accounts: accounts)
                    case .invalid(let error): throw error
                    case .incomplete:
                        throw WatchError(.invalidSidecar, "The sidecar cannot be used: it ends inside its JSON.")
                    case .missing: break
                    }
                }
                try options.checkComplete()
            } catch { fault = error }
        }
        payload.fault = fault.map { JobPayload.Fault(code: $0.code.rawValue, message: $0.message) }
        let key = SourceKey(file, version: version)
        let identity = JobIdentity(
            contentHash: digest, pipeline: context.settings.pipeline.description,
            // A file that cannot be processed is other work than the same file with another sidecar.
            options: payload.fault?.optionsText ?? text(of: options),
            version: JobOptions.version)
        let name = PathText.encode(file.original.bytes)
        let job = NewJob(
            identity, name: name, folder: context.settings.name, source: key.text,
            account: options.generation?.account ?? "", priority: context.settings.priority,
            step: payload.fault == nil && !storesInputs ? options.firstStep : .settle,
            supersedes: failures.job(named: name),
            payload: payload.text)
        return Prepared(file: file, key: key, job: job)
    }

    private func text(of options: JobOptions) -> String {
        options == context.options ? context.optionsText : options.text
    }

    // MARK: Putting in

    /// Puts files in, and waits while the ledger cannot take them: no more files are taken meanwhile.
    /// - Returns: False when the task was cancelled before that.
    func enqueue(_ prepared: [Prepared]) async -> Bool {
        if prepared.isEmpty { return true }
        var delay = Duration.milliseconds(250)
        while true {
            do {
                try await putIn(prepared)
                return true
            } catch {
                if Task.isCancelled { return false }
                onTrouble(StepFault(error).reason)
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, .seconds(10))
            }
        }
    }

    /// Puts files in.
    /// - Returns: One job for each.
    /// - Throws: What the ledger throws.
    @discardableResult
    func putIn(_ prepared: [Prepared]) async throws -> [EnqueuedJob] {
        let enqueued = try await ledger.enqueue(prepared.map(\.job))
        passed(.enqueued)
        var results: [EnqueuedJob] = []
        for (file, job) in zip(prepared, enqueued) {
            let result = job.isNew ? job : try await join(file, to: job)
            known.note(file.key)
            failures.forget(file.job.name)
            onEnqueued(result, file.file, !job.isNew)
            results.append(result)
        }
        return results
    }

    /// Sees to it that a source of work that is known is a part of it, and that the work goes on.
    private func join(_ prepared: Prepared, to known: EnqueuedJob) async throws -> EnqueuedJob {
        var known = known
        let deliveries = try await ledger.deliveries(of: known.job.id)
        if !deliveries.contains(where: { $0.source == prepared.job.source && $0.folder == prepared.job.folder }) {
            // The same content under the same name again: one more delivery, with a label of its own.
            var again = prepared.job
            again.name += " [\(prepared.file.id)]"
            if case .left(_, let version) = prepared.key { again.name = prepared.job.name + " [\(version.modified)]" }
            if let added = try await ledger.enqueue([again]).first { known = added }
        }
        // Somebody who drops a failed file again wants another attempt.
        if known.job.state == .failed || known.job.state == .cancelled,
            let retried = try await ledger.resolve([known.job.id], .retry).first
        {
            known.job = retried
        }
        return known
    }
}

extension JobOptions {
    /// The step that a job begins with.
    var firstStep: JobStep { step(after: nil) }

    /// The step that follows a stage; the first one after none.
    func step(after stage: Pipeline.Stage?) -> JobStep {
        let rest = stage.flatMap { stages.firstIndex(of: $0) }.map { stages[($0 + 1)...] } ?? stages[...]
        return switch rest.first {
        case .fit: .fit
        case .upload: .upload
        case .generate: .submit
        case nil: .deliver
        }
    }
}

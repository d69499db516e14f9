// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration
import SnugSystem
import SystemPackage

/// A step of a run of generations.
public enum GenerationRunEvent: Sendable {
    case began(GenerationWork)
    case progressed(GenerationWork, GenerationEvent)
    case ended(GenerationOutcome)
    /// A remark about the run as a whole.
    case notice(String)
}

/// Generates the images of several prompts, a few at a time; each resumes where an earlier run was stopped.
public struct GenerationRun: Sendable {
    private let client: GenerationClient
    private let journal: any GenerationJournal
    private let maximumConcurrency: Int
    private let keepsDelivered: Bool
    private let makesAgain: Bool

    /// - Parameters:
    ///   - client: Its journal has to be `journal`.
    ///   - journal: What was submitted before.
    ///   - maximumConcurrency: Prompts at once.
    ///   - keepsDelivered: Remembers delivered work, so that the same work does not generate it again.
    ///   - makesAgain: Generates remembered work again. What is pending or held is finished, as always.
    public init(
        client: GenerationClient, journal: any GenerationJournal, maximumConcurrency: Int = 4,
        keepsDelivered: Bool = true, makesAgain: Bool = false
    ) {
        self.makesAgain = makesAgain
        self.client = client
        self.journal = journal
        self.maximumConcurrency = max(1, maximumConcurrency)
        self.keepsDelivered = keepsDelivered
    }

    /// Generates everything. One failure does not stop the others, but an empty account leaves the rest out.
    ///
    /// After a cancellation, submitted work is pending or held; the same work given again resumes it.
    /// - Parameters:
    ///   - works: The prompts.
    ///   - onEvent: Called for every step, from any thread; it has to be quick.
    /// - Returns: Totals.
    /// - Throws: `CancellationError`, after an event for the end of each prompt.
    @discardableResult
    public func run(
        _ works: [GenerationWork], onEvent: @escaping @Sendable (GenerationRunEvent) -> Void = { _ in }
    ) async throws -> GenerationReport {
        var report = GenerationReport()
        await withTaskGroup(of: GenerationOutcome.self) { group in
            var emptyAccount: GenerationError?
            var running = 0
            func note(_ outcome: GenerationOutcome?) {
                guard let outcome else { return }
                report.add(outcome)
                if outcome.error?.code == .paymentRequired { emptyAccount = emptyAccount ?? outcome.error }
            }
            for work in works {
                if running == maximumConcurrency { note(await group.next()) } else { running += 1 }
                if emptyAccount != nil || Task.isCancelled {
                    let outcome = Self.leftOut(work, emptyAccount)
                    onEvent(.ended(outcome))
                    report.add(outcome)
                    running -= 1
                    continue
                }
                group.addTask { await perform(work, onEvent) }
            }
            for await outcome in group { note(outcome) }
        }
        try Task.checkCancellation()
        return report
    }

    /// Resumes the work of a journal's record. A held one is submitted again, and may be paid for a second time.
    /// - Throws: `CancellationError`.
    @discardableResult
    public func resume(
        _ record: GenerationRecord, onEvent: @escaping @Sendable (GenerationRunEvent) -> Void = { _ in }
    ) async throws -> GenerationReport {
        let work = GenerationWork(request: record.request, destination: record.destination, name: record.id)
        let outcome = await outcome(of: work, onEvent) {
            try await client.resume(record.id) { Self.pass($0, of: work, to: onEvent) }
        }
        onEvent(.ended(outcome))
        try Task.checkCancellation()
        var report = GenerationReport()
        report.add(outcome)
        return report
    }

    private func perform(
        _ work: GenerationWork, _ onEvent: @escaping @Sendable (GenerationRunEvent) -> Void
    ) async -> GenerationOutcome {
        let outcome = await outcome(of: work, onEvent) {
            if makesAgain { try await forgetDelivered(work) }
            return try await client.generate(work.request, to: work.destination, name: work.name, isKept: true) {
                Self.pass($0, of: work, to: onEvent)
            }
        }
        onEvent(.ended(outcome))
        guard outcome.status == .completed, !keepsDelivered else { return outcome }
        // Only after it was reported: a process killed in between finds those images, and does not pay for others.
        for name in client.names(of: work.request, under: work.name) {
            do {
                try await journal.remove(name)
            } catch {
                onEvent(.notice("delivered work stays recorded: \(error)"))
            }
        }
        return outcome
    }

    /// Forgets work that is done, so that it is generated again.
    private func forgetDelivered(_ work: GenerationWork) async throws {
        for name in client.names(of: work.request, under: work.name) {
            if try await journal.record(name)?.state == .delivered { try await journal.remove(name) }
        }
    }

    private func outcome(
        of work: GenerationWork, _ onEvent: @Sendable (GenerationRunEvent) -> Void,
        _ body: () async throws -> Generation
    ) async -> GenerationOutcome {
        onEvent(.began(work))
        do {
            var outcome = GenerationOutcome(work, .completed)
            outcome.generation = try await body()
            if outcome.generation.missingCount > 0 { outcome.status = .incomplete }
            if let error = Self.wrongFormat(outcome.generation) { (outcome.status, outcome.error) = (.failed, error) }
            return outcome
        } catch let error as GenerationError {
            return await unfinished(work, error)
        } catch is CancellationError {
            var error = GenerationError(.outcomeUnknown, "interrupted before the image was delivered")
            error.isOutcomeUnknown = true
            var outcome = await unfinished(work, error)
            outcome.error?.journalKey = outcome.openIDs.first
            outcome.isInterrupted = true
            return outcome
        } catch {
            return GenerationOutcome(work, GenerationError(.providerFailed, "\(error)", cause: error))
        }
    }

    /// The outcome by the journal's records of work that was not completed.
    private func unfinished(_ work: GenerationWork, _ error: GenerationError) async -> GenerationOutcome {
        var open: [GenerationRecord] = []
        for name in client.names(of: work.request, under: work.name) {
            // A journal that cannot be read has failed before, and that was reported.
            guard let record = try? await journal.record(name), record.state != .delivered else { continue }
            open.append(record)
        }
        let held = open.filter { $0.state == .held }
        var outcome = GenerationOutcome(work, !held.isEmpty ? .held : open.isEmpty ? .failed : .pending)
        outcome.openIDs = (held.isEmpty ? open : held).map(\.id)
        outcome.error = error
        return outcome
    }

    /// The error about images that do not have the format of their destination. They are paid for, so they are kept.
    private static func wrongFormat(_ generation: Generation) -> GenerationError? {
        guard let image = generation.images.first(where: { $0.conversionFailure != nil }),
            let reason = image.conversionFailure
        else { return nil }
        let name = PrintableName.escaped(image.path.lastComponent?.string ?? "")
        var error = GenerationError(
            .wrongFormat,
            "the provider made \(image.mediaType), which cannot get the extension that was asked for: it \(reason); it is "
                + "kept as \(name)")
        error.delivered = generation.images
        error.attempts = generation.attempts
        return error
    }

    private static func leftOut(_ work: GenerationWork, _ error: GenerationError?) -> GenerationOutcome {
        var outcome = GenerationOutcome(work, .failed)
        outcome.wasStarted = false
        outcome.error = error
        outcome.error?.attempts = []
        outcome.error?.jobID = nil
        outcome.error?.journalKey = nil
        return outcome
    }

    private static func pass(
        _ event: GenerationEvent, of work: GenerationWork, to onEvent: @Sendable (GenerationRunEvent) -> Void
    ) {
        if case .partialImage(_, let path) = event { UnfinishedImages.keep(path, of: work) }
        onEvent(.progressed(work, event))
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SystemPackage

/// Does the prompts of one command, a few at a time; each goes on by itself where an earlier command was stopped.
struct GenerateSession: Sendable {
    let client: GenerationClient
    let journal: any GenerationJournal
    let reporter: GenerateReporter
    /// Whether what is done stays known, so that the same batch does not make it again.
    let keeps: Bool

    /// How one of them ended.
    private enum Ending {
        case done, failed
        /// The account is empty.
        case stopped(GenerationError)
    }

    /// - Throws: `CancellationError`.
    func run(_ works: [GenerationWork], jobs: Int) async throws {
        await withTaskGroup(of: Ending.self) { group in
            var stop: GenerationError?
            var running = 0
            func note(_ ending: Ending?) { if case .stopped(let error) = ending { stop = stop ?? error } }
            for work in works {
                if running == jobs { note(await group.next()) } else { running += 1 }
                if let stop {
                    reporter.notBegun(work, stop)
                    running -= 1
                    continue
                }
                if Task.isCancelled {
                    reporter.notBegun(work)
                    running -= 1
                    continue
                }
                group.addTask { await perform(work) }
            }
            for await ending in group { note(ending) }
        }
        try Task.checkCancellation()
    }

    private func perform(_ work: GenerationWork) async -> Ending {
        let ending = await ending(of: work) {
            try await client.generate(work.request, to: work.destination, name: work.name, isKept: true) { event in
                happened(event, to: work)
            }
        }
        guard case .done = ending, !keeps else { return ending }
        // Not before it was told of: whoever was killed in between gets those images, and does not pay for others.
        for name in client.names(of: work.request, under: work.name) {
            do {
                try await journal.remove(name)
            } catch {
                reporter.note("what is done stays recorded: \(error)")
            }
        }
        return ending
    }

    /// Takes up what a journal has.
    /// - Throws: `CancellationError`.
    func resume(_ record: GenerationRecord) async throws {
        let work = GenerationWork(request: record.request, destination: record.destination, name: record.id)
        _ = await ending(of: work) { try await client.resume(record.id) { event in happened(event, to: work) } }
        try Task.checkCancellation()
    }

    private func ending(of work: GenerationWork, _ body: () async throws -> Generation) async -> Ending {
        reporter.began(work)
        do {
            reporter.finished(work, try await body())
            return .done
        } catch let error as GenerationError {
            let (status, ids) = await left(by: work)
            reporter.ended(work, status, error, left: ids)
            return error.code == .paymentRequired ? .stopped(error) : .failed
        } catch is CancellationError {
            let (status, ids) = await left(by: work)
            reporter.interrupted(work, status, left: ids)
        } catch {
            reporter.ended(work, .failed, GenerationError(.providerFailed, "\(error)", cause: error), left: [])
        }
        return .failed
    }

    private func happened(_ event: GenerationEvent, to work: GenerationWork) {
        if case .partialImage(_, let path) = event { UnfinishedImages.keep(path, of: work) }
        reporter.happened(event, to: work)
    }

    /// What the journal still has of work that did not come to its end.
    private func left(by work: GenerationWork) async -> (GenerationOutcome.Status, ids: [String]) {
        var open: [GenerationRecord] = []
        for name in client.names(of: work.request, under: work.name) {
            // A journal that cannot be read has failed before, and that was told.
            guard let record = try? await journal.record(name), record.state != .delivered else { continue }
            open.append(record)
        }
        let held = open.filter { $0.state == .held }
        if !held.isEmpty { return (.held, held.map(\.id)) }
        return (open.isEmpty ? .failed : .pending, open.map(\.id))
    }
}

/// Unfinished images that a provider shows on the way.
enum UnfinishedImages {
    /// Copies one beside the place of the finished image.
    ///
    /// The file is there for as long as the call takes, so that it is copied at once; it is small and its pages are still
    /// in memory. Nothing rests on it: where it cannot be written, the finished one will say why.
    static func keep(_ path: FilePath, of work: GenerationWork) {
        guard let source = try? ImageSource(file: path), let header = try? ImageProbe.header(of: source),
            let bytes = try? source.bytes(at: 0, count: source.byteCount)
        else { return }
        let publisher = Publisher(temporaries: TemporaryFiles())
        for number in 1...1000 {
            let name = "\(work.destination.name).unfinished-\(number).\(header.format.fileExtension)"
            guard let component = FilePath.Component(name) else { return }
            let place = work.destination.folder.appending([component])
            let outcome = try? publisher.publish(PublishedContent(bytes: bytes), to: place, replacing: false)
            if outcome != .nameTaken { return }
        }
    }
}

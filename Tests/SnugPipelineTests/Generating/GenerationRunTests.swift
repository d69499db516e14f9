// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugPipeline
import SnugSimulator
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

/// Whole runs against the simulator.
@Suite(.serialized) struct GenerationRunTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func provider(_ simulator: Simulator) throws -> Provider {
        try .pollinations(baseURL: simulator.addresses.base[.pollinations] ?? "")
    }

    private func client(_ simulator: Simulator, _ journal: any GenerationJournal) throws -> GenerationClient {
        let provider = try provider(simulator)
        return GenerationClient(
            provider: provider, credentials: .key(Secret("sk_paid")), http: try makeClient(),
            stores: GenerationStores(journal: journal),
            images: GenerationImageFitter(for: provider, maximumConcurrency: 1),
            host: try PollinationsMediaHost(
                client: try makeClient(), key: Secret("sk_paid"), baseURL: simulator.addresses.base[.media] ?? ""),
            logger: quietLogger, metrics: noMetrics)
    }

    private func works(_ prompts: [String], _ simulator: Simulator) async throws -> [GenerationWork] {
        try await GenerationWork.named(
            prompts.map { (GenerationRequest(prompt: $0), ImageDestination(folder: folder.path, name: $0)) },
            for: try provider(simulator))
    }

    @Test("A batch is generated once: a second run finds its images and pays for nothing")
    func generatesOnce() async throws {
        try await withSimulator { simulator in
            let journal = InMemoryJournal()
            let run = GenerationRun(client: try client(simulator, journal), journal: journal)
            let works = try await works(["one", "two", "three"], simulator)
            let first = try await run.run(works)
            #expect(first.done == 3 && first.isAllDone && first.recovered == 0)
            #expect(folder.files().count == 3)
            let charges = simulator.ledger.entries.count
            let second = try await run.run(works)
            #expect(second.done == 3 && second.recovered == 3 && second.cost == 0)
            #expect(simulator.ledger.entries.count == charges)
        }
    }

    @Test("Work that is not kept is forgotten once it is delivered")
    func forgets() async throws {
        try await withSimulator { simulator in
            let journal = InMemoryJournal()
            let run = GenerationRun(client: try client(simulator, journal), journal: journal, keepsDelivered: false)
            let report = try await run.run(try await works(["one"], simulator))
            #expect(report.done == 1)
            #expect(await journal.records().isEmpty)
        }
    }

    @Test("An empty account leaves the rest out, with the reason")
    func emptyAccount() async throws {
        try await withSimulator { simulator in
            simulator.script(Rule(Fault(answer: .status(code: 402)), service: .pollinations, times: nil))
            let journal = InMemoryJournal()
            let ends = Mutex<[(started: Bool, code: GenerationError.Code?)]>([])
            let run = GenerationRun(client: try client(simulator, journal), journal: journal, maximumConcurrency: 1)
            let report = try await run.run(try await works(["one", "two", "three"], simulator)) { event in
                if case .ended(let outcome) = event {
                    ends.withLock { $0.append((outcome.wasStarted, outcome.error?.code)) }
                }
            }
            #expect(report.failed == 1 && report.notStarted == 2 && !report.isAllDone)
            #expect(ends.withLock { $0 }.allSatisfy { $0.code == .paymentRequired })
            #expect(ends.withLock { $0 }.map(\.started) == [true, false, false])
        }
    }

    @Test("A cancelled run has an end for each prompt, and the same run resumes it")
    func cancels() async throws {
        try await withSimulator { simulator in
            let journal = InMemoryJournal()
            let run = GenerationRun(client: try client(simulator, journal), journal: journal, maximumConcurrency: 1)
            let works = try await works(["one", "two"], simulator)
            let ends = Ends()
            simulator.script(Rule(Fault(delay: 600_000), service: .pollinations))
            let task = Task {
                try await run.run(works) { event in
                    if case .ended(let outcome) = event { ends.withLock { $0.append(outcome.work.request.prompt) } }
                }
            }
            try await simulator.wait { !$0.isEmpty }
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(ends.withLock { $0 } == ["one", "two"])
            #expect(try await run.run(works).done == 2)
        }
    }

    @Test("Names follow the content: prompt, place, images and repetition, and not the order to replace")
    func names() async throws {
        let provider = try Provider.pollinations()
        let image = try folder.write([1], to: "in.png")
        func names(_ requests: [(GenerationRequest, ImageDestination)]) async throws -> [String] {
            try await GenerationWork.named(requests, for: provider).map(\.name)
        }
        let request = GenerationRequest(prompt: "a", images: [.file(image)])
        let place = ImageDestination(folder: "/x", name: "a")
        let base = try await names([(request, place)])[0]
        #expect(base.utf8.count == 16)
        #expect(try await names([(request, place), (request, place)]) == [base, base + "-2"])
        let replacing = ImageDestination(folder: "/x", name: "a", replaces: true)
        #expect(try await names([(request, replacing)]) == [base])
        #expect(try await names([(request, ImageDestination(folder: "/y", name: "a"))]) != [base])
        try folder.write([2], to: "in.png")
        #expect(try await names([(request, place)]) != [base])
        let missing = GenerationRequest(prompt: "a", images: [.file("/nowhere.png")])
        await #expect(throws: GenerationError.self) { _ = try await names([(missing, place)]) }
    }

    @Test("A dry run submits nothing, and adds up the cost of a batch")
    func dryRun() async throws {
        try await withSimulator { simulator in
            let journal = InMemoryJournal()
            let works = try await works(["one", "two"], simulator)
            let plans = Mutex(0)
            let dryRun = GenerationDryRun(
                client: try client(simulator, journal), provider: try provider(simulator), isBatch: true)
            let estimate = try await dryRun.run(works) { _, plan in
                if case .success = plan { plans.withLock { $0 += 1 } }
            }
            #expect(plans.withLock { $0 } == 2 && estimate.submissions == 2 && estimate.failed == 0)
            #expect(simulator.ledger.entries.isEmpty && folder.files().isEmpty)
            #expect(estimate.balance != nil && estimate.isPossible)
        }
    }

    @Test("Work that is done is planned as such, and generated again only where that is asked for")
    func done() async throws {
        try await withSimulator { simulator in
            let journal = InMemoryJournal()
            let (client, provider) = (try client(simulator, journal), try provider(simulator))
            let works = try await works(["one", "two"], simulator)
            _ = try await GenerationRun(client: client, journal: journal).run([works[0]])
            func submissions(again: Bool) async throws -> Int {
                let run = GenerationDryRun(client: client, provider: provider, isBatch: true, makesAgain: again)
                return try await run.run(works) { _, _ in }.submissions
            }
            #expect(try await submissions(again: false) == 1)
            #expect(try await submissions(again: true) == 2)
            let again = try await GenerationRun(client: client, journal: journal, makesAgain: true).run([works[0]])
            #expect(again.done == 1 && again.recovered == 0)
            #expect(simulator.ledger.entries.count == 2 && folder.files().count == 2)
        }
    }

    @Test("A dry run leaves out what is held and what is under way, and counts missing images only")
    func remaining() async throws {
        try await withSimulator { simulator in
            let journal = InMemoryJournal()
            let (client, provider) = (try client(simulator, journal), try provider(simulator))
            let works = try await works(["one", "two", "three"], simulator)
            _ = try await GenerationRun(client: client, journal: journal).run(works)
            for (work, state) in [(works[0], GenerationRecord.State.held), (works[1], .accepted)] {
                var record = try #require(await journal.record(work.name))
                record.state = state
                await journal.save(record)
            }
            let run = GenerationDryRun(client: client, provider: provider, isBatch: true)
            let plans = Mutex<[GenerationPlan]>([])
            let estimate = try await run.run(works) { _, plan in
                if case .success(let plan) = plan { plans.withLock { $0.append(plan) } }
            }
            #expect(estimate.submissions == 0 && estimate.held == 1 && estimate.resumed == 1 && !estimate.isPossible)
            #expect(estimate.cost == 0...0)
            #expect(plans.withLock { $0.map(\.held) } == [[works[0].name], [], []])
            #expect(plans.withLock { $0.map(\.isDone) } == [false, false, true])
            // What is held or under way is finished, as always; only delivered images are made again.
            let again = GenerationDryRun(client: client, provider: provider, isBatch: true, makesAgain: true)
            #expect(try await again.run(works) { _, _ in }.submissions == 1)
        }
    }

    @Test("Pending work is listed, found and dropped; delivered and unknown work is not")
    func pending() async throws {
        let journal = InMemoryJournal()
        let pending = PendingGenerations(journal: journal)
        #expect(try await pending.records().isEmpty)
        await #expect(throws: GenerationError.self) { _ = try await pending.record("nothing") }
        await #expect(throws: GenerationError.self) { try await pending.drop(["nothing"]) }
        try await pending.forgetDelivered(olderThan: .zero)
    }
}

@Suite struct GenerationReportTests {
    private let work = GenerationWork(
        request: GenerationRequest(prompt: "a"), destination: ImageDestination(folder: "/x", name: "a"), name: "n")

    @Test("Ends are counted by kind, and only a request that was never sent is invalid")
    func counts() {
        var report = GenerationReport()
        report.add(GenerationOutcome(work, GenerationError(.invalidRequest, "no")))
        report.add(GenerationOutcome(work, GenerationError(.forbidden, "no")))
        var held = GenerationOutcome(work, GenerationError(.outcomeUnknown, "?"))
        held.status = .held
        held.openIDs = ["a"]
        report.add(held)
        var interrupted = GenerationOutcome(work, GenerationError(.outcomeUnknown, "?"))
        interrupted.isInterrupted = true
        report.add(interrupted)
        interrupted.status = .pending
        interrupted.openIDs = ["b"]
        report.add(interrupted)
        var done = GenerationOutcome(work, GenerationError(.forbidden, ""))
        done.status = .completed
        done.error = nil
        done.generation.cost = 1.5
        report.add(done)
        done.generation.isRecovered = true
        report.add(done)
        #expect(report.failed == 2 && report.invalid == 1 && report.held == 1 && report.pending == 1)
        #expect(report.notStarted == 1 && report.done == 2 && report.recovered == 1 && report.cost == 1.5)
        #expect(!report.isAllDone)
    }

    @Test("Every key of the JSON is always there")
    func json() {
        var outcome = GenerationOutcome(work, GenerationError(.forbidden, "no"))
        for error in [outcome.error, nil] {
            outcome.error = error
            let text = outcome.jsonLine(provider: "p")
            for key in [
                "input", "line", "provider", "status", "outputs", "model", "seed", "cost", "id", "request_id",
                "attempts",
                "polls", "recovered", "seconds", "error",
            ] { #expect(text.contains("\"\(key)\":"), "\(key)") }
        }
        outcome.error = GenerationError(.outcomeUnknown, "x")
        outcome.isInterrupted = true
        #expect(outcome.jsonLine(provider: "p").contains(#""code":"interrupted""#))
    }
}

/// The prompts whose end was reported, in order.
private final class Ends: Sendable {
    private let prompts = Mutex<[String]>([])
    func withLock<Result: Sendable>(_ body: (inout [String]) -> Result) -> Result {
        prompts.withLock { prompts in body(&prompts) }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

/// Work that is cut off at any step, and what the next client makes of it.
@Suite struct KilledTests {
    enum End: String, Sendable, CaseIterable {
        /// The task is cancelled, and tidies up.
        case cancelled
        /// The process is gone: what counts is what was on the disk at that moment.
        case killed
    }

    /// Work with several steps.
    struct Scenario: Sendable, CustomTestStringConvertible {
        var api: API
        var what = "plain"
        var job = JobPlan()
        var request = GenerationRequest.cat
        /// Trouble on the way.
        var faults: [Fault] = []
        /// How many there are in the end.
        var images = 1
        /// How many submissions they take.
        var charges = 1
        /// Seconds that pass before it is taken up again.
        var pause = 0

        var testDescription: String { "\(api), \(what)" }

        static let all: [Scenario] =
            API.allCases.map { Scenario(api: $0) } + [
                Scenario(api: .elumenta, what: "polled", job: JobPlan(pendingPolls: 2)),
                Scenario(
                    api: .elumenta, what: "searched for",
                    faults: [Fault(request: .closeAfterBody, takesEffect: true)]),
                Scenario(
                    api: .elumenta, what: "hosted",
                    request: GenerationRequest(prompt: "red", model: "flux-kontext-pro", images: [input()])),
                Scenario(
                    api: .pollinations, what: "with an image",
                    request: GenerationRequest(prompt: "red", model: "kontext", images: [input()])),
                Scenario(api: .pollinations, what: "at the second try", faults: [Fault(answer: .status(code: 503))]),
                Scenario(
                    api: .pollinations, what: "joined", faults: [Fault(request: .closeAfterBody, takesEffect: true)]),
                Scenario(
                    api: .pollinations, what: "three images", request: GenerationRequest(prompt: "a cat", count: 3),
                    images: 3, charges: 3),
                Scenario(
                    api: .openAI, what: "three images at once",
                    request: GenerationRequest(prompt: "a cat", model: "gpt-image-1.5", count: 3), images: 3),
                Scenario(
                    api: .openAI, what: "a stream",
                    request: GenerationRequest(prompt: "a cat", model: "gpt-image-1.5", partialImages: 1)),
                Scenario(
                    api: .replay, what: "three images at once, as addresses",
                    request: GenerationRequest(
                        prompt: "a cat", model: "vendor-diffusion", count: 3,
                        parameters: ["response_format": .text("url")]), images: 3),
                Scenario(
                    api: .elumenta, what: "taken up after its address has expired", job: JobPlan(urlLifetime: 30),
                    pause: 60),
                Scenario(
                    api: .elumenta, what: "begun again",
                    faults: [
                        Fault(
                            job: JobPlan(
                                pendingPolls: 1, outcome: .failed(text: "Service unavailable: model is overloaded")))
                    ]),
                Scenario(
                    api: .pollinations, what: "another model",
                    request: GenerationRequest(prompt: "a cat", model: "flux", fallbackModels: ["zimage"]),
                    faults: [Fault(answer: .status(code: 503)), Fault(answer: .status(code: 503))]),
                Scenario(
                    api: .elumenta, what: "another model, then searched for",
                    request: GenerationRequest(prompt: "a cat", model: "photon", fallbackModels: ["photon-flash"]),
                    faults: [
                        Fault(answer: .status(code: 503)), Fault(answer: .status(code: 503)),
                        Fault(request: .closeAfterBody, takesEffect: true),
                    ]),
                Scenario(
                    api: .elumenta, what: "three images, polled", job: JobPlan(pendingPolls: 1),
                    request: GenerationRequest(prompt: "a cat", count: 3), images: 3, charges: 3),
                Scenario(api: .replay, what: "replayed", faults: [Fault(request: .closeAfterBody, takesEffect: true)]),
                Scenario(
                    api: .openAI, what: "fitted twice",
                    request: GenerationRequest(prompt: "red", images: [input(9000)]),
                    faults: [Fault(answer: .status(code: 413))]),
                Scenario(
                    api: .pollinations, what: "fitted twice, then joined",
                    request: GenerationRequest(prompt: "red", model: "kontext", images: [input(9000)]),
                    faults: [
                        Fault(answer: .status(code: 413)), Fault(request: .closeAfterBody, takesEffect: true),
                    ]),
                Scenario(
                    api: .pollinations, what: "in a body, then joined",
                    faults: [
                        Fault(answer: .status(code: 414)), Fault(request: .closeAfterBody, takesEffect: true),
                    ]),
            ]
    }

    @Test("Cut at any step, it is paid for once and delivered, or held", arguments: Scenario.all, End.allCases)
    func everyStep(scenario: Scenario, end: End) async throws {
        // Parts go on for a moment while one is copied, which no process that is gone does.
        if end == .killed, scenario.charges > 1 { return }
        try await Fixture.with(scenario.api, job: scenario.job) { fixture async throws in
            let steps = try await self.run(fixture, scenario, cutAt: 0, .cancelled)
            #expect(steps >= 3)
            for step in 1...steps { _ = try await self.run(fixture, scenario, cutAt: step, end) }
        }
    }

    /// - Returns: How many steps there were.
    private func run(_ fixture: Fixture, _ scenario: Scenario, cutAt step: Int, _ end: End) async throws -> Int {
        var request = scenario.request
        request.prompt += " \(step)"
        fixture.simulator.clearScript()
        for fault in scenario.faults { fixture.simulator.script(scenario.api.rule(fault)) }
        let kept = fixture.folder.path.appending("journal-\(step)")
        let copy = fixture.folder.path.appending("copy-\(step)")
        let (seen, isDone) = try await begin(fixture, request, journal: kept, cutAt: step, copy: copy)
        fixture.simulator.clearScript()
        fixture.simulator.clock.advance(by: .seconds(scenario.pause))
        let isKilled = end == .killed && step > 0
        // Whatever the first one did after that moment has not happened.
        if isKilled { Self.copy(copy, to: fixture.folder.path.appending("spool")) }
        let client = try fixture.client(journal: try await openJournal(isKilled ? copy : kept))
        let place = fixture.destination("image-\(step)")
        if end == .killed || !isDone {
            try await resume(client, request, place, scenario, "step \(step)")
        }
        let charges = fixture.simulator.ledger.charges(prompt: request.prompt).count
        let files = fixture.images.count { $0.hasPrefix("image-\(step).") || $0.hasPrefix("image-\(step)-") }
        let pending = try await client.pending()
        #expect(charges <= scenario.charges && files <= scenario.images, "step \(step)")
        if pending.isEmpty { #expect(charges == scenario.charges && files == scenario.images, "step \(step)") }
        return seen
    }

    /// What was cut off is given again under its name.
    private func resume(
        _ client: GenerationClient, _ request: GenerationRequest, _ place: ImageDestination,
        _ scenario: Scenario, _ step: String
    ) async throws {
        do {
            let generation = try await client.generate(request, to: place, name: "work")
            #expect(generation.images.count == scenario.images, "\(step)")
            #expect(try await client.pending().isEmpty, "\(step)")
        } catch let error as GenerationError {
            #expect(error.code == .outcomeUnknown && error.isOutcomeUnknown, "\(step): \(error)")
            #expect(![.join, .replay].contains(scenario.api.contract), "\(step): \(error)")
            #expect(try await client.pending().allSatisfy { $0.state == .held }, "\(step)")
        }
    }

    /// - Returns: How many steps there were, and whether it came to its end.
    private func begin(
        _ fixture: Fixture, _ request: GenerationRequest, journal: FilePath, cutAt step: Int, copy: FilePath
    ) async throws -> (Int, Bool) {
        let client = try fixture.client(journal: try await openJournal(journal))
        let place = fixture.destination("image-\(step)")
        let spool = fixture.folder.path.appending("spool")
        let task = Mutex<Task<Bool, Never>?>(nil)
        let count = Mutex(0)
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let work = Task {
            for await _ in gate {}
            let generation = try? await client.generate(request, to: place, name: "work") { event in
                guard event.isStep else { return }
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                guard number == step else { return }
                // The database and its log, as they are on the disk: nothing writes while the step is told of.
                Self.copy(journal, to: copy, only: ["ledger.sqlite", "ledger.sqlite-wal"])
                Self.copy(spool, to: copy)
                task.withLock { $0 }?.cancel()
            }
            return generation != nil
        }
        task.withLock { $0 = work }
        opener.finish()
        let isDone = await work.value
        return (count.withLock { $0 }, isDone)
    }

    private static func copy(_ folder: FilePath, to other: FilePath, only names: Set<String>? = nil) {
        let files = FileManager.default
        try? files.createDirectory(atPath: other.string, withIntermediateDirectories: true)
        for name in (try? files.contentsOfDirectory(atPath: folder.string)) ?? [] where names?.contains(name) != false {
            // What is there already is the same.
            try? files.copyItem(atPath: folder.appending(name).string, toPath: other.appending(name).string)
        }
    }
}

extension GenerationEvent {
    /// Whether it happens as often on every run.
    fileprivate var isStep: Bool {
        switch self {
        case .downloading, .partialImage, .throttled: false
        default: true
        }
    }
}

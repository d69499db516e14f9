// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// The scenarios of a generation that a faithful stand-in for the providers knows, each through the client.
@Suite struct GenerationConformanceTests {
    @Test("completed at once", arguments: API.allCases)
    func completedAtOnce(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            #expect(await fixture.attempt(try fixture.client()).value?.polls == 0 && fixture.charges.count == 1)
        }
    }

    @Test("pending k polls, then completed", arguments: [1, 4, 9])
    func pending(polls: Int) async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: polls)) { fixture async throws in
            let generation = try await fixture.client().generate(.cat, to: fixture.destination())
            #expect(generation.polls == polls + 1 && fixture.charges.count == 1)
            // 2 s, half as long again each time, 10 s at most; a fifth more or less.
            let expected = (0...polls).map { min(10.0, 2 * pow(1.5, Double($0))) }
            for (wait, middle) in zip(fixture.time.waits.map(\.seconds), expected) {
                #expect(wait >= middle * 0.79 && wait <= middle * 1.21)
            }
            #expect(fixture.time.waits.count == polls + 1)
        }
    }

    @Test("A slow poll gets a duplicate request where the options say so, a submission never")
    func hedged() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: 1)) { fixture async throws in
            fixture.simulator.script(
                Rule(Fault(request: .stallAfterHeaders), service: .elumenta, method: "GET", path: "*/generate/*"),
                Rule(Fault(delay: 500), service: .elumenta, method: "POST"))
            let client = try fixture.client { options in
                options.polling.hedgeDelay = .milliseconds(50)
                options.environment.sleep = { try await Task.sleep(for: min($0, .milliseconds(50))) }
            }
            let generation = try await client.generate(.cat, to: fixture.destination())
            #expect(generation.images.count == 1 && fixture.submissions.count == 1 && fixture.charges.count == 1)
            // The first look is never answered, and nobody waited for its timeout.
            let looks = fixture.simulator.requests.filter { $0.method == "GET" && $0.path.contains("/generate/") }
            #expect(looks.count >= 3 && generation.polls == 2)
        }
    }

    @Test("pending forever: the time ends, the job can be taken up")
    func pendingForever() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(outcome: .neverEnds)) { fixture async throws in
            let client = try fixture.client { options in
                options.timeout = .seconds(15)
                options.polling.firstDelay = .milliseconds(50)
                options.polling.maximumDelay = .milliseconds(200)
                options.environment.sleep = { try await Task.sleep(for: $0) }
            }
            let error = try await fixture.failure(client)
            #expect(error.code == .deadlineExceeded && error.jobID != nil && !error.isOutcomeUnknown)
            #expect(try await client.pending().map(\.state) == [.accepted])
            #expect(fixture.submissions.count == 1)
        }
    }

    private static let texts: [(String, GenerationError.Code, isRepeated: Bool)] = [
        ("Service unavailable: model is overloaded", .noCapacity, true),
        ("503 Service unavailable: model is overloaded", .noCapacity, true),
        ("Generation timeout: request deadline exceeded", .providerFailed, true),
        ("Content blocked by safety filter", .policyRefused, false),
        ("Content policy violation: prohibited content detected", .policyRefused, false),
        ("Provider error: content policy violation", .policyRefused, false),
        ("CONTENT_POLICY", .policyRefused, false), ("content-policy", .policyRefused, false),
        ("something nobody documented", .generationFailed, false),
    ]

    @Test("failed, with each documented text, at once and after a poll", arguments: texts, [0, 1])
    func failed(text: (String, GenerationError.Code, isRepeated: Bool), polls: Int) async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let plan = JobPlan(pendingPolls: polls, outcome: .failed(text: text.0))
            fixture.simulator.script(API.elumenta.rule(Fault(job: plan)))
            let result = await fixture.attempt(try fixture.client())
            if text.isRepeated {
                #expect(result.value?.images.count == 1, "\(result)")
                #expect(fixture.submissions.count == 2 && fixture.charges.count == 1)
                fixture.simulator.script(API.elumenta.rule(Fault(job: plan), times: nil))
                let error = try await fixture.failure(try fixture.client())
                #expect(error.code == text.1 && !error.isOutcomeUnknown && error.journalKey == nil, "\(error)")
            } else {
                let error = try #require(result.error)
                #expect(error.code == text.1 && error.message.contains(text.0), "\(error)")
                #expect(fixture.submissions.count == 1 && fixture.charges.isEmpty && !error.isOutcomeUnknown)
            }
        }
    }

    @Test("identifiers as integers and as gen_…", arguments: [JobPlan.Identifier.integer, .prefixed])
    func identifiers(identifier: JobPlan.Identifier) async throws {
        let plan = JobPlan(pendingPolls: 1, identifier: identifier)
        try await Fixture.with(.elumenta, job: plan) { fixture async throws in
            let generation = try await fixture.client().generate(.cat, to: fixture.destination())
            #expect(generation.id?.hasPrefix("gen_") == (identifier == .prefixed))
            let polled = fixture.simulator.requests.filter { $0.path.contains("/generate/") }
            #expect(polled.allSatisfy { $0.path.hasSuffix("/generate/\(generation.id ?? "")") })
        }
    }

    @Test("options in params, none beside them")
    func options() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let request = GenerationRequest(
                prompt: "a", model: "dall-e-3", size: ImageSize(width: 1024, height: 1792), format: "png",
                parameters: ["style": .text("vivid"), "quality": .text("hd")])
            let generation = try await fixture.client().generate(request, to: fixture.destination())
            #expect(generation.images.first?.mediaType == "image/png" && generation.cost == 13)
            let body = try JSONSerialization.jsonObject(with: Data(fixture.submissions[0].body ?? [])) as? [String: Any]
            #expect(body.map { Set($0.keys) } == ["model", "prompt", "params"])
            let params = body?["params"] as? [String: Any]
            #expect(params.map { Set($0.keys) } == ["size", "format", "style", "quality"])
        }
    }

    @Test("a status word that nobody documented is pending", arguments: ["dreaming", "QUEUED", "in_progress", ""])
    func unknownWord(word: String) async throws {
        let plan = JobPlan(pendingPolls: 2, outcome: .unknownWord(word: word))
        try await Fixture.with(.elumenta, job: plan) { fixture async throws in
            let generation = try await fixture.client().generate(.cat, to: fixture.destination())
            #expect(generation.polls == 3 && fixture.charges.count == 1 && fixture.submissions.count == 1)
        }
    }

    @Test("polls that fail say nothing about the job")
    func failedPolls() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: 1)) { fixture async throws in
            let faults: [Fault] = [
                Fault(answer: .status(code: 500)), Fault(answer: .html(status: 502)),
                Fault(answer: .empty(status: 200)),
                Fault(answer: .truncatedJSON(status: 200)), Fault(request: .closeAfterBody),
                Fault(answer: .status(code: 503)), Fault(answer: .status(code: 404)),
                Fault(delivery: .closeAfter(bytes: 10)),
            ]
            for fault in faults {
                fixture.simulator.script(Rule(fault, service: .elumenta, method: "GET", path: "*/generate/*"))
            }
            let generation = try await fixture.client().generate(.cat, to: fixture.destination())
            // A reused connection that dies makes libcurl ask again by itself, which costs nothing here.
            #expect(generation.polls >= faults.count && fixture.charges.count == 1 && fixture.submissions.count == 1)
            #expect(fixture.simulator.remainingRules.isEmpty)
        }
    }

    @Test("a poll's wait hint is obeyed")
    func pollHint() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: 2)) { fixture async throws in
            fixture.simulator.script(
                Rule(
                    Fault(headers: ["Retry-After": "40"]), service: .elumenta, method: "GET", path: "*/generate/*"))
            _ = try await fixture.client().generate(.cat, to: fixture.destination())
            #expect(fixture.time.waits.count == 3 && fixture.time.waits[1] >= .seconds(40))
        }
    }

    @Test("a job that is not known any more is a person's to decide")
    func gone() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: 1)) { fixture async throws in
            fixture.simulator.script(
                Rule(
                    Fault(answer: .status(code: 404)), service: .elumenta, method: "GET", path: "*/generate/*",
                    times: nil))
            let client = try fixture.client()
            let error = try await fixture.failure(client)
            #expect(error.code == .jobNotFound && error.isOutcomeUnknown && error.jobID != nil)
            #expect(try await client.pending().map(\.state) == [.held] && fixture.submissions.count == 1)
        }
    }
}

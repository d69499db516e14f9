// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SystemPackage
import Testing

@testable import SnugGeneration

/// What works when nothing goes wrong.
@Suite struct FirstImageTests {
    @Test("An image is made, paid for once and put in its place", arguments: API.allCases)
    func completed(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let journal = InMemoryJournal()
            let client = try fixture.client(journal: journal)
            let generation = try await client.generate(.cat, to: fixture.destination(), onEvent: fixture.events.record)
            let image = try #require(generation.images.first)
            #expect(generation.images.count == 1)
            #expect(try bytes(of: image.path).count == image.byteCount)
            #expect(fixture.images == [image.path.lastComponent?.string ?? ""])
            #expect(fixture.charges.count == 1 && fixture.submissions.count == 1)
            #expect(generation.attempts.count == 1 && !generation.isRecovered && generation.polls == 0)
            #expect(try await client.pending().isEmpty)
            #expect(await journal.records().isEmpty)
            #expect(simulatedKeys(fixture).allSatisfy { $0 == nil || $0 == "Bearer \(api.key)" })
            #expect(fixture.simulator.leakedCredentials.isEmpty)
            let events = fixture.events.all
            #expect(events.first == .submitting(model: client.context.traits.defaultModel, attempt: 1))
            #expect(events.last == .delivered(path: image.path))
        }
    }

    private func simulatedKeys(_ fixture: Fixture) -> [String?] {
        fixture.simulator.requests.map { $0.headers["Authorization"] }
    }

    @Test("A job that takes its time is polled to its end", arguments: [JobPlan.Identifier.integer, .prefixed])
    func pending(identifier: JobPlan.Identifier) async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: 2, identifier: identifier)) {
            fixture async throws in
            let generation = try await fixture.client().generate(
                .cat, to: fixture.destination(), onEvent: fixture.events.record)
            #expect(generation.polls == 3 && generation.images.count == 1 && fixture.charges.count == 1)
            let id = try #require(generation.id)
            #expect(id.hasPrefix("gen_") == (identifier == .prefixed))
            #expect(fixture.events.all.contains(.accepted(id: id)))
        }
    }

    @Test("Three images are three files", arguments: API.plain)
    func several(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            var request = GenerationRequest.cat
            request.count = 3
            let generation = try await fixture.client().generate(request, to: fixture.destination())
            #expect(generation.images.count == 3 && fixture.images.count == 3)
            #expect(fixture.images.allSatisfy { $0.hasPrefix("image-") })
            #expect(fixture.submissions.count == (api == .openAI ? 1 : 3))
            #expect(fixture.simulator.ledger.duplicates.isEmpty || api == .elumenta)
            #expect(fixture.charges.count == (api == .openAI ? 1 : 3))
        }
    }

    @Test("An image of this machine is delivered as the provider takes it", arguments: API.plain)
    func images(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let models = [API.pollinations: "kontext", .elumenta: "flux-kontext-pro", .openAI: "gpt-image-1.5"]
            let request = GenerationRequest(prompt: "red", model: models[api], images: [input(5000)])
            let generation = try await fixture.client().generate(
                request, to: fixture.destination(), onEvent: fixture.events.record)
            #expect(generation.images.count == 1 && fixture.charges.count == 1)
            #expect(fixture.events.all.first == .fitted(name: "cat.png", byteCount: 5000))
            let sent = try #require(fixture.submissions.first)
            if api == .elumenta {
                #expect(fixture.events.all.contains(.hosted(name: "cat.png")))
                let hosted = fixture.simulator.requests.filter { $0.service == .media && $0.method == "POST" }
                #expect(hosted.count == 1)
            } else {
                #expect(sent.path.hasSuffix("/images/edits") && sent.bodyBytes > 5000)
                #expect(sent.headers["Content-Type"]?.hasPrefix("multipart/form-data") == true)
            }
        }
    }

    @Test("Unfinished images are shown as they come")
    func partial() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let request = GenerationRequest(prompt: "a", model: "gpt-image-1.5", partialImages: 2)
            let generation = try await fixture.client().generate(
                request, to: fixture.destination(), onEvent: fixture.events.record)
            let shown = fixture.events.all.compactMap {
                if case .partialImage(let index, _) = $0 { index } else { nil }
            }
            #expect(shown == [0, 1] && generation.images.count == 1 && fixture.charges.count == 1)
        }
    }

    @Test("Models and what the account has left", arguments: API.plain)
    func account(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client()
            let names = [API.pollinations: "flux", .elumenta: "photon-flash", .openAI: "gpt-image-1.5"]
            let models = try await client.models()
            #expect(models.contains { $0.name == names[api] })
            let balance = try await client.balance()
            #expect(balance?.amount == [API.pollinations: 100, .elumenta: 1000][api])
            let plan = try await client.plan(.cat)
            #expect(plan.submissions == 1 && !plan.exceedsBalance && plan.warnings.isEmpty, "\(plan.warnings)")
            #expect(plan.fields.contains { $0.name == "prompt" && $0.value == "a cat" })
            #expect(fixture.submissions.isEmpty && fixture.charges.isEmpty)
        }
    }

    @Test("An address without prices is told as that, and not as a missing model", arguments: API.plain)
    func noPrices(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client(at: fixture.simulator.addresses[api.service] + "/nowhere")
            let plan = try await client.plan(GenerationRequest(prompt: "a cat", model: "flux"))
            let prices = try #require(plan.warnings.first { $0.hasPrefix("prices are not known: ") })
            #expect(prices.contains("no list of models at http") && prices.contains("/nowhere"), "\(prices)")
            #expect(prices.contains("status 404") && prices.hasSuffix("check the base URL"), "\(prices)")
            #expect(!plan.warnings.contains { $0.contains("no such model") }, "\(plan.warnings)")
        }
    }
}

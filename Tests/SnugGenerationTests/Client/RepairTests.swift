// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

/// What is wrong with the input is put right, once or twice, and remembered.
@Suite struct RepairTests {
    private static let models = [API.pollinations: "kontext", .openAI: "gpt-image-1.5"]

    private func request(_ api: API, bytes: Int) -> GenerationRequest {
        GenerationRequest(prompt: "red", model: Self.models[api], images: [input(bytes)])
    }

    private func complaint(_ status: Int, _ words: String) -> Fault {
        Fault(
            answer: .custom(
                status: status, contentType: "application/json", body: #"{"error":{"message":"\#(words)"}}"#))
    }

    private func fitted(_ fixture: Fixture) -> [Int] {
        fixture.events.all.compactMap { if case .fitted(_, let count) = $0 { count } else { nil } }
    }

    @Test(
        "A limit that is named is kept to", arguments: [API.pollinations, .openAI],
        [
            (413, "image exceeds 5 MB maximum: 6275800 bytes > 300000 bytes"),
            (400, "image exceeds 5 MB maximum: 6275800 bytes > 300000 bytes"),
            (413, "File too large: 400200 bytes > 300000 bytes"),
        ])
    func named(api: API, complaint: (Int, String)) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(self.complaint(complaint.0, complaint.1)))
            let generation = try await fixture.client().generate(
                request(api, bytes: 400_000), to: fixture.destination(), onEvent: fixture.events.record)
            let sizes = fitted(fixture)
            #expect(sizes.count == 2 && sizes[0] == 400_000 && (200_000...300_000).contains(sizes[1]), "\(sizes)")
            #expect(generation.attempts.map(\.status) == [complaint.0, 200] && fixture.charges.count == 1)
        }
    }

    @Test(
        "Without a number it is 0.7 of the last, but not below 250 kB, twice at most",
        arguments: [API.pollinations, .openAI])
    func unnamed(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(complaint(413, "payload is too large"), times: nil))
            let client = try fixture.client()
            let error = try await fixture.failure(client, request(api, bytes: 400_000))
            #expect(error.code == .payloadTooLarge && fixture.submissions.count == 3 && fixture.charges.isEmpty)
            #expect(fitted(fixture) == [400_000, 280_000, 250_000])
            #expect(fixture.time.waits.isEmpty)
        }
    }

    @Test("A request that the server's own limit refuses fits the second time", arguments: [API.pollinations, .openAI])
    func realLimits(api: API) async throws {
        var configuration = api.configuration()
        configuration.pollinations.editLimit = 300_000
        configuration.openAI.requestLimit = 300_000
        try await withSimulator(configuration) { simulator async throws in
            let fixture = try Fixture(simulator, api)
            let generation = try await fixture.client().generate(
                request(api, bytes: 400_000), to: fixture.destination(), onEvent: fixture.events.record)
            #expect(generation.attempts.map(\.status) == [413, 200] && fixture.charges.count == 1)
            #expect(fixture.submissions.last.map { $0.bodyBytes <= 300_000 } == true)
        }
    }

    @Test("Observed limits are known to the next client of the same folder", arguments: [true, false])
    func learnt(isShared: Bool) async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let state = isShared ? fixture.folder.path.appending("state") : nil
            fixture.simulator.script(API.openAI.rule(complaint(413, "too large: 400200 bytes > 300000 bytes")))
            let first = try fixture.client(stores: try await openStores(state))
            _ = try await first.generate(
                request(.openAI, bytes: 400_000), to: fixture.destination("a"), onEvent: fixture.events.record)
            let next = try fixture.client(stores: try await openStores(state))
            _ = try await next.generate(
                request(.openAI, bytes: 400_000), to: fixture.destination("b"), onEvent: fixture.events.record)
            let sizes = fitted(fixture)
            #expect(sizes.count == 3 && (sizes[2] < 400_000) == isShared, "\(sizes)")
            // Another model may take more.
            var other = request(.openAI, bytes: 400_000)
            other.model = "gpt-image-2"
            _ = try await next.generate(other, to: fixture.destination("c"), onEvent: fixture.events.record)
            #expect(fitted(fixture).last == 400_000)
        }
    }

    @Test("A format that is not taken is encoded again as another", arguments: [API.pollinations, .openAI])
    func reencoded(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(answer: .status(code: 415))))
            let image =
                Array("RIFF".utf8) + [22, 0, 0, 0] + Array("WEBPVP8L".utf8) + [UInt8](repeating: 0, count: 14)
            var request = request(api, bytes: 1)
            request.images = [.bytes(image, name: "cat.webp")]
            let generation = try await fixture.client().generate(request, to: fixture.destination())
            #expect(generation.attempts.map(\.status) == [415, 200] && fixture.charges.count == 1)
            let bodies = fixture.submissions.map { String(decoding: $0.body ?? [], as: UTF8.self) }
            #expect(bodies[0].contains("image/webp") && !bodies[1].contains("image/webp"))
            fixture.simulator.script(api.rule(Fault(answer: .status(code: 415)), times: nil))
            let error = try await fixture.failure(try fixture.client(), request)
            #expect(error.code == .unsupportedMedia && fixture.submissions.count == 4)
        }
    }

    @Test("A request too large without local images is an error, not tried again", arguments: API.plain)
    func nothingToShrink(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(answer: .status(code: 413)), times: nil))
            let error = try await fixture.failure(try fixture.client())
            #expect(error.code == .payloadTooLarge && fixture.submissions.count == 1)
        }
    }

    @Test("An address that is too long for a server goes in a body")
    func body() async throws {
        var configuration = API.pollinations.configuration()
        configuration.longestTarget = 100
        try await withSimulator(configuration) { simulator async throws in
            let fixture = try Fixture(simulator, .pollinations)
            let request = GenerationRequest(prompt: String(repeating: "cat ", count: 40))
            let generation = try await fixture.client().generate(request, to: fixture.destination())
            #expect(generation.attempts.map(\.status) == [414, 200])
            #expect(fixture.submissions.map(\.method) == ["GET", "POST"] && fixture.charges.count == 1)
        }
    }

    @Test("Without a refitter or a host, the error names what is missing, and nothing is sent", arguments: API.plain)
    func missing(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let models = [API.pollinations: "kontext", .elumenta: "flux-kontext-pro", .openAI: "gpt-image-1.5"]
            let request = GenerationRequest(prompt: "red", model: models[api], images: [input()])
            let unfit = try await fixture.failure(try fixture.client(fits: false), request)
            #expect(unfit.code == .imageFailed)
            if api == .elumenta {
                let unhosted = try await fixture.failure(try fixture.client(hosts: false), request)
                #expect(unhosted.code == .hostNeeded)
            }
            #expect(fixture.simulator.requests.allSatisfy { $0.path.hasSuffix("/balance") })
        }
    }
}

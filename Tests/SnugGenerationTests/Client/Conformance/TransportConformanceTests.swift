// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// Connections in every kind of trouble, each through the client.
@Suite struct TransportConformanceTests {
    /// A request whose body is too long for the buffers on the way.
    private static func large(_ api: API) -> GenerationRequest {
        GenerationRequest(
            prompt: "red", model: api == .pollinations ? "kontext" : "gpt-image-1.5", images: [input(9_000_000)])
    }

    private static let withBodies = [API.pollinations, .openAI]

    /// What has a body goes over HTTP/1.1, so that only Pollinations' addresses are paid for over HTTP/2.
    @Test(
        "HTTP/2 GOAWAY and REFUSED_STREAM: not processed, asked again, charged once",
        arguments: [DeliveryFault.refuseStream, .goAway])
    func refusedStreams(fault: DeliveryFault) async throws {
        try await Fixture.with(.pollinations) { fixture async throws in
            let http = try makeClient { $0.speaksPlainHTTP2 = true }
            let address = try #require(fixture.simulator.addresses.http2[.pollinations])
            fixture.simulator.script(fixture.api.rule(Fault(delivery: fault)))
            let generation = try await fixture.client(at: address, http: http).generate(
                .cat, to: fixture.destination())
            #expect(generation.images.count == 1 && fixture.charges.count == 1)
            #expect(fixture.submissions.count == 2 && fixture.simulator.remainingRules.isEmpty)
        }
    }

    @Test("never accepts", arguments: API.plain)
    func neverAccepts(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client(at: fixture.simulator.addresses.neverAccepts) { options in
                options.attemptTimeout = .milliseconds(300)
            }
            let error = try await fixture.failure(client)
            #expect(error.code == .notSent && !error.isOutcomeUnknown && error.attempts.count == 4, "\(error)")
            #expect(error.attempts.allSatisfy { $0.outcome == .notSent } && error.journalKey == nil)
        }
    }

    @Test("refuses", arguments: API.plain)
    func refuses(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client(at: fixture.simulator.addresses.refuses)
            let error = try await fixture.failure(client)
            #expect(error.code == .notSent && !error.isOutcomeUnknown && error.attempts.count == 4, "\(error)")
            #expect(error.attempts.allSatisfy { $0.failure == .cannotConnect } && error.journalKey == nil)
        }
    }

    @Test(
        "accepts and never reads; reads headers then stalls; reads the whole body then closes without a byte",
        arguments: API.plain, [Loss.beforeAnswer[0], Loss.beforeAnswer[1], Loss.beforeAnswer[2]])
    func silent(api: API, loss: Loss) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client { $0.firstAttemptTimeout = .seconds(5) }
            if api == .elumenta { #expect(try await client.plan(.cat).balance != nil) }
            if let fault = loss.connection {
                fixture.simulator.scriptConnections(fault, service: api.service)
            } else {
                fixture.simulator.script(api.rule(loss.fault))
            }
            let result = await fixture.attempt(client)
            #expect((result.value != nil) == (api == .pollinations), "\(result)")
            #expect(result.error.map { $0.isOutcomeUnknown } ?? true && fixture.charges.count <= 1)
        }
    }

    @Test("a reused connection that closes without a byte sees no paid request at all", arguments: API.plain)
    func reused(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client()
            _ = try await client.models()
            fixture.simulator.script(
                Rule(Fault(request: .closeAfterBody, takesEffect: true), connection: .reused, times: nil))
            #expect(await fixture.attempt(client).value != nil || api == .elumenta)
            #expect(fixture.submissions.allSatisfy { $0.positionOnConnection == 1 && !$0.metFault })
            #expect(fixture.charges.count == 1)
        }
    }

    @Test("resets mid-upload: half a body has done nothing", arguments: withBodies)
    func midUpload(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(request: .resetAfter(bytes: 100_000))))
            let generation = try await fixture.client().generate(Self.large(api), to: fixture.destination())
            #expect(generation.attempts.count == 2 && generation.attempts[0].outcome == .partlySent)
            #expect(fixture.charges.count == 1)
        }
    }

    @Test("stalls mid-upload", arguments: withBodies)
    func stallMidUpload(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(request: .stallAfter(bytes: 100_000))))
            let client = try fixture.client { $0.firstAttemptTimeout = .seconds(6) }
            let generation = try await client.generate(Self.large(api), to: fixture.destination())
            #expect(generation.attempts.count == 2 && generation.attempts[0].outcome == .partlySent)
            #expect(fixture.charges.count == 1)
        }
    }

    @Test(
        "an early 413, then close, half-close or reset", arguments: withBodies,
        [RequestFault.Ending.close, .halfClose, .reset])
    func early(api: API, ending: RequestFault.Ending) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(
                api.rule(Fault(answer: .status(code: 413), request: .answerEarly(after: 50_000, then: ending))))
            let generation = try await fixture.client().generate(
                Self.large(api), to: fixture.destination(), onEvent: fixture.events.record)
            #expect(generation.attempts.count >= 2 && fixture.charges.count == 1)
            // Unless the reset took it away, the response was read, and the second one was smaller.
            if generation.attempts[0].status == 413 {
                let sizes = fixture.events.all.compactMap { if case .fitted(_, let count) = $0 { count } else { nil } }
                #expect(sizes.count == 2 && sizes[1] < sizes[0])
            }
        }
    }

    @Test(
        "100-continue honoured, ignored, refused", arguments: withBodies,
        [nil, RequestFault.ignoreExpect, .refuseExpect])
    func expectation(api: API, fault: RequestFault?) async throws {
        try await Fixture.with(api) { fixture async throws in
            if let fault { fixture.simulator.script(api.rule(Fault(request: fault))) }
            let generation = try await fixture.client().generate(Self.large(api), to: fixture.destination())
            #expect(generation.images.count == 1 && fixture.charges.count == 1)
            #expect(fixture.submissions.first?.headers["Expect"] == "100-continue")
        }
    }

    @Test(
        "response stalls mid-body; chunked without end; wrong Content-Length; gzip bomb", arguments: API.plain,
        [
            (DeliveryFault.stallAfter(bytes: 60), true), (.chunkedWithoutEnd(thenClose: true), false),
            (.chunkedWithoutEnd(thenClose: false), true), (.contentLength(offBy: 7), false),
            (.contentLength(offBy: -7), false), (.gzipBomb(unpackedBytes: 100_000_000), false),
        ])
    func badAnswers(api: API, fault: (DeliveryFault, Bool)) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(delivery: fault.0)))
            let client = try fixture.client { if fault.1 { $0.firstAttemptTimeout = .seconds(5) } }
            let result = await fixture.attempt(client)
            // JSON that is whole needs no end of its transfer.
            let isWhole =
                api != .pollinations
                && [.chunkedWithoutEnd(thenClose: true), .contentLength(offBy: 7)].contains(fault.0)
            // Found again where the provider lets it be found; charged once in any case.
            #expect((result.value != nil) == (api != .openAI || isWhole) && fixture.charges.count == 1, "\(result)")
            #expect(isWhole || result.value?.isRecovered ?? true && result.error?.isOutcomeUnknown ?? true)
        }
    }

    @Test(
        "slow drip, and a response that ends with its connection", arguments: API.plain,
        [DeliveryFault.drip(bytes: 40, milliseconds: 5), .untilClose])
    func slow(api: API, fault: DeliveryFault) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(delivery: fault)))
            let result = await fixture.attempt(try fixture.client())
            #expect(result.value?.images.count == 1 && fixture.submissions.count == 1, "\(result)")
        }
    }

    @Test("a server that thinks for longer than it may is asked what became of it", arguments: API.allCases)
    func slowServer(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(delay: 60_000)))
            let client = try fixture.client { $0.firstAttemptTimeout = .seconds(5) }
            let result = await fixture.attempt(client)
            #expect(fixture.charges.count <= 1)
            let isFound = [RepeatContract.join, .history, .replay].contains(api.contract)
            #expect(
                (result.value != nil) == isFound && (isFound || result.error?.isOutcomeUnknown == true), "\(result)")
        }
    }
}

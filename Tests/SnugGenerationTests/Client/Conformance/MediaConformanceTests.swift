// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// Input images, results and streams, each through the client.
@Suite struct MediaConformanceTests {
    private static let edit = GenerationRequest(prompt: "red", model: "flux-kontext-pro", images: [input()])

    // MARK: Media

    @Test("the host's limit, exactly and one byte more", arguments: [0, 1])
    func edge(more: Int) async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let host = try PollinationsMediaHost(
                client: try makeClient(), key: Secret("sk_paid"), baseURL: fixture.simulator.addresses[.media])
            let count = 104_857_600 + more
            let image = FittedInput(
                bytes: png(padding: count - png().bytes.count).bytes, mediaType: "image/png", name: "large.png")
            if more == 0 {
                #expect(try await host.host(image).hasPrefix(fixture.simulator.addresses[.media]))
            } else {
                let error = await #expect(throws: GenerationError.self) { try await host.host(image) }
                #expect(error?.code == .payloadTooLarge && fixture.simulator.requests.isEmpty)
            }
        }
    }

    @Test("a custom id that is there already: the same image is hosted once")
    func conflict() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let client = try fixture.client()
            for number in 0..<2 {
                var request = Self.edit
                request.prompt = "red \(number)"
                #expect(await fixture.attempt(client, request).value != nil)
            }
            let asked = fixture.simulator.requests.filter { $0.service == .media }.map {
                "\($0.method) \($0.status ?? 0)"
            }
            #expect(asked == ["POST 200", "POST 409", "HEAD 200"])
            let bodies = fixture.submissions.map { String(decoding: $0.body ?? [], as: UTF8.self) }
            #expect(bodies.allSatisfy { $0.contains("image_url") } && fixture.charges.count == 2)
        }
    }

    @Test(
        "multipart with odd names", arguments: API.plain,
        ["ca\"t.png", "кот.png", "a\r\nb.png", "a;b=c.png", "  .png", "%22.png", "..\\..\\x.png"])
    func oddNames(api: API, name: String) async throws {
        try await Fixture.with(api) { fixture async throws in
            let models = [API.pollinations: "kontext", .elumenta: "flux-kontext-pro", .openAI: "gpt-image-1.5"]
            let request = GenerationRequest(
                prompt: "red", model: models[api], images: [.bytes(png().bytes, name: name)])
            let result = await fixture.attempt(try fixture.client(), request)
            #expect(result.value?.images.count == 1, "\(result)")
        }
    }

    @Test("an input address that redirects is followed where the provider takes files only")
    func inputRedirects() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let host = try PollinationsMediaHost(
                client: try makeClient(), key: Secret("sk_paid"), baseURL: fixture.simulator.addresses[.media])
            let address = try await host.host(png())
            fixture.simulator.script(
                Rule(Fault(answer: .redirect(status: 302, location: address)), service: .downloads, times: 1))
            let request = GenerationRequest(
                prompt: "red", model: "gpt-image-1.5",
                images: [.url(fixture.simulator.addresses[.downloads] + "/elsewhere.png")])
            #expect(await fixture.attempt(try fixture.client(), request).value != nil)
            #expect(fixture.submissions.first?.path.hasSuffix("/edits") == true)
            #expect(
                fixture.simulator.requests.filter { $0.method == "GET" }.allSatisfy {
                    $0.headers["Authorization"] == nil
                })
            let gone = GenerationRequest(
                prompt: "red", model: "gpt-image-1.5",
                images: [.url(fixture.simulator.addresses[.downloads] + "/gone.png")])
            let error = try await fixture.failure(try fixture.client(), gone)
            #expect(error.code == .imageFailed && error.status == 404 && fixture.submissions.count == 1)
        }
    }

    @Test("a result's address that expires between polls is asked for anew")
    func expires() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: 1, urlLifetime: 30)) { fixture async throws in
            let clock = fixture.simulator.clock
            fixture.simulator.script(
                Rule(Fault(answer: .status(code: 503)), service: .downloads, times: 1))
            let client = try fixture.client { options in
                options.environment.sleep = { _ in clock.advance(by: .seconds(31)) }
            }
            let generation = try await client.generate(.cat, to: fixture.destination())
            #expect(generation.images.count == 1 && generation.polls == 3 && fixture.charges.count == 1)
            let answers = fixture.simulator.requests.filter { $0.service == .downloads }.map(\.status)
            #expect(answers == [503, 403, 200])
        }
    }

    // MARK: Downloads

    @Test("a result on another host gets no key, redirects included")
    func noKey() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(redirects: 3)) { fixture async throws in
            #expect(await fixture.attempt(try fixture.client()).value != nil)
            #expect(fixture.simulator.leakedCredentials.isEmpty)
            #expect(fixture.simulator.requests.filter { $0.service == .downloads }.count == 4)
        }
    }

    @Test("403 for good where the same request has its result again: asked for, and not paid for, once more")
    func asksAgain() async throws {
        try await Fixture.with(.pollinations) { fixture async throws in
            fixture.simulator.script(Rule(Fault(answer: .status(code: 403)), service: .downloads, times: 1))
            let request = GenerationRequest(prompt: "a cat", parameters: ["response_format": .text("url")])
            let generation = try await fixture.client().generate(request, to: fixture.destination())
            #expect(generation.images.count == 1 && generation.isRecovered)
            #expect(fixture.submissions.count == 2 && fixture.charges.count == 1)
        }
    }

    @Test("403 for good: the image is paid for, and stays to be fetched")
    func forbidden() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            fixture.simulator.script(Rule(Fault(answer: .status(code: 403)), service: .downloads, times: nil))
            let client = try fixture.client()
            let error = try await fixture.failure(client, name: "work")
            #expect(error.code == .downloadFailed && error.status == 403 && !error.isOutcomeUnknown)
            #expect(try await client.pending().map(\.state) == [.completed])
            fixture.simulator.clearScript()
            #expect(await fixture.attempt(client, name: "work").value?.isRecovered == true)
            #expect(fixture.charges.count == 1 && fixture.submissions.count == 1)
        }
    }

    @Test(
        "HTML, JSON, nothing, or half an image instead of one", arguments: API.plain,
        [JobPlan.Image.html, .json, .empty, .truncated])
    func noImage(api: API, image: JobPlan.Image) async throws {
        try await Fixture.with(api, job: JobPlan(image: image)) { fixture async throws in
            let client = try fixture.client()
            let error = try await fixture.failure(client, name: "work")
            #expect([.badImage, .badResponse, .outcomeUnknown].contains(error.code), "\(error)")
            #expect(fixture.images.isEmpty && fixture.charges.count == 1)
            #expect(error.journalKey == "work")
            #expect(try await client.pending().count == 1)
        }
    }

    @Test("an image of another format than asked for is named as what it is")
    func otherFormat() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(image: .wrongFormat)) { fixture async throws in
            let generation = try await fixture.client().generate(.cat, to: fixture.destination())
            #expect(generation.images.first?.mediaType == "image/png" && fixture.images == ["image.png"])
        }
    }

    @Test("a download that breaks goes on, with ranges and without", arguments: [true, false])
    func broken(ranges: Bool) async throws {
        try await Fixture.with(.elumenta, job: JobPlan(padding: 60_000, acceptsRanges: ranges)) {
            fixture async throws in
            for fault in [DeliveryFault.closeAfter(bytes: 5000), .resetAfter(bytes: 9000), .contentLength(offBy: 10)] {
                fixture.simulator.script(Rule(Fault(delivery: fault), service: .downloads))
            }
            let generation = try await fixture.client().generate(.cat, to: fixture.destination())
            #expect(generation.images.first.map { $0.byteCount > 60_000 } == true && fixture.charges.count == 1)
        }
    }

    @Test("a result that is larger than allowed is not taken")
    func tooLarge() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(padding: 60_000)) { fixture async throws in
            let error = try await fixture.failure(try fixture.client { $0.resultByteLimit = 50_000 })
            #expect(error.code == .downloadFailed && fixture.images.isEmpty)
        }
    }

    // MARK: Streaming

    private static let streams: [(String, StreamPlan)] = [
        ("partial events, then completed", StreamPlan()), ("comment lines", StreamPlan(comments: true)),
        ("multi-line data", StreamPlan(multilineData: true)), ("split UTF-8", StreamPlan(splitsCharacters: true)),
        ("lines that end in CR LF", StreamPlan(carriageReturns: true)),
        (
            "all at once",
            StreamPlan(comments: true, multilineData: true, splitsCharacters: true, carriageReturns: true)
        ),
    ]

    @Test("streams", arguments: streams)
    func streaming(stream: (String, StreamPlan)) async throws {
        try await Fixture.with(.openAI, job: JobPlan(stream: stream.1)) { fixture async throws in
            let request = GenerationRequest(prompt: "кот 🐈", model: "gpt-image-1.5", partialImages: 3)
            let generation = try await fixture.client().generate(
                request, to: fixture.destination(), onEvent: fixture.events.record)
            let partial = fixture.events.all.compactMap {
                if case .partialImage(let index, _) = $0 { index } else { nil }
            }
            #expect(partial == [0, 1, 2] && generation.images.count == 1 && fixture.images.count == 1)
            #expect(fixture.charges.count == 1)
        }
    }

    @Test("cut before completed is an outcome that nobody knows", arguments: [API.openAI, .replay])
    func cutStream(api: API) async throws {
        let plan = JobPlan(stream: StreamPlan(cutsBeforeCompleted: true))
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(job: plan)))
            let request = GenerationRequest(prompt: "a", model: "gpt-image-1.5", partialImages: 1)
            let error = try await fixture.failure(try fixture.client(), request)
            #expect(error.isOutcomeUnknown && fixture.charges.count == 1)
            // What was stored is the cut stream, so that asking again brings no more.
            #expect(fixture.submissions.count == (api == .openAI ? 1 : 4))
        }
    }
}

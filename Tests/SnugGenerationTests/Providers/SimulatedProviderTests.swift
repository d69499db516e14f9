// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// Sends what dialects make to a simulator, over real sockets.
struct Wire {
    let simulator: Simulator
    let dialect: any ProviderDialect
    let service: ServiceName
    var key: Secret
    private let folder: TemporaryFolder
    private let reader: AnswerReader

    static let elite = Secret(ElumentaAccount.key("elite"))

    init(_ simulator: Simulator, _ provider: String, contract: RepeatContract = .none) throws {
        self.simulator = simulator
        switch provider {
        case "elumenta":
            (service, key) = (.elumenta, Self.elite)
            dialect = ElumentaDialect(try Endpoint(simulator.addresses[.elumenta]))
        case "pollinations":
            (service, key) = (.pollinations, Secret("sk_paid"))
            dialect = PollinationsDialect(try Endpoint(simulator.addresses[.pollinations]))
        default:
            (service, key) = (.openai, Secret("sk-main"))
            dialect = OpenAIDialect(try Endpoint(simulator.addresses[.openai]), contract: contract)
        }
        folder = try TemporaryFolder()
        reader = AnswerReader(client: try makeClient(), spoolDirectory: folder.path, threads: try FileThreads())
    }

    func send(_ request: HTTPRequest) async throws -> ProviderAnswer {
        var request = request
        dialect.authorize(&request, with: key)
        return try await reader.read(request).answer
    }

    func submit(_ job: PreparedJob) async throws -> SubmitVerdict {
        dialect.verdict(on: try await send(try dialect.submission(of: job).request), to: job)
    }

    /// A plain job, as the provider wants it: only where the contract rests on a seed there is one.
    func plainJob(model: String? = nil) -> PreparedJob { job(model: model, seed: dialect.traits.needsSeed ? 1 : nil) }

    /// Submits with this answer in place of the provider's.
    func submit(_ job: PreparedJob, answered answer: Answer, hints: [SnugSimulator.WaitHint] = []) async throws
        -> SubmitVerdict
    {
        simulator.script(Rule(Fault(answer: answer, hints: hints), service: service))
        return try await submit(job)
    }
}

@Suite(.serialized) struct SimulatedProviderTests {
    // MARK: Failures

    @Test("Every row of the table, over real sockets, and none is charged", arguments: Dialects.names)
    func statuses(provider: String) async throws {
        try await withSimulator { simulator async throws in
            let wire = try Wire(simulator, provider)
            for row in StatusRow.all where row.provider == provider {
                let verdict = try await wire.submit(wire.plainJob(), answered: .status(code: row.status))
                let refusal = try #require(verdict.refusal)
                #expect(verdict.kind == row.kind, "\(row)")
                #expect(
                    refusal.code == row.code && refusal.remedy == row.remedy && refusal.status == row.status, "\(row)")
            }
            #expect(simulator.ledger.entries.isEmpty && simulator.remainingRules.isEmpty)
            // Nothing of that is in the way of the next.
            let verdict = try await wire.submit(wire.plainJob())
            #expect(verdict.kind == .completed && simulator.ledger.charges.count == 1)
        }
    }

    private static let named: [(String, String, VerdictKind, GenerationError.Code)] = [
        ("elumenta", "token_expired", .transient, .notAuthenticated),
        ("elumenta", "insufficient_tokens", .failed, .paymentRequired),
        ("pollinations", "content_policy", .failed, .policyRefused),
        ("pollinations", "concurrency_limit_exceeded", .transient, .rateLimited),
        ("pollinations", "coordinator_down", .transient, .noCapacity),
        ("pollinations", "allowance", .transient, .rateLimited),
        ("pollinations", "free_model_spacing", .transient, .rateLimited),
        ("pollinations", "upstream_rate_limit", .transient, .noCapacity),
        ("pollinations", "payload_too_large", .transient, .payloadTooLarge),
        ("openai", "insufficient_quota", .failed, .paymentRequired),
        ("openai", "rate_limit_exceeded", .transient, .rateLimited),
        ("openai", "moderation_blocked", .failed, .policyRefused),
        ("openai", "invalid_api_key", .failed, .notAuthenticated),
        ("openai", "model_not_found", .failed, .modelNotFound),
        ("openai", "image_too_large", .transient, .payloadTooLarge),
        ("openai", "plain_string", .unknown, .outcomeUnknown),
    ]

    @Test("Failures by the providers' names for them")
    func namedFailures() async throws {
        try await withSimulator { simulator async throws in
            let large = DeliveredPicture.inline(png(padding: 4_706_000))
            for (provider, name, kind, code) in Self.named {
                let wire = try Wire(simulator, provider)
                let pictures = provider == "elumenta" ? [] : [large]
                let verdict = try await wire.submit(job(seed: 1, pictures: pictures), answered: .named(code: name))
                #expect(verdict.kind == kind && verdict.refusal?.code == code, "\(provider) \(name)")
            }
            #expect(simulator.ledger.entries.isEmpty)
        }
    }

    @Test("Bodies of no use, with success and without", arguments: Dialects.names)
    func strangeBodies(provider: String) async throws {
        try await withSimulator { simulator async throws in
            let wire = try Wire(simulator, provider)
            for answer: Answer in [
                .html(status: 200), .empty(status: 200), .wrongShape(status: 200), .truncatedJSON(status: 200),
            ] {
                let verdict = try await wire.submit(wire.plainJob(), answered: answer)
                #expect(verdict.kind == .unknown && verdict.refusal?.code == .badAnswer, "\(answer)")
            }
            for answer: Answer in [
                .html(status: 429), .empty(status: 429), .wrongShape(status: 429), .truncatedJSON(status: 429),
            ] {
                let verdict = try await wire.submit(wire.plainJob(), answered: answer, hints: [.retryAfter(text: "7")])
                #expect(verdict.kind == .transient && verdict.refusal?.code == .rateLimited, "\(answer)")
                #expect(verdict.refusal?.hint == .seconds(7))
            }
            let redirect = try await wire.submit(
                wire.plainJob(), answered: .redirect(status: 307, location: "http://127.0.0.1:9/"))
            #expect(redirect.kind == .failed && redirect.refusal?.code == .badAnswer)
            let huge = try await wire.submit(wire.plainJob(), answered: .huge(status: 402, bytes: 10_000_000))
            #expect(huge.kind == .failed && huge.refusal?.code == .paymentRequired)
            #expect((huge.refusal?.message.utf8.count ?? .max) < 1000)
        }
    }

    @Test("A key that is echoed does not come out", arguments: Dialects.names)
    func echo(provider: String) async throws {
        try await withSimulator { simulator async throws in
            let wire = try Wire(simulator, provider)
            let verdict = try await wire.submit(wire.plainJob(), answered: .echoesKey(status: 401))
            let message = try #require(verdict.refusal?.message)
            #expect(message.contains("Incorrect API key provided: ***"))
            #expect(!String(reflecting: verdict).contains(wire.key.reveal()))
        }
    }

    @Test("A wrong key, a wrong address, a model that is not there")
    func wrongs() async throws {
        try await withSimulator { simulator async throws in
            for provider in Dialects.names {
                var wire = try Wire(simulator, provider)
                let model = try await wire.submit(wire.plainJob(model: "no-such-model"))
                #expect(model.kind == .failed && model.refusal?.code == .modelNotFound)
                #expect(model.refusal?.remedy == .switchModel)
                if provider == "pollinations" { #expect(model.refusal?.suggestions.contains("flux") == true) }
                wire.key = Secret("sk_unknown_key")
                #expect(try await wire.submit(wire.plainJob()).refusal?.code == .notAuthenticated)
            }
            let lost = OpenAIDialect(try Endpoint(simulator.addresses[.openai] + "/wrong"))
            let wire = try Wire(simulator, "openai")
            let answer = try await wire.send(try lost.submission(of: job()).request)
            let refusal = lost.verdict(on: answer, to: job()).refusal
            #expect(refusal?.code == .invalidRequest && refusal?.fields.map(\.name) == ["base_url"])
        }
    }

    // MARK: Elumenta

    @Test("Elumenta takes every kind of submission, and each is charged once")
    func elumenta() async throws {
        try await withSimulator { simulator async throws in
            let wire = try Wire(simulator, "elumenta")
            let requests = [
                GenerationRequest(prompt: "a", size: PictureSize(width: 1024, height: 1024), seed: 4, format: "png"),
                GenerationRequest(
                    prompt: "b", model: "dall-e-3", size: PictureSize(width: 1024, height: 1792),
                    parameters: ["style": .text("vivid"), "quality": .text("hd"), "negative_prompt": .text("x")]),
            ]
            for request in requests {
                try wire.dialect.validate(request)
                #expect(try await wire.submit(job(request)).kind == .completed)
            }
            let edit = GenerationRequest(prompt: "c", model: "flux-kontext-pro")
            #expect(try await wire.submit(job(edit, pictures: [.url("https://h.test/a.png")])).kind == .completed)
            #expect(simulator.ledger.charges.map(\.cost) == [1, 13, 3])
        }
    }

    @Test("A job is polled under its id to its end", arguments: [JobPlan.Identifier.integer, .prefixed])
    func polling(identifier: JobPlan.Identifier) async throws {
        try await withSimulator { simulator async throws in
            let wire = try Wire(simulator, "elumenta")
            simulator.script(
                Rule(
                    Fault(
                        job: JobPlan(pendingPolls: 1, outcome: .unknownWord(word: "dreaming"), identifier: identifier))),
                Rule(Fault(job: JobPlan(pendingPolls: 1, outcome: .failed(text: "Content_Policy"))), skip: 2))
            var kinds: [PollKind] = []
            for _ in 0..<2 {
                guard case .accepted(let id, _) = try await wire.submit(job()) else {
                    Issue.record("not accepted")
                    return
                }
                for _ in 0..<2 {
                    let request = try #require(try wire.dialect.poll(id))
                    kinds.append(wire.dialect.verdict(onPoll: try await wire.send(request), id: id).kind)
                }
            }
            #expect(kinds == [.pending, .completed, .pending, .failed])
            let unknown = try #require(try wire.dialect.poll("gen_1"))
            #expect(wire.dialect.verdict(onPoll: try await wire.send(unknown), id: "gen_1").kind == .gone)
            #expect(simulator.ledger.charges.count == 1)
        }
    }

    @Test("A job whose answer was lost is found in the history")
    func lostJob() async throws {
        try await withSimulator { simulator async throws in
            let wire = try Wire(simulator, "elumenta")
            let request = GenerationRequest(prompt: "a lost cat", model: "photon")
            _ = try await wire.submit(job(GenerationRequest(prompt: "another", model: "photon")))
            simulator.script(
                Rule(Fault(request: .closeAfterBody, takesEffect: true), service: .elumenta, method: "POST"))
            let lost = job(request, submittedAt: systemWallClock())
            await #expect(throws: HTTPError.self) { _ = try await wire.submit(lost) }
            let listing = try #require(try wire.dialect.history(of: lost, page: 1))
            let answer = try await wire.send(listing)
            guard case .found(let id) = wire.dialect.findLost(lost, in: answer, known: []) else {
                Issue.record("not found")
                return
            }
            #expect(wire.dialect.findLost(lost, in: answer, known: [id]) == .notFound(hasMore: false))
            let poll = wire.dialect.verdict(
                onPoll: try await wire.send(try #require(try wire.dialect.poll(id))), id: id)
            #expect(poll.kind == .completed && simulator.ledger.charges(prompt: "a lost cat").count == 1)
        }
    }

    @Test("A session goes on with new tokens, and the old refresh token is spent")
    func session() async throws {
        try await withSimulator { simulator async throws in
            var wire = try Wire(simulator, "elumenta")
            let login = HTTPRequest(
                "POST", try HTTPURL(simulator.addresses[.elumenta] + "/auth/login"),
                headers: ["Content-Type": "application/json"],
                body: HTTPBody(bytes: Array(#"{"email":"starter@example.test","password":"password"}"#.utf8)))
            let first = try wire.dialect.readTokens(try await wire.send(login))
            wire.key = first.access
            #expect(try await wire.submit(job()).kind == .completed)
            simulator.clock.advance(by: .seconds(1000))
            let expired = try await wire.submit(job())
            #expect(expired.kind == .transient && expired.refusal?.remedy == .refreshToken)
            let token = try #require(first.refresh)
            let refresh = try #require(try wire.dialect.refresh(with: token))
            let second = try wire.dialect.readTokens(try await makeClient().answer(refresh))
            #expect(second.refresh != nil && second.refresh != first.refresh)
            wire.key = second.access
            #expect(try await wire.submit(job()).kind == .completed)
            let spent = try await makeClient().answer(refresh)
            let error = #expect(throws: GenerationError.self) { try wire.dialect.readTokens(spent) }
            #expect(error?.code == .notAuthenticated)
        }
    }

    // MARK: Pollinations

    @Test("Every form of a wish joins itself: one charge, however often it is sent")
    func joining() async throws {
        try await withSimulator { simulator async throws in
            let wire = try Wire(simulator, "pollinations")
            let size = PictureSize(width: 64, height: 96)
            let jobs = [
                job(GenerationRequest(prompt: "a cat?", size: size, parameters: ["safe": .flag(true)]), seed: 5),
                job(GenerationRequest(prompt: "cats/dogs", size: size, parameters: ["quality": .text("hd")]), seed: 5),
                job(GenerationRequest(prompt: "models"), seed: 5),
                job(GenerationRequest(prompt: String(repeating: "долго ", count: 800)), seed: 5),
                job(seed: 5, pictures: [.url("https://h.test/a,b.png")]),
                job(seed: 5, pictures: [.url("https://h.test/a.png"), .url("https://h.test/b.png")]),
                job(GenerationRequest(prompt: "red"), seed: 5, pictures: [.inline(png())]),
                job(
                    GenerationRequest(prompt: "red"), seed: 5, pictures: [.inline(png()), .url("https://h.test/b.png")]),
            ]
            for (index, job) in jobs.enumerated() {
                try wire.dialect.validate(job.request)
                let first = try await wire.submit(job)
                #expect(first.kind == .completed && first.result?.isReplayed == false, "\(index)")
                let again = try await wire.submit(job)
                #expect(again.kind == .completed && again.result?.isReplayed == true, "\(index)")
                #expect(simulator.ledger.charges.count == index + 1)
            }
            #expect(simulator.ledger.entries.allSatisfy { $0.seed == 5 && $0.joins == 1 })
        }
    }

    @Test("An address that is too long for the server goes in a body, and is charged once")
    func tooLongAddress() async throws {
        try await withSimulator(Simulator.Configuration(longestTarget: 100)) { simulator async throws in
            let wire = try Wire(simulator, "pollinations")
            var job = job(GenerationRequest(prompt: String(repeating: "cat ", count: 40)), seed: 5)
            let refused = try await wire.submit(job)
            #expect(refused.kind == .transient && refused.refusal?.remedy == .useBody)
            job.usesBody = true
            #expect(try await wire.submit(job).kind == .completed && simulator.ledger.charges.count == 1)
        }
    }

    @Test("What came in place of a picture is told", arguments: [JobPlan.Picture.html, .json, .empty])
    func noPicture(picture: JobPlan.Picture) async throws {
        try await withSimulator(Simulator.Configuration(job: JobPlan(picture: picture))) { simulator async throws in
            let wire = try Wire(simulator, "pollinations")
            for usesBody in [false, true] where !usesBody || picture == .empty {
                let verdict = try await wire.submit(job(seed: 1, usesBody: usesBody))
                #expect(verdict.kind == .unknown && verdict.refusal?.code == .badAnswer)
            }
        }
    }

    @Test("A body that is too large names no limit; a share of the request's does")
    func tooLargeEdit() async throws {
        try await withSimulator { simulator async throws in
            let wire = try Wire(simulator, "pollinations")
            let verdict = try await wire.submit(job(seed: 1, pictures: [.inline(png(padding: 9_999_700))]))
            #expect(verdict.refusal?.remedy == .refit(byteLimit: nil, maximumSide: nil))
            let share = wire.dialect.traits.inputLimits.byteLimit(sharedBy: 2, prompt: "a cat")
            let picture = png(padding: share - 300)
            #expect(picture.bytes.count <= share)
            let fits = try await wire.submit(job(seed: 1, pictures: [.inline(picture), .inline(picture)]))
            #expect(fits.kind == .completed && simulator.ledger.charges.count == 1)
        }
    }

    // MARK: OpenAI

    @Test("Generations, streams and edits are taken, and each is charged")
    func openAI() async throws {
        try await withSimulator { simulator async throws in
            let wire = try Wire(simulator, "openai")
            let several = GenerationRequest(
                prompt: "a", model: "gpt-image-1.5", size: PictureSize(width: 1024, height: 1536), count: 3,
                format: "webp", parameters: ["quality": .text("low"), "output_compression": .integer(50)])
            let legacy = GenerationRequest(
                prompt: "b", model: "vendor-diffusion", size: PictureSize(width: 512, height: 512),
                parameters: ["quality": .text("hd"), "style": .text("vivid")])
            let stream = GenerationRequest(prompt: "c", model: "gpt-image-1.5", partialImages: 2)
            for (request, count) in [(several, 3), (legacy, 1), (stream, 1)] {
                try wire.dialect.validate(request)
                let verdict = try await wire.submit(job(request))
                #expect(verdict.kind == .completed && verdict.result?.pictures.count == count, "\(request.prompt)")
            }
            let edit = GenerationRequest(
                prompt: "d", model: "gpt-image-2", size: PictureSize(width: 2048, height: 1024), partialImages: 1,
                parameters: ["input_fidelity": .text("high"), "background": .text("opaque")])
            let edited = try await wire.submit(
                job(
                    edit, pictures: [.inline(png()), .inline(png(width: 16, height: 16))],
                    mask: .inline(png(alpha: true))))
            #expect(edited.kind == .completed && edited.result?.pictures.count == 1)
            #expect(simulator.ledger.charges.map { Int(($0.cost * 100).rounded()) } == [12, 4, 4, 4])
        }
    }

    @Test("A stream that is cut leaves the outcome open")
    func cutStream() async throws {
        let plan = JobPlan(stream: StreamPlan(cutsBeforeCompleted: true))
        try await withSimulator(Simulator.Configuration(job: plan)) { simulator async throws in
            let wire = try Wire(simulator, "openai")
            let verdict = try await wire.submit(job(GenerationRequest(prompt: "a", partialImages: 1)))
            #expect(verdict.kind == .unknown && simulator.ledger.charges.count == 1)
        }
    }

    @Test("A key that is honoured: replayed, or refused as used", arguments: [RepeatContract.replay, .rejectDuplicate])
    func keys(contract: RepeatContract) async throws {
        let settings = OpenAISettings(idempotency: contract == .replay ? .replay : .rejectDuplicate)
        try await withSimulator(Simulator.Configuration(openAI: settings)) { simulator async throws in
            let wire = try Wire(simulator, "openai", contract: contract)
            #expect(try await wire.submit(job()).kind == .completed)
            let again = try await wire.submit(job())
            if contract == .replay {
                #expect(again.kind == .completed && again.result?.isReplayed == true)
            } else {
                #expect(again.kind == .unknown && again.refusal?.status == 422)
            }
            #expect(simulator.ledger.charges(idempotencyKey: job().key).count == 1)
        }
    }

    // MARK: Catalogue and account

    @Test("Models and balances are read")
    func accounts() async throws {
        try await withSimulator { simulator async throws in
            for (provider, model, balance) in [
                ("elumenta", "photon-flash", 1000.0), ("pollinations", "flux", 100), ("openai", "gpt-image-1.5", nil),
            ] {
                let wire = try Wire(simulator, provider)
                let models = try wire.dialect.readModels(try await wire.send(try wire.dialect.models()))
                #expect(models.contains { $0.name == model })
                let request = try wire.dialect.balance()
                #expect((request == nil) == (balance == nil))
                if let request {
                    #expect(try wire.dialect.readBalance(try await wire.send(request)).amount == balance)
                }
            }
            var wire = try Wire(simulator, "pollinations")
            wire.key = Secret("sk_narrow")
            let refused = try await wire.send(try #require(try wire.dialect.balance()))
            let error = #expect(throws: GenerationError.self) { try wire.dialect.readBalance(refused) }
            #expect(error?.code == .forbidden)
        }
    }
}

extension HTTPClient {
    /// A short answer, with the credentials that the request itself has.
    fileprivate func answer(_ request: HTTPRequest) async throws -> ProviderAnswer {
        let response = try await send(request)
        return ProviderAnswer(
            status: response.status, headers: response.headers, text: response.body, pictures: [],
            isStreamComplete: nil,
            byteCount: response.body.count)
    }
}

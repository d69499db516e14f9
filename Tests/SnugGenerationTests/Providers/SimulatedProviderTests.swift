// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite(.serialized) struct SimulatedProviderTests {
    // MARK: Elumenta

    @Test("Elumenta takes every kind of submission, and each is charged once")
    func elumenta() async throws {
        try await withSimulator { simulator async throws in
            let simulated = try SimulatedDialect(simulator, "elumenta")
            let requests = [
                GenerationRequest(prompt: "a", size: ImageSize(width: 1024, height: 1024), seed: 4, format: "png"),
                GenerationRequest(
                    prompt: "b", model: "dall-e-3", size: ImageSize(width: 1024, height: 1792),
                    parameters: ["style": .text("vivid"), "quality": .text("hd"), "negative_prompt": .text("x")]),
            ]
            for request in requests {
                try simulated.dialect.validate(request)
                #expect(try await simulated.submit(job(request)).kind == .completed)
            }
            let edit = GenerationRequest(prompt: "c", model: "flux-kontext-pro")
            #expect(try await simulated.submit(job(edit, images: [.url("https://h.test/a.png")])).kind == .completed)
            #expect(simulator.ledger.charges.map(\.cost) == [1, 13, 3])
        }
    }

    @Test("A job is polled under its id to its end", arguments: [JobPlan.Identifier.integer, .prefixed])
    func polling(identifier: JobPlan.Identifier) async throws {
        try await withSimulator { simulator async throws in
            let simulated = try SimulatedDialect(simulator, "elumenta")
            simulator.script(
                Rule(
                    Fault(
                        job: JobPlan(pendingPolls: 1, outcome: .unknownWord(word: "dreaming"), identifier: identifier))),
                Rule(Fault(job: JobPlan(pendingPolls: 1, outcome: .failed(text: "Content_Policy"))), skip: 2))
            var kinds: [PollKind] = []
            for _ in 0..<2 {
                guard case .accepted(let id, _) = try await simulated.submit(job()) else {
                    Issue.record("not accepted")
                    return
                }
                for _ in 0..<2 {
                    let request = try #require(try simulated.dialect.poll(id))
                    kinds.append(simulated.dialect.pollOutcome(of: try await simulated.send(request), id: id).kind)
                }
            }
            #expect(kinds == [.pending, .completed, .pending, .failed])
            let unknown = try #require(try simulated.dialect.poll("gen_1"))
            #expect(simulated.dialect.pollOutcome(of: try await simulated.send(unknown), id: "gen_1").kind == .gone)
            #expect(simulator.ledger.charges.count == 1)
        }
    }

    @Test("A job whose response was lost is found in the history")
    func lostJob() async throws {
        try await withSimulator { simulator async throws in
            let simulated = try SimulatedDialect(simulator, "elumenta")
            let request = GenerationRequest(prompt: "a lost cat", model: "photon")
            _ = try await simulated.submit(job(GenerationRequest(prompt: "another", model: "photon")))
            simulator.script(
                Rule(Fault(request: .closeAfterBody, takesEffect: true), service: .elumenta, method: "POST"))
            let lost = job(request, submittedAt: systemWallClock())
            await #expect(throws: HTTPError.self) { _ = try await simulated.submit(lost) }
            let listing = try #require(try simulated.dialect.history(of: lost, page: 1))
            let response = try await simulated.send(listing)
            guard case .found(let id) = simulated.dialect.findLost(lost, in: response, known: []) else {
                Issue.record("not found")
                return
            }
            #expect(simulated.dialect.findLost(lost, in: response, known: [id]) == .notFound(hasMore: false))
            let poll = simulated.dialect.pollOutcome(
                of: try await simulated.send(try #require(try simulated.dialect.poll(id))), id: id)
            #expect(poll.kind == .completed && simulator.ledger.charges(prompt: "a lost cat").count == 1)
        }
    }

    @Test("A session continues with new tokens, and the old refresh token is spent")
    func session() async throws {
        try await withSimulator { simulator async throws in
            var simulated = try SimulatedDialect(simulator, "elumenta")
            let login = ClientRequest(
                "POST", try HTTPURL(simulator.addresses[.elumenta] + "/auth/login"),
                headerFields: ["Content-Type": "application/json"],
                body: HTTPBody(bytes: Array(#"{"email":"starter@example.test","password":"password"}"#.utf8)))
            let first = try simulated.dialect.readTokens(try await simulated.send(login))
            simulated.key = first.access
            #expect(try await simulated.submit(job()).kind == .completed)
            simulator.clock.advance(by: .seconds(1000))
            let expired = try await simulated.submit(job())
            #expect(expired.kind == .transient && expired.failure?.recovery == .refreshToken)
            let token = try #require(first.refresh)
            let refresh = try #require(try simulated.dialect.refresh(with: token))
            let second = try simulated.dialect.readTokens(try await makeClient().response(refresh))
            #expect(second.refresh != nil && second.refresh != first.refresh)
            simulated.key = second.access
            #expect(try await simulated.submit(job()).kind == .completed)
            let spent = try await makeClient().response(refresh)
            let error = #expect(throws: GenerationError.self) { try simulated.dialect.readTokens(spent) }
            #expect(error?.code == .notAuthenticated)
        }
    }

    // MARK: Pollinations

    @Test("Every form of a request joins itself: one charge, however often it is sent")
    func joining() async throws {
        try await withSimulator { simulator async throws in
            let simulated = try SimulatedDialect(simulator, "pollinations")
            let size = ImageSize(width: 64, height: 96)
            let jobs = [
                job(GenerationRequest(prompt: "a cat?", size: size, parameters: ["safe": .flag(true)]), seed: 5),
                job(GenerationRequest(prompt: "cats/dogs", size: size, parameters: ["quality": .text("hd")]), seed: 5),
                job(GenerationRequest(prompt: "models"), seed: 5),
                job(GenerationRequest(prompt: String(repeating: "долго ", count: 800)), seed: 5),
                job(seed: 5, images: [.url("https://h.test/a,b.png")]),
                job(seed: 5, images: [.url("https://h.test/a.png"), .url("https://h.test/b.png")]),
                job(GenerationRequest(prompt: "red"), seed: 5, images: [.inline(png())]),
                job(
                    GenerationRequest(prompt: "red"), seed: 5, images: [.inline(png()), .url("https://h.test/b.png")]),
            ]
            for (index, job) in jobs.enumerated() {
                try simulated.dialect.validate(job.request)
                let first = try await simulated.submit(job)
                #expect(first.kind == .completed && first.result?.isReplayed == false, "\(index)")
                let again = try await simulated.submit(job)
                #expect(again.kind == .completed && again.result?.isReplayed == true, "\(index)")
                #expect(simulator.ledger.charges.count == index + 1)
            }
            #expect(simulator.ledger.entries.allSatisfy { $0.seed == 5 && $0.joins == 1 })
        }
    }

    @Test("An address that is too long for the server goes in a body, and is charged once")
    func tooLongAddress() async throws {
        try await withSimulator(Simulator.Configuration(longestTarget: 100)) { simulator async throws in
            let simulated = try SimulatedDialect(simulator, "pollinations")
            var job = job(GenerationRequest(prompt: String(repeating: "cat ", count: 40)), seed: 5)
            let refused = try await simulated.submit(job)
            #expect(refused.kind == .transient && refused.failure?.recovery == .useBody)
            job.usesBody = true
            #expect(try await simulated.submit(job).kind == .completed && simulator.ledger.charges.count == 1)
        }
    }

    @Test("Content in place of an image is reported", arguments: [JobPlan.Image.html, .json, .empty])
    func noImage(image: JobPlan.Image) async throws {
        try await withSimulator(Simulator.Configuration(job: JobPlan(image: image))) { simulator async throws in
            let simulated = try SimulatedDialect(simulator, "pollinations")
            for usesBody in [false, true] where !usesBody || image == .empty {
                let outcome = try await simulated.submit(job(seed: 1, usesBody: usesBody))
                #expect(outcome.kind == .unknown && outcome.failure?.code == .badResponse)
            }
        }
    }

    @Test("A body that is too large names no limit; a share of the request's does")
    func tooLargeEdit() async throws {
        try await withSimulator { simulator async throws in
            let simulated = try SimulatedDialect(simulator, "pollinations")
            let outcome = try await simulated.submit(job(seed: 1, images: [.inline(png(padding: 9_999_700))]))
            #expect(outcome.failure?.recovery == .refit(byteLimit: nil, maximumSide: nil))
            let share = simulated.dialect.traits.inputLimits.byteLimit(sharedBy: 2, prompt: "a cat")
            let image = png(padding: share - 300)
            #expect(image.bytes.count <= share)
            let fits = try await simulated.submit(job(seed: 1, images: [.inline(image), .inline(image)]))
            #expect(fits.kind == .completed && simulator.ledger.charges.count == 1)
        }
    }

    // MARK: OpenAI

    @Test("Generations, streams and edits are taken, and each is charged")
    func openAI() async throws {
        try await withSimulator { simulator async throws in
            let simulated = try SimulatedDialect(simulator, "openai")
            let several = GenerationRequest(
                prompt: "a", model: "gpt-image-1.5", size: ImageSize(width: 1024, height: 1536), count: 3,
                format: "webp", parameters: ["quality": .text("low"), "output_compression": .integer(50)])
            let legacy = GenerationRequest(
                prompt: "b", model: "vendor-diffusion", size: ImageSize(width: 512, height: 512),
                parameters: ["quality": .text("hd"), "style": .text("vivid")])
            let stream = GenerationRequest(prompt: "c", model: "gpt-image-1.5", partialImages: 2)
            for (request, count) in [(several, 3), (legacy, 1), (stream, 1)] {
                try simulated.dialect.validate(request)
                let outcome = try await simulated.submit(job(request))
                #expect(outcome.kind == .completed && outcome.result?.images.count == count, "\(request.prompt)")
            }
            let edit = GenerationRequest(
                prompt: "d", model: "gpt-image-2", size: ImageSize(width: 2048, height: 1024), partialImages: 1,
                parameters: ["input_fidelity": .text("high"), "background": .text("opaque")])
            let edited = try await simulated.submit(
                job(
                    edit, images: [.inline(png()), .inline(png(width: 16, height: 16))],
                    mask: .inline(png(alpha: true))))
            #expect(edited.kind == .completed && edited.result?.images.count == 1)
            #expect(simulator.ledger.charges.map { Int(($0.cost * 100).rounded()) } == [12, 4, 4, 4])
        }
    }

    @Test("A stream that is cut leaves the outcome open")
    func cutStream() async throws {
        let plan = JobPlan(stream: StreamPlan(cutsBeforeCompleted: true))
        try await withSimulator(Simulator.Configuration(job: plan)) { simulator async throws in
            let simulated = try SimulatedDialect(simulator, "openai")
            let outcome = try await simulated.submit(job(GenerationRequest(prompt: "a", partialImages: 1)))
            #expect(outcome.kind == .unknown && simulator.ledger.charges.count == 1)
        }
    }

    @Test("A key that is honoured: replayed, or refused as used", arguments: [RepeatContract.replay, .rejectDuplicate])
    func keys(contract: RepeatContract) async throws {
        let settings = OpenAISettings(idempotency: contract == .replay ? .replay : .rejectDuplicate)
        try await withSimulator(Simulator.Configuration(openAI: settings)) { simulator async throws in
            let simulated = try SimulatedDialect(simulator, "openai", contract: contract)
            #expect(try await simulated.submit(job()).kind == .completed)
            let again = try await simulated.submit(job())
            if contract == .replay {
                #expect(again.kind == .completed && again.result?.isReplayed == true)
            } else {
                #expect(again.kind == .unknown && again.failure?.status == 422)
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
                let simulated = try SimulatedDialect(simulator, provider)
                let models = try simulated.dialect.readModels(try await simulated.send(try simulated.dialect.models()))
                #expect(models.contains { $0.name == model })
                let request = try simulated.dialect.balance()
                #expect((request == nil) == (balance == nil))
                if let request {
                    #expect(try simulated.dialect.readBalance(try await simulated.send(request)).amount == balance)
                }
            }
            var simulated = try SimulatedDialect(simulator, "pollinations")
            simulated.key = Secret("sk_narrow")
            let refused = try await simulated.send(try #require(try simulated.dialect.balance()))
            let error = #expect(throws: GenerationError.self) { try simulated.dialect.readBalance(refused) }
            #expect(error?.code == .forbidden)
        }
    }
}

extension HTTPClient {
    /// A short response, with the credentials that the request itself has.
    fileprivate func response(_ request: ClientRequest) async throws -> ProviderResponse {
        let response = try await send(request)
        return ProviderResponse(
            status: response.status.code, headers: response.headerFields, text: response.body, images: [],
            isStreamComplete: nil,
            byteCount: response.body.count)
    }
}

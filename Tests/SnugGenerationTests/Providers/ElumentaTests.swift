// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct ElumentaTests {
    private let dialect: ElumentaDialect

    init() throws { dialect = try Dialects().elumenta }

    // MARK: Requests

    @Test("A submission is one JSON object with params, the same bytes each time")
    func submission() throws {
        let request = GenerationRequest(
            prompt: "a \"cat\"", model: "flux-1.1-pro", size: ImageSize(width: 768, height: 1344), format: "jpg",
            parameters: ["quality": .text("hd"), "negative_prompt": .text("dog")])
        let job = job(request, seed: 7, images: [.url("https://h.test/a.png?sig=abc")])
        let submission = try dialect.submission(of: job)
        #expect(submission.request.method == "POST")
        #expect(submission.request.url.text == "https://elumenta.ru/api/v2/generate")
        #expect(submission.request.headerFields["Content-Type"] == "application/json")
        #expect(submission.request.headerFields["X-Client-Request-Id"] == job.key)
        #expect(submission.request.headerFields["Idempotency-Key"] == nil)
        #expect(
            try text(of: submission)
                == #"{"model":"flux-1.1-pro","params":{"format":"jpeg","image_url":"https://h.test/a.png?sig=abc","#
                + #""negative_prompt":"dog","quality":"hd","seed":7,"size":"768x1344"},"prompt":"a \"cat\""}"#)
        let again = try dialect.submission(of: job)
        #expect(try body(of: again) == body(of: submission) && again.digest == submission.digest)
        #expect(submission.digest.count == 64)
        var other = job
        other.seed = 8
        #expect(try dialect.submission(of: other).digest != submission.digest)
        let shown = submission.redacted.map { "\($0.name)=\($0.value)" }
        #expect(shown.contains("image_url=https://h.test/a.png?***") && shown.contains("prompt=a \"cat\""))
    }

    @Test("Midjourney takes a ratio")
    func ratio() throws {
        let request = GenerationRequest(
            prompt: "a", model: "midjourney-v6", size: ImageSize(width: 1920, height: 1080))
        #expect(try text(of: dialect.submission(of: job(request))).contains(#""params":{"aspect_ratio":"16:9"}"#))
    }

    @Test("Without a model the cheapest is asked, without options params is empty")
    func plain() throws {
        #expect(
            try text(of: dialect.submission(of: job()))
                == #"{"model":"photon-flash","params":{},"prompt":"a cat"}"#)
    }

    @Test("Images go by address only")
    func files() {
        let error = #expect(throws: GenerationError.self) {
            try dialect.submission(of: job(images: [.inline(png())]))
        }
        #expect(error?.code == .hostNeeded)
    }

    private static let size = ImageSize(width: 1024, height: 1024)
    private static let wrong: [(GenerationRequest, [String])] = [
        (GenerationRequest(prompt: " \n\u{200B}"), ["prompt"]),
        (GenerationRequest(prompt: String(repeating: "é", count: 5001)), ["prompt"]),
        (GenerationRequest(prompt: "a", size: ImageSize(width: 63, height: 2049)), ["width", "height"]),
        (GenerationRequest(prompt: "a", model: "sd-3.5-large", size: ImageSize(width: 512, height: 512)), ["size"]),
        (GenerationRequest(prompt: "a", model: "midjourney-v6", size: ImageSize(width: 512, height: 500)), ["size"]),
        (
            GenerationRequest(prompt: "a", fallbackModels: ["dall-e-3"], size: ImageSize(width: 512, height: 512)),
            ["size"]
        ),
        (GenerationRequest(prompt: "a", model: " "), ["model"]), (GenerationRequest(prompt: "a", count: 0), ["count"]),
        (GenerationRequest(prompt: "a", count: 101), ["count"]),
        (GenerationRequest(prompt: "a", format: "gif"), ["format"]),
        (GenerationRequest(prompt: "a", images: [.url("https://h.test/a"), .url("https://h.test/b")]), ["images"]),
        (GenerationRequest(prompt: "a", images: [.url("ftp://h.test/a")]), ["images[0]"]),
        (GenerationRequest(prompt: "a", images: [.bytes([], name: "x")]), ["images[0]"]),
        (GenerationRequest(prompt: "a", images: [.file("x.png")], mask: .file("m.png")), ["mask"]),
        (GenerationRequest(prompt: "a", parameters: ["quality": .text("best")]), ["quality"]),
        (GenerationRequest(prompt: "a", parameters: ["style": .integer(1)]), ["style"]),
        (GenerationRequest(prompt: "a", parameters: ["duration": .integer(7)]), ["duration"]),
        (GenerationRequest(prompt: "a", parameters: ["duration": .text("10")]), ["duration"]),
        (
            GenerationRequest(
                prompt: "a", model: "midjourney-v6", size: ImageSize(width: 512, height: 512),
                parameters: ["aspect_ratio": .text("1:1")]), ["aspect_ratio"]
        ),
        // Said once, however many models it is wrong for.
        (
            GenerationRequest(
                prompt: "a", model: "photon", fallbackModels: ["recraft-v3", "photon-flash"],
                size: ImageSize(width: 63, height: 100)), ["width"]
        ),
        (GenerationRequest(prompt: "a", parameters: ["negative_prompt": .flag(true)]), ["negative_prompt"]),
        (GenerationRequest(prompt: "a", parameters: ["seed": .integer(1), "size": .text("1x1")]), ["seed", "size"]),
        (GenerationRequest(prompt: "", count: 0), ["prompt", "count"]),
    ]

    @Test("Invalid requests are errors before anything is sent, with the field", arguments: wrong)
    func validation(request: GenerationRequest, fields: [String]) {
        #expect(complaints(dialect, request) == fields)
    }

    @Test("Valid requests pass")
    func valid() {
        let prompt = String(repeating: "é", count: 5000)
        #expect(
            complaints(dialect, GenerationRequest(prompt: prompt, size: ImageSize(width: 64, height: 2048))).isEmpty)
        let request = GenerationRequest(
            prompt: "a", model: "dall-e-3", size: ImageSize(width: 1792, height: 1024),
            images: [.url("https://h.test/a")],
            seed: 5, format: "WEBP", parameters: ["style": .text("vivid"), "quality": .text("hd"), "own": .flag(true)])
        #expect(complaints(dialect, request).isEmpty)
    }

    @Test("Keys of another form are warned of")
    func keys() {
        #expect(dialect.keyWarning(Secret("nb_" + String(repeating: "x", count: 45))) == nil)
        #expect(dialect.keyWarning(Secret("nb_short"))?.contains("48") == true)
        #expect(dialect.keyWarning(Secret("sk_" + String(repeating: "x", count: 45))) != nil)
        #expect(dialect.keyWarning(Secret("eyJhbGciOi.a-session-token")) == nil)
    }

    // MARK: Answers

    @Test("Ids are numbers or text, and stay what they are")
    func completed() throws {
        for (id, expected) in [("18491", "18491"), (#""gen_18491""#, "gen_18491")] {
            let outcome = dialect.outcome(
                of: response(
                    200,
                    #"{"id":\#(id),"status":"completed","model_slug":"photon","result_url":"https://storage.elumenta.ru/g/1.webp","#
                        + #""result_text":null,"error":null,"tokens_spent":4,"processing_ms":12,"result_metadata":null}"#
                ),
                to: job())
            #expect(outcome.kind == .completed)
            #expect(
                outcome.result
                    == JobResult(
                        images: [.url("https://storage.elumenta.ru/g/1.webp", revisedPrompt: nil)], id: expected,
                        model: "photon", cost: 4))
        }
    }

    @Test("Unknown words are those of a job under way", arguments: ["pending", "queued", "dreaming", "PENDING"])
    func pending(word: String) {
        let text = #"{"id":5,"status":"\#(word)","result_url":null,"tokens_spent":0}"#
        guard case .accepted(let id, _) = dialect.outcome(of: response(200, text), to: job()) else {
            Issue.record("not accepted")
            return
        }
        #expect(id == "5")
        #expect(dialect.pollOutcome(of: response(200, text), id: "5").kind == .pending)
        #expect(dialect.outcome(of: response(202, #"{"status":"pending"}"#), to: job()).kind == .unknown)
    }

    @Test("A poll that tells of another job is asked again", arguments: ["7", "\"gen_7\"", "\"x\""])
    func otherJob(id: String) {
        let text = #"{"id":\#(id),"status":"completed","result_url":"https://s.test/1.png","tokens_spent":4}"#
        let poll = dialect.pollOutcome(of: response(200, text), id: "gen_5")
        #expect(poll.kind == .pollFailed && poll.failure?.message.contains("another job") == true)
        if id != "\"x\"" { #expect(dialect.pollOutcome(of: response(200, text), id: "7").kind == .completed) }
    }

    @Test("A cost is a number from 0, also as text", arguments: [("4", 4), ("\"4\"", 4), ("-4", nil), ("{}", nil)])
    func costs(told: String, cost: Double?) {
        let text = #"{"id":5,"status":"completed","result_url":"https://s.test/1.png","tokens_spent":\#(told)}"#
        #expect(dialect.outcome(of: response(200, text), to: job()).result?.cost == cost)
    }

    @Test("A finished job without an image is asked again, not paid again")
    func withoutImage() {
        let text = #"{"id":5,"status":"completed","result_url":null,"tokens_spent":4}"#
        #expect(dialect.outcome(of: response(200, text), to: job()).kind == .accepted)
        let poll = dialect.pollOutcome(of: response(200, text), id: "5")
        #expect(poll.kind == .pollFailed && poll.failure?.code == .badResponse)
    }

    @Test(
        "An address that is never fetched is named at once, without what may be a secret",
        arguments: [
            ("file:///etc/passwd", "file:///etc/passwd"), ("gopher://host/x", "gopher://host/x"),
            ("https://user:pass@host/x.png", "https://***"),
        ])
    func unusableAddress(address: String, shown: String) throws {
        let job5 = #"{"id":5,"status":"completed","result_url":"\#(address)","tokens_spent":4}"#
        #expect(dialect.outcome(of: response(200, job5), to: job()).kind == .accepted)
        let poll = dialect.pollOutcome(of: response(200, job5), id: "5")
        #expect(poll.kind == .pollFailed && poll.failure?.code == .downloadFailed)
        #expect(poll.failure?.message.hasSuffix(": \(shown)") == true)
        let list = #"{"created":1,"data":[{"url":"\#(address)"}]}"#
        for outcome in [
            try Dialects().openAI.outcome(of: response(200, list), to: job()),
            try Dialects().pollinations.outcome(of: response(200, list), to: job()),
        ] {
            #expect(outcome.kind == .unknown && outcome.failure?.message.hasSuffix(": \(shown)") == true)
            #expect(outcome.failure?.recovery == .giveUp)
        }
    }

    private static let failures: [(String, OutcomeKind, GenerationError.Code, ProviderFailure.RecoveryAction)] = [
        ("Service unavailable: model is overloaded", .transient, .noCapacity, .switchModel),
        ("Provider answered 503", .transient, .noCapacity, .switchModel),
        ("service-unavailable", .transient, .noCapacity, .switchModel),
        ("Generation timeout: request deadline exceeded", .transient, .providerFailed, .none),
        ("GENERATION_TIMEOUT", .transient, .providerFailed, .none),
        ("Content blocked by safety filter", .failed, .policyRefused, .none),
        ("Content policy violation: prohibited content detected", .failed, .policyRefused, .none),
        ("Provider error: content policy violation", .failed, .policyRefused, .none),
        ("content_policy", .failed, .policyRefused, .none), ("CONTENT-POLICY", .failed, .policyRefused, .none),
        ("The muse is on holiday, ref 15030", .failed, .generationFailed, .none),
    ]

    @Test("Failures that come with 200 mean what their text says", arguments: failures)
    func failed(text: String, kind: OutcomeKind, code: GenerationError.Code, recovery: ProviderFailure.RecoveryAction)
        throws
    {
        let body = #"{"id":5,"status":"failed","error":"\#(text)","tokens_spent":0,"result_url":null}"#
        let outcome = dialect.outcome(of: response(200, body), to: job())
        #expect(outcome.kind == kind)
        let failure = try #require(outcome.failure)
        #expect(failure.code == code && failure.recovery == recovery && failure.message.contains(text))
        // The job itself has ended in each case.
        let poll = dialect.pollOutcome(of: response(200, body), id: "5")
        #expect(poll.kind == .failed && poll.failure?.code == code && poll.failure?.recovery == recovery)
    }

    @Test("A failed poll is no failed job, and only the provider says that a job is gone")
    func polls() {
        for status in [400, 401, 403, 408, 429, 500, 502, 503, 504, 520, 524] {
            #expect(dialect.pollOutcome(of: response(status), id: "5").kind == .pollFailed)
        }
        let gone = dialect.pollOutcome(
            of: response(404, #"{"error":"not_found","message":"Generation not found","details":{}}"#), id: "5")
        #expect(
            gone.kind == .gone && gone.failure?.code == .jobNotFound
                && gone.failure?.recovery == ProviderFailure.RecoveryAction.none)
        #expect(dialect.pollOutcome(of: response(404, "<html></html>"), id: "5").kind == .pollFailed)
        #expect(dialect.pollOutcome(of: response(200, #"{"status":"#), id: "5").kind == .pollFailed)
        let expired = dialect.pollOutcome(
            of: response(401, #"{"error":"token_expired","message":"x"}"#), id: "5")
        #expect(expired.kind == .pollFailed && expired.failure?.recovery == .refreshToken)
    }

    @Test func details() throws {
        let payment = try #require(
            dialect.outcome(
                of: response(
                    402, #"{"error":"insufficient_tokens","message":"x","details":{"required":8,"available":3}}"#),
                to: job()
            ).failure)
        #expect(payment.required == 8 && payment.available == 3 && payment.providerCode == "insufficient_tokens")
        #expect(payment.message.hasPrefix("the account has 3 left where 8 are needed"))
        let fields = try #require(
            dialect.outcome(
                of: response(
                    422,
                    #"{"error":"validation_error","message":"x","details":{"fields":[{"field":"params.size","#
                        + #""message":"Unsupported size; valid: 1024x1024, 768x1344"}]}}"#), to: job()
            ).failure)
        #expect(fields.fields.map(\.name) == ["params.size"])
        #expect(fields.suggestions == ["1024x1024", "768x1344"])
    }

    @Test("A poll's address has the id as one segment")
    func pollAddress() throws {
        #expect(try dialect.poll("gen_18491")?.url.text == "https://elumenta.ru/api/v2/generate/gen_18491")
        #expect(try dialect.poll("../user/me")?.url.text == "https://elumenta.ru/api/v2/generate/..%2Fuser%2Fme")
    }
}

// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct PollinationsTests {
    private let dialect: PollinationsDialect

    init() throws { dialect = try Dialects().pollinations }

    private func url(_ job: PreparedJob) throws -> String { try dialect.submission(of: job).request.url.text }

    // MARK: Requests

    @Test("A plain request goes in the address, always with a seed, the same each time")
    func address() throws {
        let request = GenerationRequest(
            prompt: "a cat? 50% & more #1 ü", model: "flux", size: ImageSize(width: 512, height: 768),
            parameters: ["quality": .text("high"), "safe": .flag(true)])
        let job = job(request, seed: 9)
        let submission = try dialect.submission(of: job)
        #expect(submission.request.method == "GET" && submission.request.body == nil)
        #expect(submission.request.connectionUse == .fresh)
        #expect(
            submission.request.url.text
                == "https://gen.pollinations.ai/image/a%20cat%3F%2050%25%20%26%20more%20%231%20%C3%BC"
                + "?quality=high&safe=true&model=flux&seed=9&width=512&height=768")
        #expect(try dialect.submission(of: job).digest == submission.digest)
        #expect(try url(SnugGenerationTests.job()).hasSuffix("/image/a%20cat?seed=0"))
        #expect(submission.redacted.contains { $0.name == "prompt" && $0.value == request.prompt })
    }

    private static let forBody = [
        "models", " Models ", ".", "..", "cats/dogs", "a\\b", "line\nbreak", "nul\u{0}",
        String(repeating: "я", count: 2000),
    ]

    @Test("Parameters that an address cannot hold go in a body", arguments: forBody)
    func longOrOdd(prompt: String) throws {
        let submission = try dialect.submission(of: job(GenerationRequest(prompt: prompt), seed: 3))
        #expect(submission.request.method == "POST" && submission.request.url.path == "/v1/images/generations")
        let json = JSONValue(parsing: try body(of: submission))
        #expect(json == ["prompt": .text(prompt), "seed": 3])
    }

    @Test("After 414 the same goes in a body")
    func afterRefusal() throws {
        let request = GenerationRequest(prompt: "a cat", model: "flux", size: ImageSize(width: 64, height: 64))
        let outcome = dialect.outcome(of: response(414), to: job(request, seed: 3))
        #expect(outcome.kind == .transient && outcome.failure?.recovery == .useBody)
        let submission = try dialect.submission(of: job(request, seed: 3, usesBody: true))
        #expect(try text(of: submission) == #"{"model":"flux","prompt":"a cat","seed":3,"size":"64x64"}"#)
        #expect(dialect.outcome(of: response(414), to: job(request, usesBody: true)).kind == .failed)
    }

    @Test("Parameters of an address are never sent in a body")
    func addressOnly() throws {
        let short = GenerationRequest(prompt: "a cat", parameters: ["enhance": .flag(true)])
        #expect(complaints(dialect, short).isEmpty)
        #expect(try url(job(short, seed: 1)).contains("?enhance=true&"))
        // That it is too long shows only when all of it is put together.
        let long = GenerationRequest(prompt: String(repeating: "cat ", count: 1200), parameters: short.parameters)
        for job in [job(long, seed: 1), job(short, seed: 1, usesBody: true)] {
            let error = #expect(throws: GenerationError.self) { try dialect.submission(of: job) }
            #expect(error?.code == .invalidRequest && error?.fields.map(\.name) == ["enhance"])
        }
        #expect(dialect.outcome(of: response(414), to: job(short, seed: 1)).kind == .failed)
    }

    @Test("Addresses of images go joined; those that would be split go in a body")
    func imageAddresses() throws {
        let two = job(seed: 1, images: [.url("https://h.test/a.png?x=1"), .url("https://h.test/b.png")])
        #expect(
            try url(two).hasSuffix(
                "?seed=1&image=https%3A%2F%2Fh.test%2Fa.png%3Fx%3D1%7Chttps%3A%2F%2Fh.test%2Fb.png"))
        #expect(try dialect.submission(of: two).redacted.contains { $0.value == "https://h.test/a.png?***" })
        let comma = try dialect.submission(of: job(seed: 1, images: [.url("https://h.test/a,b.png")]))
        #expect(try text(of: comma) == #"{"image":["https://h.test/a,b.png"],"prompt":"a cat","seed":1}"#)
    }

    @Test("Files go as a form, whose boundary is the same each time and different for another job")
    func files() throws {
        let request = GenerationRequest(prompt: "make it red", model: "kontext", parameters: ["quality": .text("low")])
        var job = job(request, seed: 4, images: [.inline(png())])
        let submission = try dialect.submission(of: job)
        #expect(submission.request.method == "POST" && submission.request.url.path == "/v1/images/edits")
        let type = try #require(submission.request.headerFields["Content-Type"])
        let boundary = try #require(type.split(separator: "=").last)
        func field(_ name: String, _ value: String) -> String {
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        let expected =
            field("quality", "low") + field("model", "kontext") + field("seed", "4") + field("prompt", "make it red")
            + "--\(boundary)\r\nContent-Disposition: form-data; name=\"image\"; filename=\"cat.png\"\r\n"
            + "Content-Type: image/png\r\n\r\n"
        #expect(try body(of: submission) == Array(expected.utf8) + png().bytes + Array("\r\n--\(boundary)--\r\n".utf8))
        #expect(try dialect.submission(of: job).digest == submission.digest)
        job.key = "another"
        #expect(try dialect.submission(of: job).request.headerFields["Content-Type"] != type)
        job.images.append(.url("https://h.test/b.png"))
        let mixed = try text(of: dialect.submission(of: job))
        #expect(
            mixed.contains("name=\"image[]\"\r\n\r\nhttps://h.test/b.png")
                && mixed.contains("name=\"image[]\"; filename"))
    }

    private static let wrong: [(GenerationRequest, [String])] = [
        (GenerationRequest(prompt: "a", seed: -1), ["seed"]),
        (GenerationRequest(prompt: "a", seed: 2_147_483_648), ["seed"]),
        (GenerationRequest(prompt: "a", count: 3, seed: 2_147_483_646), ["seed"]),
        (GenerationRequest(prompt: "a", size: ImageSize(width: 4000, height: 64)), ["width"]),
        (GenerationRequest(prompt: "a", format: "png"), ["format"]),
        (GenerationRequest(prompt: "a", parameters: ["no-cache": .flag(true)]), ["no-cache"]),
        (GenerationRequest(prompt: "a", parameters: ["key": .text("sk_x"), "n": .integer(2)]), ["key", "n"]),
        (GenerationRequest(prompt: "a", parameters: ["safe": .text("yes")]), ["safe"]),
        (GenerationRequest(prompt: "a", parameters: ["quality": .text("standard")]), ["quality"]),
        (GenerationRequest(prompt: "a", images: Array(repeating: .file("a"), count: 11)), ["images"]),
        (GenerationRequest(prompt: "a", mask: .file("m")), ["mask"]),
        (GenerationRequest(prompt: "a", partialImages: 4), ["partial_images"]),
        (GenerationRequest(prompt: "a", parameters: ["response_format": .text("png")]), ["response_format"]),
        // What only an address has, where there is a body.
        (GenerationRequest(prompt: "a/b", parameters: ["enhance": .flag(true)]), ["enhance"]),
        (GenerationRequest(prompt: "a", images: [.file("a")], parameters: ["audio": .flag(true)]), ["audio"]),
        (
            GenerationRequest(
                prompt: "a",
                parameters: ["guidance_scale": .number(2), "aspectRatio": .text("1:1"), "duration": .integer(5)]),
            ["aspectRatio", "duration"]
        ),
    ]

    @Test(
        "Invalid requests, and those that would break the contract, are errors before anything is sent",
        arguments: wrong)
    func validation(request: GenerationRequest, fields: [String]) {
        #expect(complaints(dialect, request) == fields)
        #expect(complaints(dialect, GenerationRequest(prompt: "a", count: 3, seed: 2_147_483_645)).isEmpty)
    }

    @Test("Images share what a request may have")
    func limits() throws {
        let limits = dialect.traits.inputLimits
        #expect(limits.byteLimit(sharedBy: 1, prompt: "") == 10_000_000 - 8192 - 1024)
        #expect(limits.byteLimit(sharedBy: 4, prompt: "abcd") == (10_000_000 - 8192 - 4096 - 4) / 4)
        #expect(InputLimits(byteLimit: 5).byteLimit(sharedBy: 3, prompt: "") == 5)
        let error = #expect(throws: GenerationError.self) {
            try dialect.submission(
                of: job(images: [.inline(FittedInput(bytes: [1], mediaType: "image/gif", name: "x"))]))
        }
        #expect(error?.fields.map(\.name) == ["image"])
    }

    @Test func keys() {
        #expect(dialect.keyWarning(Secret("sk_x")) == nil)
        #expect(
            dialect.keyWarning(Secret("pk_x"))?.contains("browsers") == true
                && dialect.keyWarning(Secret("nb_x")) != nil)
    }

    // MARK: Answers

    @Test("The image itself, or its base64, with what the headers tell")
    func completed() throws {
        let image = spooled()
        let headers: HTTPFields = ["x-model-used": "flux-2", "X-Cache": "HIT"]
        let plain = dialect.outcome(of: response(200, headers: headers, images: [image]), to: job())
        #expect(
            plain.kind == .completed
                && plain.result
                    == JobResult(
                        images: [.spooled(image, revisedPrompt: nil)], model: "flux-2", isReplayed: true)
        )
        let listed = dialect.outcome(
            of: response(200, #"{"created":1,"data":[{"b64_json":"","revised_prompt":"A cat"}]}"#, images: [image]),
            to: job())
        #expect(listed.result?.images == [.spooled(image, revisedPrompt: "A cat")])
        let byAddress = dialect.outcome(of: response(200, #"{"data":[{"url":"https://m.test/1"}]}"#), to: job())
        #expect(byAddress.result?.images == [.url("https://m.test/1", revisedPrompt: nil)])
        #expect(dialect.outcome(of: response(200, images: [spooled(0)]), to: job()).kind == .unknown)
        #expect(dialect.outcome(of: response(200, #"{"error":"upstream gave no image"}"#), to: job()).kind == .unknown)
    }

    @Test("The three shapes of 429")
    func limited() throws {
        let allowance = dialect.outcome(
            of: response(
                429, #"{"error":"Rate limit exceeded","message":"1 pollen an hour","retryAfterSeconds":1800}"#,
                headers: ["Retry-After": "1800"]), to: job())
        #expect(allowance.kind == .transient && allowance.failure?.hint == .seconds(1800))
        #expect(allowance.failure?.recovery == ProviderFailure.RecoveryAction.none)
        let concurrency = dialect.outcome(
            of: response(
                429, #"{"error":"concurrency_limit_exceeded","message":"Only one at a time"}"#,
                headers: ["Retry-After": "1"]), to: job())
        #expect(concurrency.kind == .transient && concurrency.failure?.recovery == .lowerConcurrency)
        #expect(concurrency.failure?.providerCode == "concurrency_limit_exceeded")
        let spacing = dialect.outcome(
            of: response(
                429, #"{"status":429,"success":false,"error":{"code":"RATE_LIMITED","message":"Wait"}}"#,
                headers: ["Retry-After": "45"]), to: job())
        #expect(spacing.kind == .transient && spacing.failure?.hint == .seconds(45))
        #expect(spacing.failure?.providerCode == "RATE_LIMITED")
    }

    private static let upstream: [(Int, OutcomeKind, GenerationError.Code, ProviderFailure.RecoveryAction)] = [
        (401, .transient, .providerFailed, .switchModel), (403, .transient, .providerFailed, .switchModel),
        (404, .transient, .providerFailed, .switchModel), (409, .transient, .providerFailed, .none),
        (415, .transient, .unsupportedMedia, .reencode), (429, .transient, .noCapacity, .switchModel),
        (502, .transient, .providerFailed, .none),
    ]

    @Test("A 502 tells what the service behind said", arguments: upstream)
    func behind(status: Int, kind: OutcomeKind, code: GenerationError.Code, recovery: ProviderFailure.RecoveryAction)
        throws
    {
        let text =
            #"{"status":502,"success":false,"error":{"code":"BAD_GATEWAY","message":"Upstream error","requestId":"r-9","#
            + #""details":{"name":"UpstreamError","upstreamStatus":\#(status),"upstreamHost":"h","upstreamBody":"x"}}}"#
        let outcome = dialect.outcome(of: response(502, text), to: job(images: [.inline(png())]))
        let failure = try #require(outcome.failure)
        #expect(
            outcome.kind == kind && failure.code == code && failure.recovery == recovery && failure.requestID == "r-9")
        if status == 415 { #expect(dialect.outcome(of: response(502, text), to: job()).kind == .failed) }
    }

    @Test("Fields, and the models that there are")
    func details() throws {
        let fields = dialect.outcome(
            of: response(
                400,
                #"{"status":400,"success":false,"error":{"code":"BAD_REQUEST","message":"Validation failed","details":"#
                    + #"{"name":"ValidationError","formErrors":["odd"],"fieldErrors":{"size":["too big"],"n":["only 1"]}}}}"#
            ),
            to: job())
        #expect(fields.failure?.fields.map(\.name) == ["n", "size", "request"])
        let model = dialect.outcome(
            of: response(
                404,
                #"{"status":404,"success":false,"error":{"code":"NOT_FOUND","message":"Model 'x' not found; available: flux, sana"}}"#
            ), to: job())
        #expect(model.failure?.code == .modelNotFound && model.failure?.suggestions == ["flux", "sana"])
        let route = dialect.outcome(
            of: response(
                404, #"{"status":404,"success":false,"error":{"code":"NOT_FOUND","message":"Route not found"}}"#),
            to: job())
        #expect(route.failure?.code == .invalidRequest && route.failure?.fields.map(\.name) == ["base_url"])
        #expect(dialect.outcome(of: response(503, "Service unavailable"), to: job()).failure?.code == .noCapacity)
    }

    @Test func catalogue() throws {
        let text =
            #"[{"name":"flux","description":"F","input_modalities":["text"],"output_modalities":["image"]},"#
            + #"{"name":"veo","output_modalities":["video"]},"sana",{"name":"kontext","input_modalities":["text","image"]}]"#
        let models = try dialect.readModels(response(200, text))
        #expect(models.map(\.name) == ["flux", "sana", "kontext"])
        #expect(models.map(\.takesImages) == [false, nil, true])
        #expect(
            try dialect.readBalance(response(200, #"{"balance":1.25}"#)) == AccountBalance(amount: 1.25, unit: "pollen")
        )
        #expect(try dialect.poll("x") == nil)
        #expect(try dialect.history(of: job(), page: 1) == nil)
    }
}

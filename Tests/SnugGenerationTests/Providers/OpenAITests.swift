// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct OpenAITests {
    private let dialect: OpenAIDialect
    private let vendor: OpenAIDialect

    init() throws {
        dialect = try Dialects().openAI
        vendor = OpenAIDialect(
            try Endpoint("https://vendor.test/openai/v1"), contract: .replay, organization: "org-1", project: "p-1")
    }

    // MARK: Requests

    @Test("A generation is JSON with only what was asked for")
    func generation() throws {
        let request = GenerationRequest(
            prompt: "a cat", model: "gpt-image-1.5", size: ImageSize(width: 1536, height: 1024), count: 2,
            format: "jpg",
            parameters: ["quality": .text("high"), "output_compression": .integer(80), "user": .text("u")])
        let submission = try dialect.submission(of: job(request))
        #expect(submission.request.url.text == "https://api.openai.com/v1/images/generations")
        #expect(
            try text(of: submission)
                == #"{"model":"gpt-image-1.5","n":2,"output_compression":80,"output_format":"jpeg","prompt":"a cat","#
                + #""quality":"high","size":"1536x1024","user":"u"}"#)
        #expect(submission.request.headerFields["Idempotency-Key"] == nil)
        #expect(try text(of: vendor.submission(of: job())) == #"{"prompt":"a cat"}"#)
        #expect(try vendor.submission(of: job()).request.headerFields["Idempotency-Key"] == job().key)
    }

    @Test("Partial images make it a stream")
    func stream() throws {
        let submission = try dialect.submission(of: job(GenerationRequest(prompt: "a cat", partialImages: 2)))
        #expect(try text(of: submission) == #"{"partial_images":2,"prompt":"a cat","stream":true}"#)
    }

    @Test("An edit is a form with files and their types")
    func edit() throws {
        let request = GenerationRequest(
            prompt: "a hat", model: "gpt-image-1.5", partialImages: 1, parameters: ["input_fidelity": .text("high")])
        let submission = try dialect.submission(
            of: job(
                request,
                images: [
                    .inline(png()), .inline(FittedInput(bytes: [0xFF, 0xD8], mediaType: "image/jpeg", name: "b.jpg")),
                ], mask: .inline(png(alpha: true))))
        #expect(submission.request.url.path == "/v1/images/edits")
        let form = try text(of: submission)
        for part in [
            "name=\"image[]\"; filename=\"cat.png\"\r\nContent-Type: image/png\r\n",
            "name=\"image[]\"; filename=\"b.jpg\"\r\nContent-Type: image/jpeg\r\n",
            "name=\"mask\"; filename=\"cat.png\"",
            "name=\"stream\"\r\n\r\ntrue\r\n", "name=\"partial_images\"\r\n\r\n1\r\n",
            "name=\"input_fidelity\"\r\n\r\nhigh\r\n",
        ] {
            #expect(form.contains(part), "\(part)")
        }
        #expect(submission.redacted.contains { $0.name == "mask" && $0.value.hasPrefix("image/png, ") })
    }

    @Test("A mask is a PNG with transparency, of the image's size, below 4 MB")
    func masks() {
        func complaint(_ mask: FittedInput) -> String? {
            do {
                _ = try dialect.submission(of: job(images: [.inline(png())], mask: .inline(mask)))
                return nil
            } catch {
                return error.fields.first.map { "\($0.name) \($0.message)" }
            }
        }
        #expect(complaint(png(alpha: true)) == nil)
        #expect(complaint(png())?.hasPrefix("mask has no transparency") == true)
        #expect(complaint(png(width: 9, alpha: true)) == "mask is 9x8, the image 8x8; they must be of the same size")
        #expect(complaint(png(alpha: true, padding: 4_000_000))?.contains("at most 3999999") == true)
        #expect(complaint(FittedInput(bytes: [1, 2], mediaType: "image/png", name: "m"))?.contains("no PNG") == true)
        #expect(complaint(FittedInput(bytes: [1], mediaType: "image/jpeg", name: "m"))?.contains("image/jpeg") == true)
    }

    @Test("Keys and account go into headers")
    func authorization() throws {
        var request = try vendor.models()
        try vendor.authorize(&request, with: Secret("sk-abcdef"))
        #expect(
            request.headerFields["Authorization"] == "Bearer sk-abcdef"
                && request.headerFields["OpenAI-Organization"] == "org-1")
        #expect(
            request.headerFields["OpenAI-Project"] == "p-1"
                && !request.headerFields.redactedDescription.contains("sk-abcdef"))
        #expect(vendor.keyWarning(Secret("anything")) == nil && dialect.keyWarning(Secret("nb_x")) != nil)
        #expect(dialect.keyWarning(Secret("sk-proj-x")) == nil)
    }

    private static func sized(_ width: Int, _ height: Int, _ model: String?) -> GenerationRequest {
        GenerationRequest(prompt: "a", model: model, size: ImageSize(width: width, height: height))
    }
    private static let wrong: [(GenerationRequest, [String])] = [
        (sized(512, 512, nil), ["size"]), (sized(512, 512, "gpt-image-1-mini"), ["size"]),
        (sized(1000, 1024, "gpt-image-2"), ["size"]), (sized(3840, 2176, "gpt-image-2"), ["size"]),
        (sized(1536, 496, "gpt-image-2"), ["size"]), (sized(4096, 64, "vendor/model"), ["width"]),
        (sized(512, 512, "dall-e-3"), ["size"]),
        (GenerationRequest(prompt: "a", model: "dall-e-3", count: 2), ["count"]),
        (GenerationRequest(prompt: "a", count: 2, partialImages: 1), ["partial_images"]),
        (GenerationRequest(prompt: "a", seed: 5), ["seed"]),
        (GenerationRequest(prompt: "a", format: "gif"), ["format"]),
        (
            GenerationRequest(prompt: "a", format: "jpeg", parameters: ["background": .text("transparent")]),
            ["background"]
        ),
        (GenerationRequest(prompt: "a", parameters: ["output_compression": .integer(101)]), ["output_compression"]),
        (GenerationRequest(prompt: "a", parameters: ["quality": .text("hd")]), ["quality"]),
        (GenerationRequest(prompt: "a", parameters: ["response_format": .text("url")]), ["response_format"]),
        (GenerationRequest(prompt: "a", parameters: ["input_fidelity": .text("high")]), ["input_fidelity"]),
        (GenerationRequest(prompt: "a", parameters: ["moderation": .text("none")]), ["moderation"]),
        (GenerationRequest(prompt: "a", parameters: ["stream": .flag(true)]), ["stream"]),
        (GenerationRequest(prompt: "a", mask: .file("m.png")), ["mask"]),
        (GenerationRequest(prompt: "a", images: Array(repeating: .file("a"), count: 17)), ["images"]),
        (
            GenerationRequest(prompt: "a", images: [.file("a")], parameters: ["moderation": .text("low")]),
            ["moderation"]
        ),
    ]

    @Test("Invalid requests are errors before anything is sent, with the field", arguments: wrong)
    func validation(request: GenerationRequest, fields: [String]) {
        #expect(complaints(dialect, request) == fields)
    }

    @Test("Other vendors' models are given the benefit of the doubt")
    func vendors() throws {
        let request = GenerationRequest(
            prompt: "a", model: "vendor-diffusion", size: ImageSize(width: 512, height: 512), seed: 5, format: "gif",
            parameters: ["response_format": .text("url"), "quality": .text("hd"), "steps": .integer(20)])
        #expect(complaints(vendor, request).isEmpty)
        #expect(try text(of: vendor.submission(of: job(request))).contains(#""seed":5"#))
        #expect(complaints(dialect, Self.sized(3840, 2160, "gpt-image-2")).isEmpty)
    }

    @Test("Images by address, and more than ten, cannot be sent")
    func unsendable() {
        #expect(throws: GenerationError.self) { try dialect.submission(of: job(images: [.url("https://h.test/a")])) }
        #expect(throws: GenerationError.self) {
            try dialect.submission(of: job(GenerationRequest(prompt: "a", count: 11)))
        }
    }

    // MARK: Answers

    @Test("Images come in base64, by address, or both mixed")
    func completed() {
        let (first, second) = (spooled(), spooled())
        let outcome = dialect.outcome(
            of: response(
                200,
                #"{"created":1,"data":[{"b64_json":"","revised_prompt":"A"},{"url":"https://s.test/1?sig=x"},{"b64_json":"","url":null}],"usage":{}}"#,
                images: [first, second]), to: job(model: "gpt-image-1.5"))
        #expect(outcome.kind == .completed && outcome.result?.model == "gpt-image-1.5")
        #expect(
            outcome.result?.images == [
                .spooled(first, revisedPrompt: "A"), .url("https://s.test/1?sig=x", revisedPrompt: nil),
                .spooled(second, revisedPrompt: nil),
            ])
        let replayed = vendor.outcome(
            of: response(
                200, #"{"data":[{"b64_json":""}]}"#, headers: ["Idempotent-Replayed": "true"], images: [first]),
            to: job())
        #expect(replayed.result?.isReplayed == true)
        let empty = dialect.outcome(of: response(200, #"{"data":[{"b64_json":""}]}"#, images: [spooled(0)]), to: job())
        #expect(empty.kind == .unknown)
    }

    @Test("Images beside an error, and an address beside empty base64, are delivered: they are paid for")
    func mixed() {
        let image = spooled()
        let partly = dialect.outcome(
            of: response(
                200, #"{"data":[{"b64_json":""}],"error":{"code":"server_error","message":"one failed"}}"#,
                images: [image]), to: job())
        #expect(partly.result?.images == [.spooled(image, revisedPrompt: nil)])
        let none = dialect.outcome(
            of: response(200, #"{"data":[],"error":{"code":"moderation_blocked","message":"no"}}"#), to: job())
        #expect(none.failure?.code == .policyRefused)
        let empty = #"{"b64_json":"","url":""}"#
        let both = #"{"data":[{"b64_json":"","url":"https://s.test/1"},\#(empty),\#(empty)]}"#
        let outcome = dialect.outcome(of: response(200, both, images: [spooled(0), image, spooled(0)]), to: job())
        #expect(
            outcome.result?.images == [
                .url("https://s.test/1", revisedPrompt: nil), .spooled(image, revisedPrompt: nil),
            ])
    }

    @Test("A stream is finished by its last event only")
    func streams() {
        let image = spooled()
        let event = #"{"type":"image_generation.completed","b64_json":"","usage":{}}"#
        #expect(
            dialect.outcome(of: response(200, event, images: [image], isStreamComplete: true), to: job()).result?
                .images
                == [.spooled(image, revisedPrompt: nil)])
        let cut = dialect.outcome(of: response(200, "", isStreamComplete: false), to: job())
        #expect(cut.kind == .unknown && cut.failure?.message.contains("stream ended") == true)
        #expect(
            dialect.outcome(of: response(200, event, images: [image], isStreamComplete: false), to: job()).kind
                == .unknown)
        func failed(_ error: String) -> SubmissionOutcome {
            dialect.outcome(
                of: response(200, #"{"type":"error","error":\#(error)}"#, isStreamComplete: false), to: job())
        }
        let policy = failed(#"{"code":"moderation_blocked","message":"no"}"#)
        #expect(policy.kind == .failed && policy.failure?.code == .policyRefused)
        #expect(failed(#"{"type":"image_generation_server_error","code":"image_generation_failed"}"#).kind == .unknown)
        #expect(failed(#"{"type":"rate_limit_error","code":"rate_limit_exceeded","message":"x"}"#).kind == .transient)
        #expect(failed(#"{"type":"image_generation_user_error","message":"x"}"#).kind == .failed)
    }

    @Test("Errors are objects, texts, lists or pages")
    func shapes() throws {
        func failure(_ text: String, _ status: Int = 400) throws -> ProviderFailure {
            try #require(
                dialect.outcome(of: response(status, text, headers: ["x-request-id": "req_7"]), to: job()).failure)
        }
        let object = try failure(
            #"{"error":{"message":"Invalid value: 'x'. Supported values are: 'low', 'high'.","type":"invalid_request_error","param":"quality","code":"invalid_value"}}"#
        )
        #expect(object.fields.map(\.name) == ["quality"] && object.suggestions == ["low", "high"])
        #expect(object.providerCode == "invalid_value" && object.requestID == "req_7")
        #expect(try failure(#"{"error":"something went wrong"}"#).message.contains("something went wrong"))
        #expect(try failure(#"{"error":{"message":null,"type":"t","param":null,"code":null}}"#).providerCode == "t")
        #expect(try failure("<html><head><title>400 Bad</title></head></html>").message.contains("400 Bad"))
        #expect(try failure(#"{"detail":"no such thing"}"#).message.contains("no such thing"))
        let list = try failure(#"{"detail":[{"loc":["body","n"],"msg":"too many"}]}"#, 422)
        #expect(list.fields == [GenerationError.Field("body.n", "too many")])
    }

    @Test("What a key means decides about 409 and 422")
    func keys() {
        let conflict =
            #"{"error":{"message":"A request with this key is in progress","code":"idempotency_in_progress"}}"#
        #expect(vendor.outcome(of: response(409, conflict), to: job()).kind == .unknown)
        #expect(dialect.outcome(of: response(409, conflict), to: job()).kind == .transient)
        let used = #"{"error":{"message":"Idempotency key was already used","code":"duplicate_idempotency_key"}}"#
        let outcome = vendor.outcome(of: response(422, used), to: job())
        #expect(outcome.kind == .unknown && outcome.failure?.code == .outcomeUnknown)
    }

    @Test func catalogue() throws {
        let text = #"{"object":"list","data":[{"id":"gpt-image-1.5","object":"model"},{"id":"other"}]}"#
        #expect(try vendor.readModels(response(200, text)).map(\.name) == ["gpt-image-1.5", "other"])
        #expect(try dialect.readModels(response(200, text)).map(\.name) == ["gpt-image-1.5"])
        #expect(try dialect.balance() == nil)
        let refused = #expect(throws: GenerationError.self) {
            try dialect.readModels(
                response(401, #"{"error":{"message":"Incorrect API key provided: sk-abcd****wxyz."}}"#))
        }
        #expect(refused?.code == .notAuthenticated && refused?.message.contains("abcd") == false)
    }

    @Test("Only contracts that the API can keep")
    func contracts() throws {
        #expect(try Provider.openAI(baseURL: "http://127.0.0.1:9/v1", contract: .replay).contract == .replay)
        #expect(throws: GenerationError.self) { try Provider.openAI(contract: .join) }
        #expect(throws: GenerationError.self) { try Provider.openAI(baseURL: "nonsense") }
        #expect(throws: GenerationError.self) { try Provider.elumenta(baseURL: "https://h.test/?x=1") }
        #expect(try Provider.elumenta().takesAddressesOnly && Provider.pollinations().contract == .join)
        #expect(try Provider.openAI().keyVariable == "OPENAI_API_KEY" && Provider.openAI().name == "openai")
    }
}

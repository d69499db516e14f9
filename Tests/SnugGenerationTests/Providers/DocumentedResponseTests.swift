// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite struct DocumentedResponseTests {
    private let dialects: Dialects
    private static let image = FittedInput(
        bytes: [UInt8](repeating: 0, count: 4_706_850), mediaType: "image/png", name: "cat.png")

    init() throws { dialects = try Dialects() }

    @Test("Documented and observed responses are understood, each with its recovery, hint and fields")
    func documented() throws {
        let inline = job(images: [.inline(Self.image)])
        for row in DocumentedResponse.all {
            let outcome = dialects.named(row.provider).outcome(
                of: response(row.status, row.text, headers: row.headers), to: row.hasImage ? inline : job())
            let failure = try #require(outcome.failure, "\(row)")
            #expect(outcome.kind == row.kind, "\(row)")
            #expect(
                failure.code == row.code && failure.recovery == row.recovery && failure.status == row.status, "\(row)")
            #expect(failure.hint == row.hint.map { .seconds($0) }, "\(row)")
            #expect(failure.providerCode == row.providerCode && failure.requestID == row.requestID, "\(row)")
            #expect(failure.fields == row.fields && failure.suggestions == row.suggestions, "\(row)")
            #expect(failure.required == row.required && failure.available == row.available, "\(row)")
            #expect(failure.message.contains("status \(row.status)"), "\(row)")
            if !row.says.isEmpty { #expect(failure.message.contains(row.says), "\(row)") }
        }
    }

    @Test("An error is the same in whatever pieces its response comes")
    func errors() throws {
        for row in DocumentedResponse.all {
            let outcome = dialects.named(row.provider).outcome(
                of: response(row.status, row.text, headers: row.headers), to: job())
            let failure = try #require(outcome.failure)
            let error = GenerationError(failure, now: Dialects.now)
            #expect(error.retryAt == error.retryAfter.map { Dialects.now + Int($0.seconds) }, "\(row)")
            #expect(error.isOutcomeUnknown == (outcome.kind == .unknown), "\(row)")
            #expect(error.description.hasPrefix("\(failure.code): "), "\(row)")
        }
    }

    @Test("Lists of models of another shape are errors", arguments: Dialects.names)
    func noModels(provider: String) {
        let dialect = dialects.named(provider)
        for text in ["{}", #"{"data":{}}"#, #"{"models":null}"#, "\"flux\"", "<html></html>", ""] {
            let error = #expect(throws: GenerationError.self) { try dialect.readModels(response(200, text)) }
            #expect(error?.code == .badResponse)
        }
        #expect((try? dialect.readModels(response(200, "[]"))) == [])
    }

    @Test("A window that ends is no advice where waiting does not help", arguments: Dialects.names)
    func pointlessWaits(provider: String) throws {
        let headers: HTTPFields = ["X-RateLimit-Remaining-Hour": "0", "X-RateLimit-Reset-Hour": "1795176060"]
        for (status, hint) in [(400, nil), (401, nil), (402, nil), (422, nil), (429, 60), (503, 60)] as [(Int, Int?)] {
            let text = #"{"error":{"message":"no"}}"#
            let outcome = dialects.named(provider).outcome(of: response(status, text, headers: headers), to: job())
            let failure = try #require(outcome.failure)
            #expect(failure.hint == hint.map { .seconds($0) }, "\(status)")
            #expect(GenerationError(failure, now: Dialects.now).retryAt == hint.map { Dialects.now + $0 })
        }
    }

    @Test("A wait goes with the advice to try again", arguments: Dialects.names)
    func advisedWait(provider: String) {
        let headers: HTTPFields = ["x-should-retry": "true", "Retry-After": "5"]
        let outcome = dialects.named(provider).outcome(of: response(422, "{}", headers: headers), to: job())
        #expect(outcome.kind == .transient && outcome.failure?.hint == .seconds(5))
        let refused = dialects.named(provider).outcome(
            of: response(503, headers: ["x-should-retry": "false", "Retry-After": "5"]), to: job())
        #expect(refused.kind == .failed && refused.failure?.hint == .seconds(5))
    }

    // MARK: Secrets

    private static let key = Secret("nb_" + String(repeating: "7", count: 40) + "elite")
    /// Of no form that could be recognised.
    private static let token = Secret("q7777777.session~token")
    private static let shapes = [
        #"{"error":"x","message":"%"}"#, #"{"error":"%","message":"y"}"#, #"{"error":"%"}"#,
        #"{"error":{"code":"%","message":"%","type":"%","param":"%","requestId":"%"}}"#, "%", "[\"%\"]",
        #"{"error":"validation_error","details":{"fields":[{"field":"%","message":"%"}]}}"#,
        #"{"error":{"code":"BAD","message":"x","details":{"fieldErrors":{"%":["%"]},"formErrors":["%"]}}}"#,
        #"{"error":{"code":"BAD","message":"x","details":{"upstreamStatus":401,"upstreamBody":"%"}}}"#,
        #"{"error":{"message":"x; valid: %, %"}}"#, #"{"error":{"message":"x","details":{"models":["%"]}}}"#,
        #"{"detail":[{"loc":["body","%"],"msg":"%"}]}"#, "<html><head><title>%</title></head></html>",
        #"{"id":"1","status":"failed","error":"%"}"#, #"{"type":"error","error":{"message":"%"}}"#,
    ]
    /// How a key may stand in a text.
    private static let quotes = [
        "%", "Bearer %", "key=%", "https://h.test/image/cat?key=%&x=1", "https://h.test/%/cat",
        "Authorization: Bearer %",
        "\\\"api_key\\\":\\\"%\\\"", "user:%@h.test", "(%)", "%%",
    ]

    private func quoted(_ text: String, _ key: String) -> [String] {
        Self.quotes.map { text.replacing("%", with: $0.replacing("%", with: key)) }
    }

    @Test(
        "A key that is echoed comes out of no answer: not from its body, addresses or headers",
        arguments: Dialects.names)
    func secrets(provider: String) throws {
        let dialect = dialects.named(provider)
        for secret in [Self.key, Self.token] {
            let key = secret.reveal()
            let headers: HTTPFields = [
                "x-request-id": key, "x-model-used": key, "Location": "https://h.test/?key=\(key)",
                "WWW-Authenticate": "Bearer \(key)",
            ]
            for text in Self.shapes.flatMap({ quoted($0, key) }) {
                for status in [200, 301, 400, 401, 413, 429, 502] {
                    let echo = response(status, text, headers: headers, secrets: [secret])
                    let shown =
                        String(reflecting: dialect.outcome(of: echo, to: job(images: [.inline(png())])))
                        + String(reflecting: dialect.pollOutcome(of: echo, id: "1"))
                        + errors(dialect, echo).map { String(reflecting: $0) }.joined()
                    #expect(!shown.contains("7777777"), "\(status) \(text)")
                }
            }
        }
    }

    /// What reading such a response as something else fails with.
    private func errors(_ dialect: any ProviderDialect, _ response: ProviderResponse) -> [GenerationError] {
        var found: [GenerationError] = []
        do { _ = try dialect.readModels(response) } catch { found.append(error) }
        do { _ = try dialect.readBalance(response) } catch { found.append(error) }
        do { _ = try dialect.readTokens(response) } catch { found.append(error) }
        return found
    }

    @Test("Unknown keys are left out too", arguments: Dialects.names)
    func unknownKeys(provider: String) throws {
        for secret in ["sk-proj-abcdefghijklmnop", "sk_live0123456789", "nb_0123456789abcdef", "eyJhbGciOiJIUzI1NiJ9"] {
            for text in Self.quotes.dropLast().map({ $0.replacing("%", with: secret) }) {
                let outcome = dialects.named(provider).outcome(
                    of: response(400, #"{"error":{"message":"\#(text)"}}"#), to: job())
                #expect(outcome.failure?.message.contains(secret.dropFirst(3)) == false, "\(text)")
            }
        }
    }

    @Test("Rewritten prompts and names bring out no key either")
    func names() throws {
        let key = Self.key.reveal()
        let image = spooled()
        let listed = response(
            200, #"{"model":"\#(key)","data":[{"b64_json":"","revised_prompt":"A  cat,\n\#(key)"}]}"#,
            headers: ["x-model-used": key], images: [image], secrets: [Self.key])
        for dialect in [dialects.openAI, dialects.pollinations] as [any ProviderDialect] {
            let result = try #require(dialect.outcome(of: listed, to: job()).result)
            #expect(result.model == "***" && result.images == [.spooled(image, revisedPrompt: "A  cat,\n***")])
        }
    }

    @Test("A key at the end of what is looked at is not shown in half")
    func cut() {
        let key = Self.key.reveal()
        for padding in [4090, 64 * 1024 - 20, 64 * 1024 - 47] {
            let text = "Sorry." + String(repeating: " ", count: padding) + key + " is wrong"
            for body in [text, "<html><title>\(text)</title>", #"{"error":{"message":"\#(text)"}}"#] {
                let outcome = dialects.elumenta.outcome(of: response(400, body, secrets: [Self.key]), to: job())
                #expect(outcome.failure?.message.contains("7777") == false && outcome.kind == .failed)
            }
        }
    }
}

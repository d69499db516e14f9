// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite struct DocumentedAnswerTests {
    private let dialects: Dialects
    private static let image = FittedInput(
        bytes: [UInt8](repeating: 0, count: 4_706_850), mediaType: "image/png", name: "cat.png")

    init() throws { dialects = try Dialects() }

    @Test("What providers document and what was seen of them is understood, each with its remedy, hint and fields")
    func documented() throws {
        let inline = job(images: [.inline(Self.image)])
        for row in DocumentedResponse.all {
            let verdict = dialects.named(row.provider).verdict(
                on: answer(row.status, row.text, headers: row.headers), to: row.hasImage ? inline : job())
            let refusal = try #require(verdict.refusal, "\(row)")
            #expect(verdict.kind == row.kind, "\(row)")
            #expect(refusal.code == row.code && refusal.remedy == row.remedy && refusal.status == row.status, "\(row)")
            #expect(refusal.hint == row.hint.map { .seconds($0) }, "\(row)")
            #expect(refusal.providerCode == row.providerCode && refusal.requestID == row.requestID, "\(row)")
            #expect(refusal.fields == row.fields && refusal.suggestions == row.suggestions, "\(row)")
            #expect(refusal.required == row.required && refusal.available == row.available, "\(row)")
            #expect(refusal.message.contains("status \(row.status)"), "\(row)")
            if !row.says.isEmpty { #expect(refusal.message.contains(row.says), "\(row)") }
        }
    }

    @Test("Whatever comes of an answer, the error of it says the same")
    func errors() throws {
        for row in DocumentedResponse.all {
            let verdict = dialects.named(row.provider).verdict(
                on: answer(row.status, row.text, headers: row.headers), to: job())
            let refusal = try #require(verdict.refusal)
            let error = GenerationError(refusal, now: Dialects.now)
            #expect(error.retryAt == error.retryAfter.map { Dialects.now + Int($0.seconds) }, "\(row)")
            #expect(error.isOutcomeUnknown == (verdict.kind == .unknown), "\(row)")
            #expect(error.description.hasPrefix("\(refusal.code): "), "\(row)")
        }
    }

    @Test("Lists of models of another shape are told as that", arguments: Dialects.names)
    func noModels(provider: String) {
        let dialect = dialects.named(provider)
        for text in ["{}", #"{"data":{}}"#, #"{"models":null}"#, "\"flux\"", "<html></html>", ""] {
            let error = #expect(throws: GenerationError.self) { try dialect.readModels(answer(200, text)) }
            #expect(error?.code == .badResponse)
        }
        #expect((try? dialect.readModels(answer(200, "[]"))) == [])
    }

    @Test("A window that ends is no advice where waiting does not help", arguments: Dialects.names)
    func pointlessWaits(provider: String) throws {
        let headers: HTTPFields = ["X-RateLimit-Remaining-Hour": "0", "X-RateLimit-Reset-Hour": "1795176060"]
        for (status, hint) in [(400, nil), (401, nil), (402, nil), (422, nil), (429, 60), (503, 60)] as [(Int, Int?)] {
            let text = #"{"error":{"message":"no"}}"#
            let verdict = dialects.named(provider).verdict(on: answer(status, text, headers: headers), to: job())
            let refusal = try #require(verdict.refusal)
            #expect(refusal.hint == hint.map { .seconds($0) }, "\(status)")
            #expect(GenerationError(refusal, now: Dialects.now).retryAt == hint.map { Dialects.now + $0 })
        }
    }

    @Test("A wait goes with the advice to try again", arguments: Dialects.names)
    func advisedWait(provider: String) {
        let headers: HTTPFields = ["x-should-retry": "true", "Retry-After": "5"]
        let verdict = dialects.named(provider).verdict(on: answer(422, "{}", headers: headers), to: job())
        #expect(verdict.kind == .transient && verdict.refusal?.hint == .seconds(5))
        let refused = dialects.named(provider).verdict(
            on: answer(503, headers: ["x-should-retry": "false", "Retry-After": "5"]), to: job())
        #expect(refused.kind == .failed && refused.refusal?.hint == .seconds(5))
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
                    let echo = answer(status, text, headers: headers, secrets: [secret])
                    let shown =
                        String(reflecting: dialect.verdict(on: echo, to: job(images: [.inline(png())])))
                        + String(reflecting: dialect.verdict(onPoll: echo, id: "1"))
                        + errors(dialect, echo).map { String(reflecting: $0) }.joined()
                    #expect(!shown.contains("7777777"), "\(status) \(text)")
                }
            }
        }
    }

    /// What reading such an answer as something else fails with.
    private func errors(_ dialect: any ProviderDialect, _ answer: ProviderResponse) -> [GenerationError] {
        var found: [GenerationError] = []
        do { _ = try dialect.readModels(answer) } catch { found.append(error) }
        do { _ = try dialect.readBalance(answer) } catch { found.append(error) }
        do { _ = try dialect.readTokens(answer) } catch { found.append(error) }
        return found
    }

    @Test("Keys that nobody told of are left out too", arguments: Dialects.names)
    func unknownKeys(provider: String) throws {
        for secret in ["sk-proj-abcdefghijklmnop", "sk_live0123456789", "nb_0123456789abcdef", "eyJhbGciOiJIUzI1NiJ9"] {
            for text in Self.quotes.dropLast().map({ $0.replacing("%", with: secret) }) {
                let verdict = dialects.named(provider).verdict(
                    on: answer(400, #"{"error":{"message":"\#(text)"}}"#), to: job())
                #expect(verdict.refusal?.message.contains(secret.dropFirst(3)) == false, "\(text)")
            }
        }
    }

    @Test("What providers rewrote or named does not bring a key either")
    func names() throws {
        let key = Self.key.reveal()
        let image = spooled()
        let listed = answer(
            200, #"{"model":"\#(key)","data":[{"b64_json":"","revised_prompt":"A  cat,\n\#(key)"}]}"#,
            headers: ["x-model-used": key], images: [image], secrets: [Self.key])
        for dialect in [dialects.openAI, dialects.pollinations] as [any ProviderDialect] {
            let result = try #require(dialect.verdict(on: listed, to: job()).result)
            #expect(result.model == "***" && result.images == [.spooled(image, revisedPrompt: "A  cat,\n***")])
        }
    }

    @Test("A key at the end of what is looked at is not shown in half")
    func cut() {
        let key = Self.key.reveal()
        for padding in [4090, 64 * 1024 - 20, 64 * 1024 - 47] {
            let text = "Sorry." + String(repeating: " ", count: padding) + key + " is wrong"
            for body in [text, "<html><title>\(text)</title>", #"{"error":{"message":"\#(text)"}}"#] {
                let verdict = dialects.elumenta.verdict(on: answer(400, body, secrets: [Self.key]), to: job())
                #expect(verdict.refusal?.message.contains("7777") == false && verdict.kind == .failed)
            }
        }
    }
}

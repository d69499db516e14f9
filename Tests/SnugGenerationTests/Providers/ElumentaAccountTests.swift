// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite struct ElumentaAccountTests {
    private let dialect: ElumentaDialect
    private let lost = job(
        GenerationRequest(prompt: "a cat", model: "photon"), submittedAt: Dialects.now - 100)

    init() throws { dialect = try Dialects().elumenta }

    // MARK: Lost jobs

    /// A listing with one item a tuple: id, prompt, model, seconds before now.
    private func listing(
        _ items: [(Any, String, String, Int?)], total: Int? = nil, page: Int = 1, date: String? = nil,
        bare: Bool = false
    ) -> ProviderResponse {
        let rows = items.map { id, prompt, model, age in
            let quoted = id is String ? "\"\(id)\"" : "\(id)"
            let created = age.map { "\(Dialects.now - $0)" } ?? "\"yesterday\""
            return #"{"id":\#(quoted),"prompt":"\#(prompt)","model_slug":"\#(model)","created_at":\#(created)}"#
        }.joined(separator: ",")
        let text =
            bare ? "[\(rows)]" : #"{"items":[\#(rows)],"total":\#(total ?? items.count),"page":\#(page),"limit":100}"#
        return response(200, text, headers: date.map { ["Date": $0] } ?? [:])
    }

    private func find(_ response: ProviderResponse, known: Set<String> = []) -> HistoryFinding {
        dialect.findLost(lost, in: response, known: known)
    }

    @Test("The listing is asked by model")
    func request() throws {
        #expect(
            try dialect.history(of: lost, page: 2)?.url.text
                == "https://elumenta.ru/api/v2/user/history?page=2&limit=100&model_slug=photon")
    }

    @Test("Ours is the one with our prompt and model that was made after we sent it")
    func found() {
        let items: [(Any, String, String, Int?)] = [
            (9, "a dog", "photon", 20), (8, " a cat ", "photon", 90), (7, "a cat", "flux-1.1-pro", 95),
            ("gen_6", "a cat", "photon", 500),
        ]
        #expect(find(listing(items)) == .found(id: "8"))
        #expect(find(listing(items, bare: true)) == .found(id: "8"))
        #expect(find(listing(items), known: ["8"]) == .notFound(hasMore: false))
    }

    @Test("Two candidates, or one without a time, are left to a person")
    func ambiguous() {
        #expect(find(listing([(9, "a cat", "photon", 20), (8, "a cat", "photon", 30)])) == .ambiguous(["9", "8"]))
        #expect(
            find(listing([(9, "a cat", "photon", 20), (8, "a cat", "photon", 30)]), known: ["9"]) == .found(id: "8"))
        #expect(find(listing([(9, "a cat", "photon", nil)])) == .ambiguous(["9"]))
        #expect(find(listing([(9, "a cat", "photon", 20), (8, "a cat", "photon", nil)])) == .ambiguous(["9", "8"]))
    }

    @Test("Further pages are asked for until they are older than ours")
    func pages() {
        let young: [(Any, String, String, Int?)] = [(9, "a dog", "photon", 10)]
        #expect(find(listing(young, total: 300)) == .notFound(hasMore: true))
        #expect(find(listing(young, total: 300, page: 3)) == .notFound(hasMore: false))
        #expect(find(listing(young + [(8, "a dog", "photon", 200)], total: 300)) == .notFound(hasMore: false))
        #expect(find(listing([])) == .notFound(hasMore: false))
    }

    @Test("The provider's clock is what counts")
    func clocks() {
        // Its clock is an hour behind ours, and the job was made ten seconds after we sent it.
        let items: [(Any, String, String, Int?)] = [(8, "a cat", "photon", 3690)]
        #expect(find(listing(items)) == .notFound(hasMore: false))
        #expect(find(listing(items, date: "Fri, 20 Nov 2026 11:00:00 GMT")) == .found(id: "8"))
        // Ahead of us: what was made long before ours looks younger than it is.
        let older: [(Any, String, String, Int?)] = [(8, "a cat", "photon", -3000)]
        #expect(find(listing(older, date: "Fri, 20 Nov 2026 13:00:00 GMT")) == .notFound(hasMore: false))
    }

    @Test("A response that is no listing is unreadable", arguments: ["", "{}", "<html>", #"{"error":"x"}"#, "5"])
    func unreadable(text: String) {
        #expect(find(response(200, text)) == .unreadable)
        #expect(find(response(500, "[]")) == .unreadable)
    }

    @Test("Times in all their forms")
    func times() {
        let now = Double(Dialects.now)
        for text in [
            "2026-11-20T12:00:00Z", "2026-11-20T12:00:00", "2026-11-20 12:00:00", "2026-11-20T14:00:00+02:00",
            "2026-11-20T06:30:00-0530", "2026-11-20T12:00:00.000000+00:00", "2026-11-20t12:00z",
            "2026-11-20 12:00:00 UTC",
            "1795176000", "1795176000000",
        ] {
            #expect(Timestamp.seconds(.text(text)) == now, "\(text)")
        }
        #expect(
            Timestamp.seconds(.integer(1_795_176_000)) == now
                && Timestamp.seconds(.number(1_795_176_000_500)) == now + 0.5)
        for text in ["yesterday", "2026-13-01T00:00:00Z", "2026-11-20", "12:00:00", "2026-11-20T99:00:00Z", ""] {
            #expect(Timestamp.seconds(.text(text)) == nil, "\(text)")
        }
    }

    // MARK: Sessions, catalogue, balance

    @Test("The refresh token goes in the body and in a cookie, and a new one is taken from either")
    func refresh() throws {
        let request = try #require(try dialect.refresh(with: Secret("old-token")))
        #expect(
            request.url.path == "/api/v2/auth/refresh" && request.headerFields["Cookie"] == "refresh_token=old-token")
        #expect(request.headerFields.redactedDescription.contains("old-token") == false)
        let fromBody = try dialect.readTokens(
            response(200, #"{"access_token":"a2","refresh_token":"r2","token_type":"bearer"}"#))
        #expect(fromBody == SessionTokens(access: Secret("a2"), refresh: Secret("r2")))
        let fromCookie = try dialect.readTokens(
            response(200, #"{"access_token":"a2"}"#, headers: ["Set-Cookie": "refresh_token=r3; HttpOnly; Path=/"]))
        #expect(fromCookie.refresh == Secret("r3"))
        #expect(try dialect.readTokens(response(200, #"{"access_token":"a2"}"#)).refresh == nil)
        let over = #expect(throws: GenerationError.self) { try dialect.readTokens(response(401, "{}")) }
        #expect(over?.code == .notAuthenticated)
    }

    @Test("Models come in several envelopes; those that make no images are left out")
    func models() throws {
        let model =
            #"{"slug":"dall-e-3","category":"image","min_token_cost":5,"max_token_cost":13,"description_en":"D","#
            + #""config":{"sizes":["1024x1024"]}}"#
        let list = #"[\#(model),{"slug":"veo","category":"video"},{"slug":"photon","token_cost":2}]"#
        for text in [#"{"items":\#(list)}"#, list, #"{"data":\#(list)}"#] {
            #expect(
                try dialect.readModels(response(200, text)) == [
                    ModelDescription(name: "dall-e-3", summary: "D", cost: 5...13, sizes: ["1024x1024"]),
                    ModelDescription(name: "photon", cost: 2...2),
                ])
        }
    }

    @Test func balance() throws {
        let text = #"{"token_balance":12,"plan":"vip","plan_expires_at":null}"#
        #expect(
            try dialect.readBalance(response(200, text)) == AccountBalance(amount: 12, unit: "tokens", plan: "vip"))
        let refused = #expect(throws: GenerationError.self) {
            try dialect.readBalance(response(504, ""))
        }
        #expect(refused?.code == .providerFailed && refused?.isOutcomeUnknown == false)
        let odd = #expect(throws: GenerationError.self) { try dialect.readBalance(response(200, "[]")) }
        #expect(odd?.code == .badResponse)
    }
}

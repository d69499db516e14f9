// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// What a fault does to a request and its response, before anything is sent.
@Suite struct FaultTests {
    // MARK: Effects

    static let effectTable: [(Fault, Bool)] = [
        (Fault(), true), (Fault(headers: ["A": "b"], delay: 0), true), (Fault(hints: [.retryAfter(text: "1")]), true),
        (Fault(delivery: .closeAfter(bytes: 1)), true), (Fault(delivery: .gzipBomb(unpackedBytes: 1)), true),
        (Fault(job: JobPlan(pendingPolls: 3)), true), (Fault(request: .ignoreExpect), true),
        (Fault(answer: .status(code: 500)), false), (Fault(answer: .empty(status: 200)), false),
        (Fault(request: .stallAfterHeaders), false), (Fault(request: .closeAfterBody), false),
        (Fault(request: .resetAfterBody), false), (Fault(request: .stallAfterBody), false),
        (Fault(request: .resetAfter(bytes: 5)), false), (Fault(request: .refuseExpect), false),
        (Fault(request: .answerEarly(after: 0, then: .close)), false),
        (Fault(answer: .status(code: 500), takesEffect: true), true),
        (Fault(request: .closeAfterBody, takesEffect: true), true),
    ]

    @Test(
        "The provider acts unless its response is replaced or the request is lost, or when told to",
        arguments: effectTable)
    func effects(fault: Fault, acts: Bool) async throws {
        for service in ServiceName.paid {
            let client = DirectClient()
            client.world.script.add([Rule(fault)])
            switch service {
            case .elumenta: _ = try await client.elumenta(model: "photon")
            case .openai: _ = try await client.openAI(["prompt": "a"])
            default: _ = try await client.image("?seed=1")
            }
            #expect(client.ledger.charges.count == (acts ? 1 : 0))
        }
    }

    // MARK: Responses in place of the provider's

    private func answer(_ answer: SubstituteResponse, _ hints: [WaitHint] = [], headers: Headers = [:]) async throws
        -> Reply
    {
        let client = DirectClient()
        client.world.script.add([Rule(Fault(answer: answer, hints: hints, headers: headers))])
        return try await client.openAI(["prompt": "a"], key: "sk-secret")
    }

    @Test("A custom response is sent to the byte, as JSON unless it says otherwise")
    func custom() async throws {
        let plain = try await answer(.custom(status: 299, contentType: "text/x", body: "é\n"))
        #expect(plain.status == 299 && plain.bytes == Array("é\n".utf8) && plain.headers["Content-Type"] == "text/x")
        let json = try await answer(.custom(status: 200, contentType: nil, body: "not json"))
        #expect(json.headers["Content-Type"] == "application/json" && json.text == "not json")
    }

    @Test("A huge error is as long as ordered, in the provider's shape", arguments: [0, 1, 100_000, -5])
    func huge(bytes: Int) async throws {
        let reply = try await answer(.huge(status: 500, bytes: bytes))
        #expect(reply.json?["error"]?["message"]?.text?.count == max(0, bytes))
    }

    @Test("A truncated response is half of the whole one, and says so by its length only")
    func truncated() async throws {
        let whole = try await answer(.status(code: 429))
        let half = try await answer(.truncatedJSON(status: 429))
        #expect(half.status == 429 && half.bytes == Array(whole.bytes.prefix(whole.bytes.count / 2)))
        #expect(half.headers["Content-Type"] == "application/json" && half.json == nil)
    }

    @Test("A key is echoed as it came, from the header or the query")
    func echoes() async throws {
        #expect(try await answer(.echoesKey(status: 401)).text.contains("sk-secret"))
        let client = DirectClient()
        client.world.script.add([Rule(Fault(answer: .echoesKey(status: 403)), times: 2)])
        let byQuery = try await client.get(.pollinations, "/image/a?key=pk_hidden")
        #expect(byQuery.status == 403 && byQuery.text.contains("pk_hidden"))
        #expect(try await client.get(.pollinations, "/image/a").text.contains("(none)"))
    }

    @Test("A failure that a provider does not know is told so, and is no success", arguments: ServiceName.paid)
    func unknownName(service: ServiceName) async throws {
        let client = DirectClient()
        client.world.script.add([Rule(Fault(answer: .named(code: "no_such_failure")))])
        let reply = try await client.get(service, "/")
        #expect(reply.status == 500 && reply.text.contains("no_such_failure"))
        #expect(reply.headers["Content-Type"] == "text/plain")
    }

    @Test(
        "Every status has a reason phrase, those without a name a number",
        arguments: [
            (200, "OK"), (402, "Payment Required"), (414, "URI Too Long"), (418, "Status 418"),
            (504, "Gateway Timeout"),
        ])
    func reasons(status: Int, reason: String) {
        #expect(Reply.reason(status) == reason)
    }

    @Test(
        "A page of a proxy names itself by who writes it",
        arguments: [(502, "nginx"), (519, "nginx"), (520, "cloudflare"), (527, "cloudflare"), (528, "nginx")])
    func gateways(status: Int, maker: String) {
        let page = Reply.gateway(status)
        #expect(page.headers["Server"] == maker && page.text.contains(maker) && page.text.contains("\(status)"))
    }

    // MARK: Hints

    @Test("A fault's header replaces the response's own, whatever the case of its letters")
    func headers() async throws {
        let reply = try await answer(.status(code: 429), headers: ["Retry-After": "99", "X-Own": "1"])
        #expect(reply.headers.fields.filter { $0.name.lowercased() == "retry-after" }.map(\.value) == ["99"])
        #expect(reply.headers["x-own"] == "1")
    }

    @Test("A fault's headers come last, and so outrank its hints")
    func headersOutrankHints() async throws {
        let reply = try await answer(.status(code: 503), [.retryAfter(text: "5")], headers: ["retry-after": "7"])
        #expect(reply.headers["Retry-After"] == "7")
    }

    @Test(
        "Whole seconds are written as integers, parts as they are",
        arguments: [(847.0, "847"), (2.5, "2.5"), (0, "0"), (-3, "-3")])
    func numbers(seconds: Double, text: String) async throws {
        let elumenta = try await answer(.status(code: 429), [.bodyRetryAfter(seconds: seconds)])
        #expect(elumenta.text.contains("\"retry_after\":\(text)"))
        let pollinations = try await answer(.status(code: 429), [.bodyRetryAfterSeconds(seconds: seconds)])
        #expect(pollinations.text.contains("\"retryAfterSeconds\":\(text)"))
    }

    @Test("A hint in the body leaves the rest of it as it is")
    func bodyKept() async throws {
        let plain = try await answer(.status(code: 429))
        let hinted = try await answer(.status(code: 429), [.bodyRetryAfter(seconds: 5)])
        var members = hinted.json?.object ?? [:]
        #expect(members.removeValue(forKey: "retry_after") == 5)
        #expect(JSON.object(members) == plain.json)
    }

    @Test("Google's hint stands among the details of the error, which keeps its other members")
    func retryInfo() async throws {
        let reply = try await answer(.status(code: 429), [.bodyRetryDelay(text: "53s")])
        let detail = reply.json?["error"]?["details"]?.array?.first
        #expect(detail?["@type"] == "type.googleapis.com/google.rpc.RetryInfo" && detail?["retryDelay"] == "53s")
        #expect(reply.code == "rate_limit_exceeded")
    }

    @Test(
        "A hint makes a body of its own where there is no JSON object",
        arguments: [SubstituteResponse.html(status: 503), .empty(status: 503), .wrongShape(status: 503)])
    func bodyMade(plain: SubstituteResponse) async throws {
        let reply = try await answer(plain, [.bodyRetryAfter(seconds: 5)])
        #expect(reply.json == ["retry_after": 5] && reply.headers["Content-Type"] == "application/json")
        let google = try await answer(plain, [.bodyRetryDelay(text: "1s")])
        #expect(google.json?["error"]?["details"]?.array?.count == 1)
    }

    @Test("A reset in Unix time lies as far ahead as asked", arguments: [-60, 0, 3600])
    func resetHour(seconds: Int) async throws {
        let clock = SimulatorClock()
        let before = clock.seconds
        let reply = try await answer(.status(code: 429), [.resetHour(seconds: seconds)])
        let reset = reply.headers["X-RateLimit-Reset-Hour"].flatMap { Int($0) } ?? 0
        #expect((before + seconds...clock.seconds + seconds).contains(reset))
    }

    // MARK: Scripts in headers

    @Test("A fault in the request's own header outranks the script, and uses none of it up")
    func ownHeader() async throws {
        let client = DirectClient()
        client.world.script.add([Rule(Fault(answer: .status(code: 500)))])
        let own: Headers = ["X-Snug-Fault": #"{"answer": {"status": {"code": 503}}}"#]
        #expect(try await client.openAI(["prompt": "a"], headers: own).status == 503)
        #expect(client.world.script.rules.count == 1)
        #expect(try await client.openAI(["prompt": "a"]).status == 500)
    }

    @Test(
        "A header that cannot be read is a failure that names it", arguments: ["", "{", "[]", "5", #"{"anser": {}}"#])
    func brokenHeader(script: String) async throws {
        let client = DirectClient()
        let reply = try await client.openAI(["prompt": "a"], headers: ["X-Snug-Fault": script])
        #expect(reply.status == 500 && reply.text.hasPrefix("X-Snug-Fault: "))
        #expect(client.ledger.entries.isEmpty)
    }

    @Test("A delay passes by the simulated clock, after the provider has acted")
    func delay() async throws {
        let client = DirectClient()
        client.world.script.add([Rule(Fault(delay: 600_000))])
        async let reply = client.openAI(["prompt": "a"])
        while client.ledger.entries.isEmpty { await Task.yield() }
        #expect(client.world.log.requests.map(\.isFinished) == [false])
        client.pass(600)
        #expect(try await reply.status == 200)
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The checklist's rows "errors" and "wait hints".
@Suite struct ErrorConformanceTests {
    private func faulty(_ fault: Fault, _ service: ServiceName) async throws -> Curl.Response {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(fault, service: service))
            let answer = try await Client(simulator).submit(to: service)
            #expect(simulator.ledger.entries.isEmpty)
            return answer
        }
    }

    static let elumenta: [(Int, String)] = [
        (400, "bad_request"), (401, "not_authenticated"), (402, "insufficient_tokens"), (403, "insufficient_plan"),
        (404, "not_found"), (422, "validation_error"), (429, "rate_limit_exceeded"), (500, "provider_error"),
        (503, "model_unavailable"),
    ]

    @Test("Elumenta's statuses carry its envelope", arguments: elumenta)
    func elumentaStatuses(status: Int, code: String) async throws {
        let answer = try await faulty(Fault(answer: .status(code: status)), .elumenta)
        #expect(answer.status == status)
        #expect(answer.json?["error"]?.text == code)
        #expect(answer.json?["message"]?.text != nil)
        #expect(answer.json?["details"]?.object != nil)
    }

    @Test func elumentaSaysMoreForSomeCodes() async throws {
        let poor = try await faulty(Fault(answer: .status(code: 402)), .elumenta)
        #expect(poor.json?["details"] == ["required": 8, "available": 3])
        let limited = try await faulty(Fault(answer: .status(code: 429)), .elumenta)
        #expect(limited.json?["retry_after"] == 847)
        #expect(limited.json?["limit_hour"] == 60)
        #expect(limited.json?["limit_day"] == 500)
        let broken = try await faulty(Fault(answer: .status(code: 500)), .elumenta)
        #expect(broken.json?["provider"]?.text != nil)
        let invalid = try await faulty(Fault(answer: .status(code: 422)), .elumenta)
        #expect(invalid.json?["details"]?["fields"]?.array?.first?["field"] == "prompt")
        let expired = try await faulty(Fault(answer: .named(code: "token_expired")), .elumenta)
        #expect(expired.status == 401)
    }

    static let pollinations: [(Int, String)] = [
        (400, "BAD_REQUEST"), (401, "UNAUTHORIZED"), (402, "PAYMENT_REQUIRED"), (403, "FORBIDDEN"), (404, "NOT_FOUND"),
        (405, "METHOD_NOT_ALLOWED"), (409, "CONFLICT"), (413, "UNKNOWN_ERROR"), (422, "UNPROCESSABLE_ENTITY"),
        (429, "RATE_LIMITED"), (500, "INTERNAL_ERROR"), (502, "BAD_GATEWAY"), (503, "SERVICE_UNAVAILABLE"),
    ]

    @Test("Pollinations' statuses carry the standard envelope", arguments: pollinations)
    func pollinationsStatuses(status: Int, code: String) async throws {
        let answer = try await faulty(Fault(answer: .status(code: status)), .pollinations)
        #expect(answer.status == status)
        #expect(answer.json?["success"] == false)
        #expect(answer.json?["status"]?.integer == status)
        #expect(answer.json?["error"]?["code"]?.text == code)
    }

    @Test("Pollinations' answers that do not use the envelope")
    func pollinationsOddities() async throws {
        let allowance = try await faulty(Fault(answer: .named(code: "allowance")), .pollinations)
        #expect(allowance.status == 429)
        #expect(allowance.json?["error"] == "Rate limit exceeded")
        #expect(allowance.json?["retryAfterSeconds"]?.integer.map(String.init) == allowance.headers["Retry-After"])
        let busy = try await faulty(Fault(answer: .named(code: "concurrency_limit_exceeded")), .pollinations)
        #expect(busy.status == 429)
        #expect(busy.json?["error"] == "concurrency_limit_exceeded")
        #expect(busy.headers["Retry-After"] == "1")
        let spaced = try await faulty(Fault(answer: .named(code: "free_model_spacing")), .pollinations)
        #expect(spaced.json?["error"]?["code"] == "RATE_LIMITED")
        #expect(spaced.headers["Retry-After"] == "45")
        let down = try await faulty(Fault(answer: .named(code: "coordinator_down")), .pollinations)
        #expect(down.status == 503)
        #expect(down.headers["Content-Type"] == "text/plain")
        let upstream = try await faulty(Fault(answer: .named(code: "upstream_rate_limit")), .pollinations)
        #expect(upstream.status == 502)
        #expect(upstream.json?["error"]?["details"]?["upstreamStatus"] == 429)
        let refused = try await faulty(Fault(answer: .named(code: "content_policy")), .pollinations)
        #expect(refused.status == 422)
    }

    static let openAI: [(Int, String, String?)] = [
        (400, "invalid_request_error", "invalid_value"), (401, "invalid_request_error", "invalid_api_key"),
        (403, "request_forbidden", "unsupported_country_region_territory"),
        (404, "invalid_request_error", "model_not_found"), (409, "conflict_error", nil),
        (413, "invalid_request_error", nil), (415, "invalid_request_error", nil), (422, "invalid_request_error", nil),
        (429, "requests", "rate_limit_exceeded"), (500, "server_error", nil), (503, "server_error", nil),
        (529, "overloaded_error", nil),
    ]

    @Test("OpenAI's statuses carry type, param and code, each possibly null", arguments: openAI)
    func openAIStatuses(status: Int, type: String, code: String?) async throws {
        let answer = try await faulty(Fault(answer: .status(code: status)), .openai)
        #expect(answer.status == status)
        #expect(answer.json?["error"]?["type"]?.text == type)
        #expect(answer.json?["error"]?["code"] == JSON(code))
        #expect(answer.json?["error"]?["param"] != nil)
    }

    @Test("A quota that never recovers, a policy refusal, a size complaint as 400, an error as a bare string")
    func openAIOddities() async throws {
        let quota = try await faulty(Fault(answer: .named(code: "insufficient_quota")), .openai)
        #expect(quota.status == 429)
        #expect(quota.json?["error"]?["code"] == "insufficient_quota")
        #expect(quota.headers["Retry-After"] == nil)
        #expect(try await faulty(Fault(answer: .named(code: "moderation_blocked")), .openai).status == 400)
        let large = try await faulty(Fault(answer: .named(code: "image_too_large")), .openai)
        #expect(large.status == 400)
        #expect(large.json?["error"]?["message"]?.text?.contains("6275800 bytes > 5242880 bytes") == true)
        let plain = try await faulty(Fault(answer: .named(code: "plain_string")), .openai)
        #expect(plain.json?["error"]?.text != nil)
    }

    @Test(
        "Statuses of proxies come as HTML",
        arguments: ServiceName.paid, [408, 412, 414, 499, 501, 504, 505, 520, 521, 522, 523, 524, 525, 526])
    func gateways(service: ServiceName, status: Int) async throws {
        let answer = try await faulty(Fault(answer: .status(code: status)), service)
        #expect(answer.status == status)
        #expect(answer.headers["Content-Type"] == "text/html")
        #expect(answer.text.contains(status >= 520 ? "cloudflare" : "nginx"))
    }

    @Test("201 and 202 with a body of the script's own", arguments: [201, 202])
    func accepted(status: Int) async throws {
        let own = SubstituteResponse.custom(status: status, contentType: nil, body: #"{"id":7,"status":"pending"}"#)
        let answer = try await faulty(Fault(answer: own), .elumenta)
        #expect(answer.status == status)
        #expect(answer.json?["id"] == 7)
    }

    @Test("Redirects of a POST", arguments: [301, 302, 303, 307, 308])
    func redirects(status: Int) async throws {
        let answer = try await faulty(
            Fault(answer: .redirect(status: status, location: "http://127.0.0.1:1/elsewhere")), .openai)
        #expect(answer.status == status)
        #expect(answer.headers["Location"] == "http://127.0.0.1:1/elsewhere")
    }

    @Test("Bodies that no parser should trip over", arguments: ServiceName.paid)
    func strangeBodies(service: ServiceName) async throws {
        let html = try await faulty(Fault(answer: .html(status: 500)), service)
        #expect(html.text.hasPrefix("<html>"))
        let empty = try await faulty(Fault(answer: .empty(status: 503)), service)
        #expect(empty.status == 503 && empty.body.isEmpty)
        let shape = try await faulty(Fault(answer: .wrongShape(status: 200)), service)
        #expect(shape.json?.array != nil)
        let cut = try await faulty(Fault(answer: .truncatedJSON(status: 429)), service)
        #expect(cut.exit == 0 && cut.json == nil && cut.body.first == UInt8(ascii: "{"))
        let huge = try await faulty(Fault(answer: .huge(status: 500, bytes: 10_000_000)), service)
        #expect(huge.body.count > 10_000_000 && huge.json != nil)
    }

    // MARK: Wait hints

    static let hints: [(WaitHint, String, String)] = [
        (.retryAfter(text: "7"), "Retry-After", "7"), (.retryAfter(text: "1.5"), "Retry-After", "1.5"),
        (.retryAfter(text: "soon"), "Retry-After", "soon"), (.retryAfter(text: "-3"), "Retry-After", "-3"),
        (.retryAfter(text: "99999999999"), "Retry-After", "99999999999"),
        (.retryAfterMilliseconds(text: "250"), "retry-after-ms", "250"),
        (.shouldRetry(value: true), "x-should-retry", "true"), (.shouldRetry(value: false), "x-should-retry", "false"),
        (.resetRequests(text: "6m0s"), "x-ratelimit-reset-requests", "6m0s"),
    ]

    @Test("Hints in headers, as written", arguments: hints)
    func headerHints(hint: WaitHint, name: String, value: String) async throws {
        let answer = try await faulty(Fault(answer: .status(code: 503), hints: [hint]), .openai)
        #expect(answer.headers[name] == value)
    }

    @Test("Retry-After as a date, before and after the Date header", arguments: [-3600, 90])
    func dates(seconds: Int) async throws {
        let clock = SimulatorClock()
        let before = clock.seconds
        let answer = try await faulty(
            Fault(answer: .status(code: 503), hints: [.retryAfterDate(seconds: seconds)]), .pollinations)
        let now = clock.seconds
        let expected = (before...now).map { clock.httpDate(in: seconds + $0 - now) }
        #expect(expected.contains(answer.headers["Retry-After"] ?? ""))
    }

    @Test("Hints in bodies, and one that contradicts the header")
    func bodyHints() async throws {
        let hints: [WaitHint] = [
            .bodyRetryAfter(seconds: 847), .bodyRetryAfterSeconds(seconds: 2.5), .bodyRetryDelay(text: "53s"),
            .retryAfter(text: "3"), .resetHour(seconds: 60),
        ]
        let answer = try await faulty(Fault(answer: .status(code: 429), hints: hints), .elumenta)
        #expect(answer.json?["retry_after"] == 847)
        #expect(answer.json?["retryAfterSeconds"] == 2.5)
        #expect(answer.text.contains(#""retryDelay":"53s""#))
        #expect(answer.headers["Retry-After"] == "3")
        #expect(answer.headers["X-RateLimit-Reset-Hour"] != nil)
    }
}

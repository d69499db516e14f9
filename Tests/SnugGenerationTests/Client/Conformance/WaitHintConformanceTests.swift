// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// How long to wait, said in every way that servers say it, and what the client makes of it.
@Suite struct WaitHintConformanceTests {
    /// What is done about a hint.
    enum Reaction: Sendable {
        /// At least so long is waited, and little more.
        case waits(Double)
        /// A wait of the client's own.
        case ownWait
        /// Nothing is sent any more; so long is said.
        case stops(Double)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var hints: [SnugSimulator.WaitHint]
        var reaction: Reaction
        var headers: Headers = [:]
        var testDescription: String { name }

        init(_ name: String, _ hints: [SnugSimulator.WaitHint], _ reaction: Reaction, headers: Headers = [:]) {
            (self.name, self.hints, self.reaction, self.headers) = (name, hints, reaction, headers)
        }
    }

    private static let rows = [
        Row("no hint", [], .ownWait),
        Row("Retry-After in seconds", [.retryAfter(text: "7")], .waits(7)),
        Row("Retry-After with a fraction", [.retryAfter(text: "1.5")], .waits(1.5)),
        Row("Retry-After as a date to come", [.retryAfterDate(seconds: 30)], .waits(28)),
        Row("Retry-After as a date gone by", [.retryAfterDate(seconds: -60)], .waits(0)),
        Row("Retry-After as garbage", [.retryAfter(text: "soon")], .ownWait),
        Row("Retry-After below nothing", [.retryAfter(text: "-3")], .ownWait),
        Row("Retry-After beyond reason", [.retryAfter(text: "99999999999")], .stops(3600)),
        Row("Retry-After beyond maximumWait", [.retryAfter(text: "847")], .stops(847)),
        Row("retry-after-ms", [.retryAfterMilliseconds(text: "250")], .waits(0.25)),
        Row("the body's retry_after", [.bodyRetryAfter(seconds: 7)], .waits(7)),
        Row("the body's retryAfterSeconds", [.bodyRetryAfterSeconds(seconds: 2.5)], .waits(2.5)),
        Row("Google's RetryInfo", [.bodyRetryDelay(text: "53s")], .waits(53)),
        Row("header and body, the longer one", [.retryAfter(text: "3"), .bodyRetryAfter(seconds: 20)], .waits(20)),
        Row("body and header, the longer one", [.retryAfter(text: "20"), .bodyRetryAfter(seconds: 3)], .waits(20)),
        Row(
            "header and body, beyond maximumWait", [.retryAfter(text: "3"), .bodyRetryAfter(seconds: 847)], .stops(847)),
        Row("x-ratelimit-reset-requests in ms", [.resetRequests(text: "12ms")], .waits(0.012)),
        Row("x-ratelimit-reset-requests in minutes", [.resetRequests(text: "6m0s")], .stops(360)),
        Row(
            "X-RateLimit-Reset-Hour", [.resetHour(seconds: 60)], .waits(57),
            headers: ["X-RateLimit-Remaining-Hour": "0"]),
        Row("x-should-retry: true", [.shouldRetry(value: true)], .ownWait),
    ]

    @Test("a 429 with every hint", arguments: API.plain, rows)
    func rateLimited(api: API, row: Row) async throws {
        try await Fixture.with(api) { fixture async throws in
            let answer = SubstituteResponse.custom(
                status: 429, contentType: nil, body: #"{"error":{"message":"slow down"}}"#)
            fixture.simulator.script(api.rule(Fault(answer: answer, hints: row.hints, headers: row.headers)))
            let result = await fixture.attempt(try fixture.client())
            let waits = fixture.time.waits.map(\.seconds)
            switch row.reaction {
            case .waits(let seconds):
                #expect(result.value != nil && waits.count == 1 && fixture.submissions.count == 2, "\(result)")
                #expect(waits.first.map { $0 >= seconds && $0 <= seconds * 1.1 + 4 } == true, "\(waits)")
            case .ownWait:
                #expect(result.value != nil && waits.count == 1 && fixture.submissions.count == 2, "\(result)")
                #expect(waits.first.map { $0 >= 0 && $0 <= 2 } == true, "\(waits)")
            case .stops(let seconds):
                #expect(result.error?.code == .rateLimited && waits.isEmpty && fixture.submissions.count == 1)
                #expect(result.error?.retryAfter == .seconds(seconds) && result.error?.retryAt != nil)
            }
            #expect(fixture.charges.count == (result.value == nil ? 0 : 1))
        }
    }

    @Test("x-should-retry both ways", arguments: API.plain)
    func shouldRetry(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            func run(_ status: Int, _ value: Bool) async throws -> (GenerationError?, Int) {
                fixture.simulator.clearRecords()
                fixture.simulator.clearScript()
                fixture.simulator.script(
                    api.rule(Fault(answer: .status(code: status), hints: [.shouldRetry(value: value)])))
                let result = await fixture.attempt(
                    try fixture.client(), GenerationRequest(prompt: "\(status) \(value)"))
                return (result.error, fixture.submissions.count)
            }
            let (stubborn, once) = try await run(503, false)
            #expect(stubborn?.code == .noCapacity && once == 1)
            let (repeated, twice) = try await run(400, true)
            #expect(repeated == nil && twice == 2)
            // That a repeat is wanted does not say that nothing was charged.
            let (open, sent) = try await run(504, true)
            #expect(
                (open?.isOutcomeUnknown ?? false) == (api != .pollinations) && sent == (api == .pollinations ? 2 : 1))
        }
    }

    @Test("waits without a hint double, with all of chance between nothing and that", arguments: [0.25, 0.5, 1.0])
    func jitter(random: Double) async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            fixture.simulator.script(API.openAI.rule(Fault(answer: .status(code: 521)), times: nil))
            _ = try await fixture.failure(try fixture.client { $0.environment.random = { random } })
            #expect(fixture.time.waits == [0.5, 1, 2].map { .seconds($0 * random) })
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// Every row of the table of statuses, for every provider.
@Suite struct StatusTests {
    private let dialects: Dialects

    init() throws { dialects = try Dialects() }

    @Test("Statuses mean what the table says", arguments: StatusRow.all)
    func rows(row: StatusRow) throws {
        let outcome = dialects.named(row.provider).outcome(of: response(row.status, row.body), to: job())
        #expect(outcome.kind == row.kind)
        let failure = try #require(outcome.failure)
        #expect(failure.code == row.code && failure.recovery == row.recovery && failure.status == row.status)
        #expect(failure.message.contains("It went wrong") && failure.message.contains("status \(row.status)"))
    }

    /// Those rows that rest on the provider's own words.
    private static let needsWords: Set<Int> = [404, 500, 502]

    @Test("Without the provider's words a proxy speaks, and promises nothing", arguments: StatusRow.all)
    func proxies(row: StatusRow) throws {
        for body in ["<html><head><title>Sorry</title></head></html>", "", #"{"cut":"#] {
            let outcome = dialects.named(row.provider).outcome(of: response(row.status, body), to: job())
            let failure = try #require(outcome.failure)
            if Self.needsWords.contains(row.status) {
                #expect(outcome.kind == (row.status == 404 ? .failed : .unknown))
                #expect(failure.code == (row.status == 404 ? .invalidRequest : .outcomeUnknown))
            } else {
                #expect(outcome.kind == row.kind && failure.code == row.code && failure.recovery == row.recovery)
            }
        }
    }

    @Test("Input that is too large or of the wrong kind is prepared again", arguments: Dialects.names)
    func remedies(provider: String) throws {
        let dialect = dialects.named(provider)
        let job = job(images: [.inline(png(padding: 2_000_000))])
        func judged(_ status: Int, _ text: String) -> SubmissionOutcome {
            dialect.outcome(of: response(status, text), to: job)
        }
        let tooLarge = judged(413, #"{"error":"Image too large: 2000200 bytes > 1000000 bytes"}"#)
        #expect(tooLarge.kind == .transient && tooLarge.failure?.code == .payloadTooLarge)
        #expect(tooLarge.failure?.recovery == .refit(byteLimit: 1_000_000, maximumSide: nil))
        #expect(judged(413, "").failure?.recovery == .refit(byteLimit: nil, maximumSide: nil))
        #expect(judged(415, "").failure?.recovery == .reencode && judged(415, "").kind == .transient)
        let dimensions = judged(
            400, #"{"error":{"message":"At least one of the image dimensions exceed max allowed size: 8000 pixels"}}"#)
        #expect(dimensions.kind == .transient)
        #expect(dimensions.failure?.recovery == .refit(byteLimit: nil, maximumSide: 8000))
    }

    @Test("A complaint about the size asked for is none about the input", arguments: Dialects.names)
    func sizeAskedFor(provider: String) {
        let text = #"{"error":{"message":"Invalid size '9x9'. The maximum image size is 1024x1024","param":"size"}}"#
        let outcome = dialects.named(provider).outcome(of: response(400, text), to: job(images: [.inline(png())]))
        #expect(outcome.kind == .failed && outcome.failure?.code == .invalidRequest)
        #expect(outcome.failure?.fields.map(\.name) == ["size"])
    }

    @Test("An expired token is refreshed", arguments: Dialects.names)
    func expired(provider: String) {
        let outcome = dialects.named(provider).outcome(
            of: response(401, #"{"error":"token_expired","message":"Access token has expired","details":{}}"#),
            to: job())
        #expect(outcome.kind == .transient && outcome.failure?.recovery == .refreshToken)
        #expect(outcome.failure?.code == .notAuthenticated)
    }

    private static let policies = [
        (422, #"{"status":422,"success":false,"error":{"code":"CONTENT_POLICY_VIOLATION","message":"no"}}"#),
        (403, #"{"error":{"message":"Blocked by our usage policies","type":"x"}}"#),
        (400, #"{"error":{"message":"rejected as a result of our safety system","code":"moderation_blocked"}}"#),
        (500, #"{"error":"provider_error","message":"Provider error: content-policy violation"}"#),
        (
            502,
            #"{"error":{"code":"BAD_GATEWAY","message":"x","details":{"upstreamStatus":403,"upstreamBody":"NSFW"}}}"#
        ),
    ]

    @Test("A failure of what was asked for is final, whatever its status", arguments: Dialects.names)
    func policy(provider: String) {
        for (status, text) in Self.policies {
            let outcome = dialects.named(provider).outcome(of: response(status, text), to: job())
            #expect(
                outcome.kind == .failed && outcome.failure?.code == .policyRefused
                    && outcome.failure?.recovery == ProviderFailure.RecoveryAction.none)
        }
    }

    @Test("403 and 400 can be about something else", arguments: Dialects.names)
    func otherMeanings(provider: String) {
        let dialect = dialects.named(provider)
        let limit = dialect.outcome(
            of: response(403, #"{"error":"rate-limit","message":"Too many requests"}"#), to: job())
        #expect(limit.kind == .transient && limit.failure?.code == .rateLimited)
        let billing = dialect.outcome(
            of: response(400, #"{"error":{"code":"billing_hard_limit_reached","message":"x"}}"#), to: job())
        #expect(billing.kind == .failed && billing.failure?.code == .paymentRequired)
        let quota = dialect.outcome(
            of: response(429, #"{"error":{"message":"You exceeded","type":"insufficient_quota"}}"#), to: job())
        #expect(quota.kind == .failed && quota.failure?.code == .paymentRequired)
        let model = dialect.outcome(
            of: response(400, #"{"error":{"code":"model_not_found","message":"x"}}"#), to: job())
        #expect(model.failure?.code == .modelNotFound && model.failure?.recovery == .switchModel)
    }

    @Test("x-should-retry is obeyed both ways, but is no promise that nothing happened", arguments: Dialects.names)
    func shouldRetry(provider: String) {
        func kind(_ status: Int, _ advice: String, _ text: String = #"{"error":{"message":"x"}}"#) -> OutcomeKind {
            dialects.named(provider).outcome(
                of: response(status, text, headers: ["x-should-retry": advice]), to: job()
            ).kind
        }
        #expect(kind(503, "false") == .failed && kind(503, "true") == .transient)
        #expect(kind(409, "false") == .failed && kind(400, "true") == .transient)
        #expect(kind(504, "true") == .unknown && kind(504, "false") == .unknown)
        #expect(kind(402, "true") == .failed)
        #expect(kind(400, "true", #"{"error":{"message":"content policy"}}"#) == .failed)
    }

    @Test("A response before the body was complete means that nothing took effect")
    func incomplete() {
        for status in [408, 500, 502, 504] {
            let outcome = dialects.openAI.outcome(of: response(status), to: job())
            #expect(outcome.kind == .unknown && outcome.forIncompleteBody.kind == .transient)
            #expect(outcome.forIncompleteBody.failure?.code == .notSent)
        }
        #expect(dialects.openAI.outcome(of: response(400), to: job()).forIncompleteBody.kind == .failed)
    }

    private static let hints: [(HTTPFields, String, Double?)] = [
        (["Retry-After": "7"], "", 7), (["Retry-After": "1.5"], "", 1.5), (["retry-after-ms": "250"], "", 0.25),
        (["Retry-After": "Fri, 20 Nov 2026 12:01:30 GMT"], "", 90),
        (["Retry-After": "Fri, 20 Nov 2026 11:00:00 GMT"], "", 0), (["Retry-After": "soon"], "", nil),
        (["Retry-After": "-3"], "", nil), (["Retry-After": "99999999999"], "", 3600), ([:], "", nil),
        ([:], #"{"error":"rate_limit_exceeded","message":"x","retry_after":847,"limit_hour":60}"#, 847),
        ([:], #"{"error":"Rate limit exceeded","message":"x","retryAfterSeconds":2.5}"#, 2.5),
        ([:], #"{"error":{"details":[{"retryDelay":"53s"}]}}"#, 53),
        (["Retry-After": "3"], #"{"retry_after":847}"#, 847),
        (["x-amz-retry-after": "1500"], "", 1.5),
        (["X-RateLimit-Reset-Hour": "1795176060", "X-RateLimit-Remaining-Hour": "0"], "", 60),
        (["X-RateLimit-Reset-Hour": "1795176060", "X-RateLimit-Remaining-Hour": "4"], "", nil),
        (["x-ratelimit-reset-requests": "6m0s"], "", 360), (["x-ratelimit-reset-tokens": "12ms"], "", 0.012),
        (["X-RateLimit-Reset-Hour": "1795176060", "Retry-After": "5"], "", 5),
    ]

    @Test("All forms of wait hints", arguments: Dialects.names)
    func waits(provider: String) throws {
        for (headers, text, expected) in Self.hints {
            let outcome = dialects.named(provider).outcome(of: response(429, text, headers: headers), to: job())
            #expect(outcome.kind == .transient && outcome.failure?.code == .rateLimited)
            let hint = outcome.failure?.hint?.seconds
            #expect(hint.map { ($0 * 1000).rounded() } == expected.map { $0 * 1000 }, "\(headers) \(text)")
        }
    }

    @Test("The response to a success is classified too", arguments: Dialects.names)
    func uselessSuccess(provider: String) throws {
        let bodies = [
            "", "<html><title>busy</title></html>", #"{"status":"comp"#, #"[["unexpected"],true]"#, "OK", "{}",
            #"{"data":[]}"#, #"{"data":[{"nothing":1}]}"#,
        ]
        for status in [200, 201, 202, 204] {
            for body in bodies {
                let outcome = dialects.named(provider).outcome(of: response(status, body), to: job())
                #expect(outcome.kind == .unknown && outcome.failure?.code == .badResponse, "\(status) \(body)")
            }
        }
    }

    @Test("Nothing secret comes out of a response", arguments: Dialects.names)
    func scrubbed(provider: String) throws {
        let key = "nb_" + String(repeating: "0", count: 40) + "elite"
        let image = String(repeating: "iVBORw0KGgo", count: 50)
        for shape in [
            #"{"error":"x","message":"%"}"#, #"{"error":{"code":"%","message":"%"}}"#, "%",
            #"{"error":"validation_error","details":{"fields":[{"field":"%","message":"%"}]}}"#,
            "<html><title>%</title></html>", #"{"error":{"message":"x","param":"%"}}"#,
        ] {
            for secret in [key, "Bearer \(key)", "image \(image) end"] {
                let text = shape.replacing("%", with: secret)
                let outcome = dialects.named(provider).outcome(
                    of: response(400, text, secrets: [Secret(key)]), to: job())
                let shown = outcome.failure.map { String(reflecting: $0) } ?? ""
                #expect(!shown.contains(key.dropFirst(3)) && !shown.contains(image), "\(shape)")
            }
        }
    }

    @Test("An error of ten million bytes is a short message", arguments: Dialects.names)
    func huge(provider: String) {
        let text = #"{"error":{"message":"\#(String(repeating: "x ", count: 500_000))"}}"#
        let outcome = dialects.named(provider).outcome(of: response(400, text), to: job())
        #expect(outcome.kind == .failed && (outcome.failure?.message.utf8.count ?? .max) < 1000)
    }
}

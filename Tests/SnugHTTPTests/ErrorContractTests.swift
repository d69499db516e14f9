// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugHTTP

/// Names that logs, metrics and scripts rely on.
@Suite struct ErrorContractTests {
    @Test(
        "The codes are a contract",
        arguments: [
            (.invalidURL, "invalid_url"), (.invalidRequest, "invalid_request"), (.insecureScheme, "insecure_scheme"),
            (.cannotResolve, "cannot_resolve"), (.cannotConnect, "cannot_connect"),
            (.connectTimedOut, "connect_timed_out"), (.tlsFailed, "tls_failed"),
            (.certificateRefused, "certificate_refused"), (.addressRefused, "address_refused"),
            (.connectionLost, "connection_lost"), (.responseCut, "answer_cut"),
            (.malformedResponse, "malformed_answer"),
            (.stalled, "stalled"), (.attemptTimedOut, "attempt_timed_out"), (.deadlineExceeded, "deadline_exceeded"),
            (.responseTooLarge, "response_too_large"), (.bodyFailed, "body_failed"), (.sinkFailed, "sink_failed"),
            (.redirectRefused, "redirect_refused"), (.transientStatus, "transient_status"),
            (.outOfMemory, "out_of_memory"), (.transportFailed, "transport_failed"),
        ] as [(HTTPError.Code, String)])
    func codes(code: HTTPError.Code, name: String) {
        #expect(code.description == name)
        #expect(HTTPError(code, "why").description == "\(name): why")
    }

    @Test("Outcomes and reasons to stop are a contract too")
    func names() {
        let outcomes: [Outcome] = [.notSent, .partlySent, .sentWithoutResponse, .responded]
        #expect(outcomes.map(\.rawValue) == ["not_sent", "partly_sent", "sent_without_answer", "answered"])
        let reasons: [HTTPError.StopReason] = [
            .notRetryable, .outcomeUnknown, .attemptsSpent, .deadline, .budgetSpent, .waitTooLong,
        ]
        #expect(
            reasons.map(\.rawValue) == [
                "not_retryable", "outcome_unknown", "attempts_spent", "deadline", "budget_spent", "wait_too_long",
            ])
        #expect(ResponseClass.allCases.map(\.rawValue) == ["success", "definite", "transient", "unknown"])
    }

    @Test("A limiter grants no more than its rate over any stretch, whatever is asked", arguments: UInt64(0)..<20)
    func paced(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rate = Int.random(in: 1024...10_000_000, using: &random)
        var bucket = PacedBucket(bytesPerSecond: rate)
        let start = ContinuousClock.now
        var now = start
        var granted = 0
        for _ in 0..<2_000 {
            now += .microseconds(Int.random(in: 0...20_000, using: &random))
            switch bucket.grant(Int.random(in: 1...200_000, using: &random), now: now) {
            case .bytes(let count):
                granted += count
                #expect(count > 0)
            case .wait(let wait): #expect(wait > .zero && wait <= .seconds(5))
            }
            let allowed = Double(rate) * (now - start).seconds + max(4096, Double(rate) / 20)
            #expect(Double(granted) <= allowed + 1)
        }
    }

    @Test("A wait that is kept is enough for the bytes that were asked for", arguments: [1024, 100_000, 10_000_000])
    func waitsAreEnough(rate: Int) {
        var bucket = PacedBucket(bytesPerSecond: rate)
        var now = ContinuousClock.now
        for wanted in [1, 1000, 4096, 1_000_000] {
            guard case .wait(let wait) = bucket.grant(wanted, now: now) else { continue }
            now += wait + .microseconds(1)
            guard case .bytes = bucket.grant(wanted, now: now) else {
                Issue.record("not enough for \(wanted)")
                continue
            }
        }
    }

    @Test("What is given back may be granted again")
    func refund() {
        var bucket = PacedBucket(bytesPerSecond: 100_000)
        let start = ContinuousClock.now
        _ = bucket.grant(1, now: start)
        let later = start + .seconds(1)
        #expect(bucket.grant(100_000, now: later) == .bytes(5_000))
        bucket.refund(5_000)
        #expect(bucket.grant(100_000, now: later) == .bytes(5_000))
    }
}

// SPDX-License-Identifier: Apache-2.0
import Metrics
import MetricsTestKit
import SnugHTTP
import SystemPackage
import Testing

@testable import SnugGeneration

private func attempt(_ status: Int?, _ failure: HTTPError.Code? = nil) -> Attempt {
    Attempt(
        number: 1, start: .zero, duration: .zero, outcome: status == nil ? .sentWithoutResponse : .responded,
        status: status, failure: failure)
}

@Suite struct StatusCountersTests {
    @Test("Requests are reported by status, those without a response last")
    func report() {
        let counters = StatusCounters()
        #expect(counters.report.isEmpty && counters.counts.isEmpty)
        for _ in 0..<12 { counters.record(attempt(200)) }
        counters.record(attempt(429))
        counters.record(attempt(200, .responseCut))
        counters.record(attempt(299))
        for _ in 0..<2 { counters.record(attempt(nil, .connectionLost)) }
        #expect(
            counters.report == """
                200 OK                         12
                200 OK (answer_cut)             1
                299                             1
                429 too many requests           1
                no response (connection_lost)   2
                in all                         17

                """)
        #expect(counters.counts.first == StatusCounters.Count(status: 200, failure: nil, count: 12))
    }
}

@Suite struct GenerationInstrumentsTests {
    @Test("Every event that counts is counted, under a name of its own")
    func events() throws {
        let metrics = TestMetrics()
        let instruments = GenerationInstruments(metrics)
        let events: [(GenerationEvent, String)] = [
            (.submitting(model: "m", attempt: 1), "submissions"), (.polled(count: 1), "polls"),
            (.accepted(id: "1"), "jobs_accepted"), (.delivered(path: "/a"), "images"),
            (.partialImage(index: 0, path: "/a"), "partial_images"), (.refitting(byteLimit: 1), "refits"),
            (.fallingBack(from: "a", to: "b"), "fallbacks"), (.refreshedToken, "token_refreshes"),
            (.reconciling, "reconciliations"),
        ]
        for (event, name) in events {
            instruments.record(event)
            #expect(try metrics.expectCounter("snug_generation_\(name)_total").values == [1])
        }
        instruments.recordChargeAvoided()
        #expect(try metrics.expectCounter("snug_generation_charges_avoided_total").values == [1])
        instruments.record(.waiting(.milliseconds(1500), reason: .noCapacity))
        #expect(try metrics.expectRecorder("snug_generation_wait_seconds").values == [1.5])
        instruments.record(.throttled(.seconds(2), window: "hour"))
        #expect(try metrics.expectRecorder("snug_generation_throttle_seconds").values == [2])
        instruments.recordAvailable(7)
        #expect(try metrics.expectGauge("snug_generation_requests_available").values == [7])
        for event in [
            GenerationEvent.attempt(attempt(429)), .attempt(attempt(429)), .attempt(attempt(nil, .connectionLost)),
            .failed(.rateLimited), .fitted(name: "a", byteCount: 1),
        ] { instruments.record(event) }
        let requests = "snug_generation_requests_total"
        #expect(
            try metrics.expectCounter(requests, [("status", "429"), ("outcome", "answered")]).values == [1, 1])
        #expect(
            try metrics.expectCounter(requests, [("status", "none"), ("outcome", "sent_without_answer")]).values == [1])
        #expect(
            try metrics.expectCounter("snug_generation_failures_total", [("code", "rate_limited")]).values == [1])
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Metrics

/// The client's counters; labels come from closed sets only.
struct HTTPInstruments: Sendable {
    private let attempts: [Outcome: Counter]
    private let retries: Counter
    private let sent: Counter
    private let received: Counter
    private let seconds: Recorder

    init(_ factory: any MetricsFactory) {
        func attempts(_ outcome: Outcome) -> Counter {
            Counter(label: "snug_http_attempts_total", dimensions: [("outcome", outcome.rawValue)], factory: factory)
        }
        self.attempts = [
            .notSent: attempts(.notSent), .partlySent: attempts(.partlySent),
            .sentWithoutResponse: attempts(.sentWithoutResponse), .responded: attempts(.responded),
        ]
        retries = Counter(label: "snug_http_retries_total", dimensions: [], factory: factory)
        sent = Counter(label: "snug_http_sent_bytes", dimensions: [], factory: factory)
        received = Counter(label: "snug_http_received_bytes", dimensions: [], factory: factory)
        seconds = Recorder(label: "snug_http_attempt_seconds", dimensions: [], aggregate: true, factory: factory)
    }

    func record(_ attempt: Attempt) {
        attempts[attempt.outcome]?.increment()
        sent.increment(by: attempt.bytesSent)
        received.increment(by: attempt.bytesReceived)
        seconds.record(attempt.duration.seconds)
    }

    func recordRetry() { retries.increment() }
}

// SPDX-License-Identifier: Apache-2.0
import Metrics
import SnugHTTP

/// The client's counters, fed by its events. Labels come from closed sets only.
struct GenerationInstruments: Sendable {
    private let factory: any MetricsFactory
    private let submissions: Counter
    private let polls: Counter
    private let accepted: Counter
    private let images: Counter
    private let partials: Counter
    private let refits: Counter
    private let fallbacks: Counter
    private let refreshes: Counter
    private let reconciliations: Counter
    private let avoided: Counter
    private let waits: Recorder
    private let throttles: Recorder
    private let level: Gauge
    private let budget: Gauge

    init(_ factory: any MetricsFactory) {
        func counter(_ name: String) -> Counter {
            Counter(label: "snug_generation_\(name)_total", dimensions: [], factory: factory)
        }
        func recorder(_ name: String) -> Recorder {
            Recorder(label: "snug_generation_\(name)_seconds", dimensions: [], aggregate: true, factory: factory)
        }
        self.factory = factory
        submissions = counter("submissions")
        polls = counter("polls")
        accepted = counter("jobs_accepted")
        images = counter("images")
        partials = counter("partial_images")
        refits = counter("refits")
        fallbacks = counter("fallbacks")
        refreshes = counter("token_refreshes")
        reconciliations = counter("reconciliations")
        avoided = counter("charges_avoided")
        waits = recorder("wait")
        throttles = recorder("throttle")
        level = Gauge(label: "snug_generation_requests_available", dimensions: [], factory: factory)
        budget = Gauge(label: "snug_generation_retry_budget", dimensions: [], factory: factory)
    }

    func record(_ event: GenerationEvent) {
        switch event {
        case .submitting: submissions.increment()
        case .polled: polls.increment()
        case .accepted: accepted.increment()
        case .delivered: images.increment()
        case .partialImage: partials.increment()
        case .refitting: refits.increment()
        case .fallingBack: fallbacks.increment()
        case .refreshedToken: refreshes.increment()
        case .reconciling: reconciliations.increment()
        case .waiting(let wait, _): waits.record(wait.seconds)
        case .throttled(let wait, _): throttles.record(wait.seconds)
        case .attempt(let attempt): record(attempt)
        case .failed(let code):
            Counter(
                label: "snug_generation_failures_total", dimensions: [("code", code.description)], factory: factory
            ).increment()
        case .fitted, .hosted, .downloading: break
        }
    }

    /// A result that was found, joined or replayed where a repeat would have been paid for again.
    func recordChargeAvoided() { avoided.increment() }

    /// Records the tokens left for retries.
    func recordBudget(_ tokens: Double) { budget.record(tokens) }

    /// Requests that the limiter would let go at once.
    func recordAvailable(_ count: Int) { level.record(count) }

    private func record(_ attempt: Attempt) {
        let status = attempt.status.flatMap { (100...599).contains($0) ? "\($0)" : nil } ?? "none"
        Counter(
            label: "snug_generation_requests_total",
            dimensions: [("status", status), ("outcome", attempt.outcome.rawValue)], factory: factory
        ).increment()
    }
}

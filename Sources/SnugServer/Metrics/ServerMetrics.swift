// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Metrics
import SnugImage

/// The metrics of a server: requests by route and status, phases, bytes, and the use of its resources.
///
/// Labels are of closed sets: routes, methods, statuses, error codes, phases.
final class ServerMetrics: Sendable {
    private let factory: any MetricsFactory

    init(factory: any MetricsFactory) { self.factory = factory }

    /// Counts a response.
    func record(route: String, method: HTTPRequest.Method, status: Int, error: String?, after duration: Duration) {
        count(route: route, method: Self.known(method), status: status, error: error)
        time("snug_http_request_seconds", duration, [("route", route)])
    }

    /// Counts a response to what could not be read as a request.
    func recordRefused(status: Int, error: String) {
        count(route: "none", method: "other", status: status, error: error)
    }

    private func count(route: String, method: String, status: Int, error: String?) {
        Counter(
            label: "snug_http_requests_total",
            dimensions: [("route", route), ("method", method), ("status", String(status))], factory: factory
        ).increment()
        guard let error else { return }
        Counter(
            label: "snug_http_errors_total", dimensions: [("route", route), ("code", error)], factory: factory
        ).increment()
    }

    /// Counts the phases of a request that had an image.
    func record(_ phases: RequestPhases) {
        for (name, duration) in phases.measured {
            time("snug_http_phase_seconds", duration, [("phase", name)])
        }
    }

    /// Counts the bytes of an image.
    func record(input: Int, output: Int) {
        Counter(label: "snug_http_image_input_bytes_total", factory: factory).increment(by: input)
        Counter(label: "snug_http_image_output_bytes_total", factory: factory).increment(by: output)
    }

    /// Shows the use of resources at this moment.
    func record(
        _ queue: AdmissionQueue, _ memory: MemoryUse, _ receiving: BodyBudget, idleBytes: Int, resultBytes: Int
    ) {
        let use = queue.use
        set("snug_http_workers", queue.workers)
        set("snug_http_workers_busy", use.running)
        set("snug_http_queue_length", queue.length)
        set("snug_http_queue_waiting", use.waiting)
        set("snug_http_receiving_bytes", receiving.usedBytes)
        set("snug_http_receiving_limit_bytes", receiving.total)
        set("snug_http_receiving_idle_bytes", idleBytes)
        set("snug_http_result_bytes", resultBytes)
        set("snug_memory_budget_bytes", memory.total)
        set("snug_memory_reserved_bytes", memory.used)
        set("snug_memory_waiting", memory.waiting)
    }

    private func set(_ name: String, _ value: Int) { Gauge(label: name, factory: factory).record(value) }

    private func time(_ name: String, _ duration: Duration, _ labels: [(String, String)]) {
        Metrics.Timer(label: name, dimensions: labels, factory: factory)
            .recordNanoseconds(Int64(clamping: Int(duration / .nanoseconds(1))))
    }

    /// Methods are the client's own text: unknown ones count together.
    private static func known(_ method: HTTPRequest.Method) -> String {
        [.get, .head, .post, .put, .patch, .delete, .options].contains(method) ? method.rawValue : "other"
    }
}

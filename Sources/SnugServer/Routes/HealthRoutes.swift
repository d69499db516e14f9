// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import SnugImage
import SnugSystem
import Synchronization

/// `/livez`, `/readyz` and `/metrics`.
struct HealthRoutes: Sendable {
    let readiness: Readiness
    let registry: PrometheusRegistry
    let metrics: ServerMetrics
    let queue: AdmissionQueue
    let receiving: BodyBudget
    let memory: MemoryFilePool
    let results: ResultStore<ShrinkRoutes.Shrunk>
    let fitter: ImageFitter

    /// Answers as long as the process does: neither cores nor queues are asked.
    @Sendable func live(_ request: Request, _ context: ServerContext) async throws -> Response { .text("ok\n") }

    /// Tells whether requests would be served now.
    @Sendable func ready(_ request: Request, _ context: ServerContext) async throws -> Response {
        let problems = await readiness.problems(queue, receiving)
        let value: JSONValue = [
            "ready": .flag(problems.isEmpty),
            "problems": .array(problems.map { ["check": .text($0.check), "message": .text($0.message)] }),
        ]
        return .json(value, status: problems.isEmpty ? .ok : .serviceUnavailable)
    }

    /// The metrics as text.
    @Sendable func scrape(_ request: Request, _ context: ServerContext) async throws -> Response {
        metrics.record(
            queue, fitter.memoryUse, receiving, idleBytes: memory.idleBytes, resultBytes: results.usedBytes)
        return .text(registry.text, type: "text/plain; version=0.0.4; charset=utf-8")
    }
}

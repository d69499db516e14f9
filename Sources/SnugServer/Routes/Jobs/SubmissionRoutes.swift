// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import SnugLedger
import SnugPipeline
import SnugSystem

/// `POST /v1/jobs`: images that the daemon works on.
struct SubmissionRoutes: Sendable {
    let jobs: ServerJobs
    let reader: BodyReader

    /// Puts images into the ledger, all or none, and tells their jobs.
    @Sendable func submit(_ request: Request, _ context: ServerContext) async throws -> Response {
        let key = try IdempotentRequests.key(of: request)
        let body = try await reader.body(of: request, context: context)
        let order = try JobRequest(request, body: body.bytes)
        // Wrong options are told at once, and not by a job that fails.
        let submissions = try order.submissions()
        let requests = IdempotentRequests(documents: jobs.ledger)
        return try await requests.response(to: key, digest: order.digest) {
            let enqueued = try await jobs.daemon.submit(submissions)
            return (.accepted, ["jobs": .array(enqueued.map(Self.json))])
        }
    }

    private static func json(_ enqueued: EnqueuedJob) -> JSONValue {
        var value = enqueued.job.json
        value.append("is_new", .flag(enqueued.isNew))
        return value
    }
}

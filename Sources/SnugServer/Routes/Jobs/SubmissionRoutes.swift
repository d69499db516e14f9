// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import SnugImage
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
        let requests = IdempotentRequests(documents: jobs.ledger)
        return try await requests.response(to: key, digest: order.digest) {
            // Wrong options are told at once, and not by a job that fails.
            let submissions = try order.submissions(jobs)
            let enqueued = try await jobs.daemon.submit(submissions)
            return (.accepted, ["jobs": .array(enqueued.map(Self.json))])
        }
    }

    /// Lists the pipelines that jobs may name.
    @Sendable func pipelines(_ request: Request, _ context: ServerContext) throws -> Response {
        _ = try ImageRequest.query(of: request, among: [])
        return .json(["pipelines": .array(jobs.daemon.configuredFolders.map(Self.json))])
    }

    private static func json(_ folder: WatchFolder) -> JSONValue {
        let hasFit = folder.pipeline.contains(.fit)
        return [
            "name": .text(folder.name), "stages": .array(folder.pipeline.stages.map { .text($0.rawValue) }),
            "limit_bytes": hasFit ? .integer(folder.limits.fileByteLimit) : .null,
            "account": .optional(folder.generation?.account), "model": .optional(folder.generation?.model),
            "needs_prompt": .flag(folder.generation != nil && folder.generation?.prompt == nil),
        ]
    }

    private static func json(_ enqueued: EnqueuedJob) -> JSONValue {
        var value = enqueued.job.json
        value.append("is_new", .flag(enqueued.isNew))
        return value
    }
}

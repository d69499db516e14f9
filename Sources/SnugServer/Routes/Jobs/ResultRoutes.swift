// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// `GET /v1/jobs/{id}/result`: the file that a job delivered.
struct ResultRoutes: Sendable {
    let jobs: ServerJobs

    /// Sends a delivered file; of several, the one of the parameter `number`.
    @Sendable func result(_ request: Request, _ context: ServerContext) async throws -> Response {
        let number = try Self.number(try ImageRequest.query(of: request))
        let job = try await jobs.ledger.job(try await JobRoutes.id(context, in: jobs.ledger))
        guard job.state == .delivered else { throw Self.unfinished(job) }
        let results = JobResults(jobs.ledger, stateDirectory: jobs.stateDirectory, threads: jobs.threads)
        let files = try await results.files(of: job)
        guard !files.isEmpty else {
            throw ServiceError(
                .notFound, "result_gone",
                "the result was delivered, and is not where it was put any more; send the image again")
        }
        guard number <= files.count else {
            throw ServiceError(
                .notFound, "no_such_result", "the job has \(files.count) results; ask for 'number' 1 to \(files.count)",
                details: ["results": .integer(files.count)])
        }
        let (path, threads) = (files[number - 1], jobs.threads)
        let file: OpenResult
        do {
            file = try await threads.run { try OpenResult(path) }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ServiceError(.notFound, "result_gone", "the result cannot be read: \(error); send the image again")
        }
        return Self.response(file, job, count: files.count, threads)
    }

    private static func number(_ fields: [(name: String, value: String)]) throws(ServiceError) -> Int {
        var number = 1
        for (name, value) in fields {
            guard name == "number" else { throw .unknownParameter(name, among: ["number"]) }
            guard let given = Int(value), given > 0 else {
                throw .invalidParameter("number", "is no whole number above 0")
            }
            number = given
        }
        return number
    }

    private static func unfinished(_ job: Job) -> ServiceError {
        let reason = job.reason.map { ": \($0.message)" } ?? ""
        let details: JSONValue = [
            "state": .text(job.state.rawValue), "reason": .optional(job.reason?.code),
        ]
        var error = ServiceError(
            .conflict, "no_result",
            "the job is \(job.state.rawValue) and has no result\(reason)", details: details)
        if job.state == .waiting || job.state == .running { error.retryAfter = .seconds(1) }
        return error
    }

    private static func response(
        _ file: OpenResult, _ job: Job, count: Int, _ threads: BlockingThreads
    ) -> Response {
        let format = ImageFormat.allCases.first { $0.fileExtension == file.suffix }
        let name = OutputFileName(job.name.split(separator: "/").last.map(String.init))
        var fields: HTTPFields = [
            .contentType: format?.mediaType ?? "application/octet-stream", .known("Snug-Results"): String(count),
        ]
        if let format { fields[.contentDisposition] = name.disposition(as: format) }
        let body = ResponseBody(contentLength: file.byteCount) { writer in
            var left = file.byteCount
            while left > 0 {
                let bytes = try await threads.run { try file.read() }
                // Shorter than announced: the connection ends, so that the client does not take it for whole.
                guard !bytes.isEmpty else { throw Errno.ioError }
                left -= bytes.count
                try await writer.write(ByteBuffer(bytes: bytes))
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: fields, body: body)
    }
}

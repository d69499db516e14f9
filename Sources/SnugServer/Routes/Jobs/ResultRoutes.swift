// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// `GET /v1/jobs/{id}/result`: the file that a job delivered, whole or in part, or that it is still the same.
struct ResultRoutes: Sendable {
    let jobs: ServerJobs

    /// Sends a delivered file; of several, the one of the parameter `number`.
    @Sendable func result(_ request: Request, _ context: ServerContext) async throws -> Response {
        let number = try Self.number(of: request)
        let job = try await jobs.ledger.job(try await JobRoutes.id(context, in: jobs.ledger))
        guard job.state == .delivered else { throw Self.unfinished(job) }
        let files = try await files(of: job)
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
        let fields = Self.fields(file, job, count: files.count)
        return try Self.response(
            ConditionalRequest(request.method, request.headers), file, fields, threads, context.channel)
    }

    /// The job's results, wherever in the fleet they were made.
    private func files(of job: Job) async throws -> [FilePath] {
        let results = JobResults(
            jobs.ledger, stateDirectory: jobs.stateDirectory, threads: jobs.threads, role: jobs.daemon.role,
            storage: jobs.daemon.storage)
        do { return try await results.files(of: job) } catch let error as StorageError {
            var failure = ServiceError(.serviceUnavailable, error.code.rawValue, error.message)
            failure.retryAfter = error.retryAfter ?? .seconds(5)
            throw failure
        }
    }

    private static func number(of request: Request) throws(ServiceError) -> Int {
        guard let text = try ImageRequest.query(of: request, among: ["number"])["number"] else { return 1 }
        guard let number = Int(text), number > 0 else {
            throw .invalidParameter("number", "is no whole number above 0")
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

    private static func fields(_ file: OpenResult, _ job: Job, count: Int) -> HTTPFields {
        let format = ImageFormat.allCases.first { $0.fileExtension == file.suffix }
        let name = OutputFileName(String(decoding: PathText.decode(job.name), as: UTF8.self))
        var fields = file.validators.fields
        fields[.contentType] = format?.mediaType ?? "application/octet-stream"
        fields[.known("Snug-Results")] = String(count)
        fields[.acceptRanges] = "bytes"
        if let format { fields[.contentDisposition] = name.disposition(as: format) }
        return fields
    }

    private static func response(
        _ conditions: ConditionalRequest, _ file: OpenResult, _ fields: HTTPFields, _ threads: BlockingThreads,
        _ channel: any Channel
    ) throws(ServiceError) -> Response {
        let whole = 0..<file.byteCount
        switch conditions.selection(of: file.byteCount, file.validators) {
        case .whole: return Response(status: .ok, headers: fields, body: body(file, whole, threads, channel))
        case .part(let range):
            var fields = fields
            fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.byteCount)"
            return Response(status: .partialContent, headers: fields, body: body(file, range, threads, channel))
        case .notModified:
            var fields = file.validators.fields
            // The length of what is not sent (RFC 9110 §8.6); without it 0 would be told.
            fields[.contentLength] = String(file.byteCount)
            return Response(status: .notModified, headers: fields)
        case .preconditionFailed:
            throw ServiceError(
                .preconditionFailed, "precondition_failed",
                "the result is not the one that If-Match or If-Unmodified-Since names; ask for it without that field",
                details: ["etag": .text(file.validators.tag)])
        case .rangeNotSatisfiable:
            var error = ServiceError(
                .rangeNotSatisfiable, "range_not_satisfiable",
                "the result has \(file.byteCount) bytes, and none of them is in the range; ask for others",
                details: ["bytes": .integer(file.byteCount)])
            error.fields[.contentRange] = "bytes */\(file.byteCount)"
            throw error
        }
    }

    private static func body(
        _ file: OpenResult, _ range: Range<Int>, _ threads: BlockingThreads, _ channel: any Channel
    ) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            var left = range.count
            try await threads.run { try file.seek(to: range.lowerBound) }
            while left > 0 {
                let maximum = left
                let bytes = try await threads.run { try file.read(maximum: maximum) }
                // Shorter than announced: the connection ends, so that the client does not take it for whole.
                guard !bytes.isEmpty else { throw Errno.ioError }
                left -= bytes.count
                try await writer.write(ByteBuffer(bytes: bytes))
                try await channel.takeWrites()
            }
            try await writer.finish(nil)
        }
    }
}

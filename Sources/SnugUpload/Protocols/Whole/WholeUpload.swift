// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import Synchronization
internal import SystemPackage

/// The whole file in one request: a PUT, or a form. It cannot be resumed, so a retry sends all of it again.
struct WholeUpload {
    let job: UploadJob

    func put() async throws -> UploadReceipt {
        let body = HTTPBody(file: job.source.file)
        let response = try await send(.put, [.contentType: job.target.contentType], body, mayRepeat: { _ in true })
        let confirmation = try await job.confirmLength(job.target.url)
        return job.receipt(url: job.target.url, confirmation: confirmation, answer: response)
    }

    func form() async throws -> UploadReceipt {
        let name = job.target.filename ?? job.source.path.lastComponent?.string ?? "file"
        var form = FormBody(boundary: FormBody.randomBoundary())
        for field in job.target.form.fields { form.add(field: field.name, field.value) }
        form.add(
            file: job.target.form.fileField, filename: name, contentType: job.target.contentType,
            HTTPBody(file: job.source.file))
        // A form that did not arrive completely has no effect; any other may have.
        let response = try await send(.post, [.contentType: form.contentType], form.finished()) { error in
            error.outcome == .notSent || error.outcome == .partlySent
        }
        return job.receipt(url: response.url, confirmation: .answer, answer: response)
    }

    private func send(
        _ method: HTTPRequest.Method, _ headers: HTTPFields, _ body: HTTPBody, mayRepeat: (HTTPError) -> Bool
    ) async throws -> ClientResponse {
        var failures = 0
        while true {
            let exchange = try await job.exchange(method, job.target.url, headers, body: body)
            var isThrottled = false
            switch exchange {
            case .responded(let response):
                isThrottled = ResponseClass.asksToSlowDown(response.status)
                switch ResponseClass(ofUpload: response.status) {
                case .success: return response
                case .transient: break
                case .unknown where method == .put: break
                case .definite where response.status.kind != .serverError:
                    throw exchange.error(response.status == 413 ? .tooLarge : .refused, at: 0)
                case .definite where method == .put: break
                case .unknown, .definite: throw unknown(exchange)
                }
            case .failure(let error):
                guard ResponseClass(error) != .definite else { throw exchange.error(.refused, at: 0) }
                guard mayRepeat(error) else { throw unknown(exchange) }
            }
            failures += 1
            job.tally.withLock { $0.retries += 1 }
            guard failures < job.rules.attemptsWithoutProgress else { throw startOver(exchange.error(.retries, at: 0)) }
            let now = job.environment.wallClock()
            let hint = exchange.response.flatMap { WaitHint.read($0.headerFields, body: $0.body, now: now) }
            let wait = hint ?? job.rules.delay(failures, job.environment.random(), throttled: isThrottled)
            guard wait <= job.rules.longestWait else { throw startOver(exchange.error(.waitTooLong, at: 0)) }
            try await job.wait(wait)
        }
    }

    private func unknown(_ exchange: UploadJob.Exchange) -> UploadError {
        var error = exchange.error(.refused, at: 0)
        error.code = .outcomeUnknown
        error.message = "the whole file was sent and no usable response came; check the server before sending it again"
        error.resumption = .startOver
        return error
    }

    private func startOver(_ error: UploadError) -> UploadError {
        var error = error
        error.resumption = .startOver
        return error
    }
}

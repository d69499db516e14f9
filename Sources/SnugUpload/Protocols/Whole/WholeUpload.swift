// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import Synchronization
internal import SystemPackage

/// The whole file in one request: a PUT, or a form. It cannot be resumed, so a retry sends all of it again.
struct WholeUpload {
    let job: UploadJob
    /// Its record, for requests that must not be repeated.
    let keeper: RecordKeeper

    func put() async throws -> UploadReceipt {
        let body = HTTPBody(file: job.source.file)
        let response = try await send(.put, [.contentType: job.target.contentType], body)
        // A page for people, as of a login or of an application that answers every request with itself, HEAD too.
        let isPage = response.isPageInstead
        let confirmation: UploadReceipt.Confirmation
        do {
            confirmation = try await job.confirmLength(job.target.url)
        } catch let error as UploadError where isPage && error.code == .verificationFailed {
            throw page(response)
        }
        if confirmation == .response, isPage { throw page(response) }
        return job.receipt(url: job.target.url, confirmation: confirmation, response: response)
    }

    func form() async throws -> UploadReceipt {
        let name = job.target.filename ?? job.source.path.lastComponent?.string ?? "file"
        var form = FormBody(boundary: FormBody.randomBoundary())
        for field in job.target.form.fields { form.add(field: field.name, field.value) }
        form.add(
            file: job.target.form.fileField, filename: name, contentType: job.target.contentType,
            HTTPBody(file: job.source.file))
        let body = try form.finished()
        let response = try await send(.post, [.contentType: form.contentType], body)
        return job.receipt(url: response.url, confirmation: .response, response: response)
    }

    private func send(
        _ method: HTTPRequest.Method, _ headers: HTTPFields, _ body: HTTPBody
    ) async throws -> ClientResponse {
        var failures = 0
        while true {
            let exchange = try await exchange(method, headers, body)
            var isThrottled = false
            switch exchange {
            case .responded(let response):
                isThrottled = ResponseClass.asksToSlowDown(response.status)
                switch ResponseClass(ofUpload: response.status) {
                case .success where exchange.isPremature(body):
                    try await job.noEffect(keeper)
                    throw premature(exchange, body)
                case .success:
                    if method == .post, try await isNoReceipt(response) { throw unknown(exchange) }
                    return response
                // To the page about what was stored, or to a login.
                case .definite where method == .post && response.pointsToPage && exchange.hasSentAll(body):
                    throw unknown(exchange)
                // The server may have read all of the form before it gave up waiting for more.
                case .transient where method == .post && response.status == 408 && exchange.hasSentAll(body):
                    throw unknown(exchange)
                case .transient: break
                case .unknown where method == .put: break
                case .definite:
                    throw try await refused(exchange, response.status == 413 ? .tooLarge : .refused)
                case .unknown: throw unknown(exchange)
                }
            case .failure(let error):
                if method == .post, exchange.bodyLeft { throw unknown(exchange) }
                guard ResponseClass(error) != .definite else { throw try await refused(exchange, .refused) }
            }
            // It had no effect.
            try await job.noEffect(keeper)
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

    /// True for a page that tells nothing about the form: a login, the one that everybody sees at the address, or any where
    /// nobody has said that forms are taken.
    private func isNoReceipt(_ response: ClientResponse) async throws -> Bool {
        guard response.isWebPage else { return false }
        if response.asksForPassword || job.target.isGuess { return true }
        guard let shown = try await job.exchange(.get, job.target.url).response else { return false }
        return shown.isSuccess && shown.body == response.body
    }

    private func exchange(
        _ method: HTTPRequest.Method, _ headers: HTTPFields, _ body: HTTPBody
    ) async throws -> UploadJob.Exchange {
        guard method == .post else { return try await job.exchange(method, job.target.url, headers, body: body) }
        return try await job.exchangeOnce(keeper, body) {
            try await job.exchange(method, job.target.url, headers, body: body)
        }
    }

    /// The error of a request that had no effect.
    private func refused(
        _ exchange: UploadJob.Exchange, _ failure: OffsetMachine.Failure
    ) async throws -> UploadError {
        try await job.noEffect(keeper)
        return exchange.error(failure, at: 0)
    }

    private func premature(_ exchange: UploadJob.Exchange, _ body: HTTPBody) -> UploadError {
        let status = exchange.response?.status.code
        return UploadError(
            .serverMisbehaved,
            "\(job.target.url.authority) responded with \(status ?? 0) after \(exchange.bytesSent ?? 0) of "
                + "\(body.byteCount ?? 0) bytes, so it does not have the file; check the address",
            resumption: .startOver, status: status)
    }

    private func unknown(_ exchange: UploadJob.Exchange) -> UploadError {
        var error = exchange.error(.refused, at: 0)
        error.code = .outcomeUnknown
        let words = exchange.response.map {
            "\($0.url.authority) responded with \($0.status.code)\($0.shownBody)\($0.shownPage)"
        }
        error.message =
            "the whole file was sent, and nobody knows whether it was stored (\(words ?? "no response came")); check "
            + "the server before sending it again\(job.target.isGuess ? ", and name its protocol then" : "")"
        error.resumption = .none
        return error
    }

    private func page(_ response: ClientResponse) -> UploadError {
        UploadError(
            .refused,
            "\(response.url.authority) responded with \(response.status.code) and a web page, and does not show the "
                + "file at this address; check the address and the credentials", status: response.status.code)
    }

    private func startOver(_ error: UploadError) -> UploadError {
        var error = error
        error.resumption = .startOver
        return error
    }
}

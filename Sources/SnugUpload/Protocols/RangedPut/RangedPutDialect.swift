// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

/// The variants of PUT with `Content-Range`.
public enum RangedPutStyle: String, Sendable, Hashable, Codable {
    /// Chunks are sent to the object's own address (WebDAV as in Apache). Use it only with servers that honour
    /// `Content-Range`: others take the first chunk for the whole file.
    case inPlace = "in-place"
    /// The address is a session that responds with 308 until the file is complete (Google's resumable sessions).
    case session
    /// A POST to the address creates such a session.
    case startsSession = "starts-session"
}

/// PUT in chunks, in order, because a gap would become zeros that look like data.
struct RangedPutDialect: OffsetDialect {
    let job: UploadJob
    let endsByOffset = true
    let appendSizes: ClosedRange<Int>? = nil
    let expires: Int? = nil
    private var style: RangedPutStyle { job.target.ranged }
    var granularity: Int { style == .inPlace ? 1 : 256 * 1024 }

    mutating func create() async throws -> StepResult {
        switch style {
        case .inPlace: return try await clear()
        case .session: return StepResult(.created(offset: 0), try await query(job.target.url), upload: job.target.url)
        case .startsSession:
            let headers: HTTPFields = [
                .contentType: "application/json; charset=UTF-8", .uploadContentType: job.target.contentType,
                .uploadContentLength: "\(job.length)",
            ]
            let exchange = try await job.exchange(
                .post, job.target.url, headers, body: HTTPBody(bytes: Array("{}".utf8)))
            guard case .responded(let response) = exchange, response.isSuccess else {
                return exchange.response?.status == 404 ? StepResult(.refused, exchange) : StepResult(judging: exchange)
            }
            let session = try response.uploadAddress(response.headerFields[.location])
            try job.checkOrigin(of: session)
            return StepResult(.created(offset: 0), exchange, upload: session)
        }
    }

    /// Creates an empty file first.
    ///
    /// The rest of an older, longer file would stay behind the new one. Apache also removes a file that a PUT has
    /// created if the connection of that PUT ends early, even after the rest arrived over another connection. So no
    /// chunk may be the one that creates the file.
    private func clear() async throws -> StepResult {
        let headers: HTTPFields = [.contentType: job.target.contentType]
        let exchange = try await job.exchange(.put, job.target.url, headers, body: .empty)
        guard case .responded(let response) = exchange, response.isSuccess, !response.isPageInstead else {
            return StepResult(judging: exchange)
        }
        return StepResult(.created(offset: 0), exchange, upload: job.target.url)
    }

    mutating func ask(_ upload: HTTPURL) async throws -> StepResult {
        guard style == .inPlace else {
            let exchange = try await query(upload)
            // A page does not know the session.
            if exchange.response?.isPageInstead == true { return StepResult(.gone, exchange) }
            return judgeSession(exchange)
        }
        let exchange = try await job.exchange(.head, upload)
        guard case .responded(let response) = exchange else { return StepResult(judging: exchange) }
        if response.status == 404 {
            let cleared = try await clear()
            return cleared.step == .created(offset: 0) ? StepResult(.offset(0), exchange) : cleared
        }
        guard response.isSuccess else { return StepResult(judging: exchange) }
        // Apache sends no length for an empty file.
        return StepResult(.offset(response.headerFields.integer(.contentLength) ?? 0), exchange)
    }

    mutating func send(_ range: Range<Int>, next: Range<Int>, to upload: HTTPURL) async throws -> StepResult {
        var headers: HTTPFields = [.contentType: job.target.contentType]
        if !range.isEmpty {
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(job.length)"
        }
        let body = HTTPBody(file: job.source.file, range: range)
        let exchange = try await job.exchange(.put, upload, headers, body: body)
        // A page is not about these bytes: the server is asked for them.
        if exchange.response?.isPageInstead == true { return StepResult(.outOfStep, exchange) }
        guard style == .inPlace else { return judgeSession(exchange) }
        guard case .responded(let response) = exchange, response.isSuccess else { return StepResult(judging: exchange) }
        if exchange.isPremature(body) { return StepResult(.outOfStep, exchange) }
        return StepResult(.offset(range.upperBound), exchange)
    }

    func discard(_ upload: HTTPURL) async throws -> Bool {
        let exchange = try await job.exchange(.delete, upload)
        // Google responds with 499 to cancelling a session, an emulator with 501 because it cannot.
        return [200, 204, 404, 410, 499].contains(exchange.response?.status)
    }

    func confirm(_ upload: HTTPURL) async throws -> UploadReceipt.Confirmation {
        guard style == .inPlace else { return .response }
        return try await job.confirmLength(upload)
    }

    private func query(_ session: HTTPURL) async throws -> UploadJob.Exchange {
        try await job.exchange(.put, session, [.contentRange: "bytes */\(job.length)"], body: .empty)
    }

    private func judgeSession(_ exchange: UploadJob.Exchange) -> StepResult {
        guard case .responded(let response) = exchange else { return StepResult(judging: exchange) }
        if response.isSuccess { return StepResult(.complete, exchange) }
        guard response.status == 308 else {
            // A gap or an overlap: ask for the offset.
            return response.status == 400 ? StepResult(.outOfStep, exchange) : StepResult(judging: exchange)
        }
        let last = response.headerFields[.range]?.split(separator: "-").last.flatMap { Int($0) } ?? 0
        // Without a Range nothing is stored, and one server sends 0-0 for nothing. A chunk is never a single byte here.
        return StepResult(.offset(last == 0 ? 0 : last + 1), exchange)
    }
}

extension UploadJob {
    /// Compares the length of the object with that of the file.
    /// - Throws: `verification_failed`.
    func confirmLength(_ url: HTTPURL) async throws -> UploadReceipt.Confirmation {
        var failures = 0
        while true {
            let exchange = try await exchange(.head, url)
            if case .responded(let response) = exchange,
                [.success, .definite].contains(ResponseClass(ofUpload: response.status))
            {
                // A length is compared with the file's where it is not that of compressed bytes.
                let coding = response.headerFields[.contentEncoding] ?? "identity"
                guard response.isSuccess, coding.lowercased() == "identity",
                    let length = response.headerFields.integer(.contentLength)
                else { return .response }
                guard length == self.length else {
                    throw UploadError(
                        .verificationFailed, "\(url) has \(length) bytes and the file \(self.length); send it again",
                        resumption: .startOver)
                }
                return try await compareDigest(response.headerFields, of: url) ? .checksum : .length
            }
            // The file is delivered: a server that cannot be asked is no failure of the upload.
            failures += 1
            guard failures < min(3, rules.attemptsWithoutProgress) else { return .response }
            do {
                try await wait(rules.delay(failures, environment.random(), throttled: false))
            } catch let error as UploadError where error.code == .deadlineExceeded {
                return .response
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

/// Resumable uploads for HTTP, draft-ietf-httpbis-resumable-upload.
///
/// Drafts differ and carry an interop version. A server of another version says so, and the upload uses that one.
struct DraftDialect: OffsetDialect {
    let job: UploadJob
    let endsByOffset = false
    let granularity = 1
    private(set) var appendSizes: ClosedRange<Int>?
    private(set) var expires: Int?
    private var version = 6

    init(job: UploadJob) { self.job = job }

    mutating func create() async throws -> StepResult {
        var headers = fields(complete: false)
        headers[.uploadLength] = "\(job.length)"
        headers[.contentType] = job.target.contentType
        let exchange = try await job.exchange(.post, job.target.url, headers, body: .empty)
        guard case .responded(let response) = exchange else { return StepResult(judging: exchange) }
        if response.status == 400, let other = response.headerFields.integer(.uploadDraftInteropVersion),
            other != version, (3...10).contains(other)
        {
            version = other
            return try await create()
        }
        // The address may have come with a 104 response already.
        let heads = response.interim + [response.head]
        let location = heads.compactMap { $0.status == 104 || $0.status == 201 ? $0.headerFields[.location] : nil }.last
        guard response.isSuccess, let location else {
            if response.isSuccess {
                throw UploadError(
                    .notSupported,
                    "the server accepted the request and offers no resumable upload; use another upload protocol")
            }
            return response.status == 404 ? StepResult(.refused, exchange) : StepResult(judging: exchange)
        }
        let upload = try response.uploadAddress(location)
        try job.checkOrigin(of: upload)
        if let limit = Self.limit("max-size", in: response.headerFields), job.length > limit {
            throw UploadError(
                .tooLarge, "the file has \(job.length) bytes and the server accepts \(limit); send a smaller file",
                status: 413)
        }
        expires = nil
        readLimits(heads.last { $0.headerFields[.uploadLimit] != nil }?.headerFields ?? [:])
        return StepResult(.created(offset: 0), exchange, upload: upload)
    }

    /// Reads the limits of the server: appends outside of them would be refused.
    private mutating func readLimits(_ headers: HTTPFields) {
        expires = job.expiryAge(headers) ?? expires
        let most = Self.limit("max-append-size", in: headers)
        let least = Self.limit("min-append-size", in: headers)
        guard most != nil || least != nil else { return }
        let low = max(1, least ?? 1)
        appendSizes = low...max(low, most ?? .max)
    }

    mutating func ask(_ upload: HTTPURL) async throws -> StepResult {
        let exchange = try await job.exchange(.head, upload, [.uploadDraftInteropVersion: "\(version)"])
        guard case .responded(let response) = exchange, response.isSuccess else { return StepResult(judging: exchange) }
        readLimits(response.headerFields)
        if isComplete(response.headerFields) { return StepResult(.complete, exchange) }
        guard let offset = response.headerFields.integer(.uploadOffset) else {
            return StepResult(.gone, exchange)
        }
        return StepResult(.offset(offset), exchange)
    }

    mutating func send(_ range: Range<Int>, next: Range<Int>, to upload: HTTPURL) async throws -> StepResult {
        let isLast = range.upperBound == job.length
        var headers = fields(complete: isLast)
        headers[.uploadOffset] = "\(range.lowerBound)"
        headers[.contentType] = "application/partial-upload"
        let body = HTTPBody(file: job.source.file, range: range)
        let exchange = try await job.exchange(.patch, upload, headers, body: body)
        guard case .responded(let response) = exchange else { return StepResult(judging: exchange) }
        if response.isSuccess {
            // Bytes that did not leave cannot be meant.
            if exchange.isPremature(body) { return StepResult(.outOfStep, exchange) }
            if isComplete(response.headerFields) { return StepResult(.complete, exchange) }
            // A page is not about these bytes: the server is asked for them.
            if response.isPageInstead { return StepResult(.outOfStep, exchange) }
            let offset = response.headerFields.integer(.uploadOffset)
            if isLast, !saysIncomplete(response.headerFields) || offset == nil {
                return StepResult(.complete, exchange)
            }
            return StepResult(.offset(offset ?? range.upperBound), exchange)
        }
        // The target rejects the whole file: resuming cannot change that.
        if isLast, isComplete(response.headerFields), response.status.code < 500 {
            throw exchange.error(.refused, at: job.length)
        }
        return StepResult(judging: exchange)
    }

    func discard(_ upload: HTTPURL) async throws -> Bool {
        let exchange = try await job.exchange(.delete, upload, [.uploadDraftInteropVersion: "\(version)"])
        guard let response = exchange.response else { return false }
        return response.isSuccess || response.status == 404 || response.status == 410
    }

    func confirm(_ upload: HTTPURL) async throws -> UploadReceipt.Confirmation { .response }

    private func fields(complete: Bool) -> HTTPFields {
        var headers: HTTPFields = [.uploadDraftInteropVersion: "\(version)"]
        if version == 3 {
            headers.set(.uploadIncomplete, boolean: !complete)
        } else {
            headers.set(.uploadComplete, boolean: complete)
        }
        return headers
    }

    /// Some servers respond with the fields of another draft than their own.
    private func isComplete(_ headers: HTTPFields) -> Bool {
        headers.structuredBoolean(.uploadComplete) == true || headers.structuredBoolean(.uploadIncomplete) == false
    }

    /// True when the server says that it waits for more, in the fields of the draft that it speaks.
    private func saysIncomplete(_ headers: HTTPFields) -> Bool {
        version == 3
            ? headers.structuredBoolean(.uploadIncomplete) == true && headers[.uploadComplete] == nil
            : headers.structuredBoolean(.uploadComplete) == false && headers[.uploadIncomplete] == nil
    }

    /// An integer of the `Upload-Limit` dictionary.
    static func limit(_ key: String, in headers: HTTPFields) -> Int? {
        headers.structuredDictionary(.uploadLimit)[key]?.integer
    }
}

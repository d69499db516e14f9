// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SystemPackage

/// tus 1.0.0: an upload of the file, or of a piece of it that the server joins with others later.
struct TusDialect: OffsetDialect {
    let job: UploadJob
    /// The bytes of the file that this upload is for.
    private let piece: Range<Int>
    private let isPartial: Bool
    private let slot: Int
    private(set) var features: TusFeatures?
    private(set) var expires: Int?
    private var isFirstChunkRefused = false
    /// The checksum of the chunk that most likely comes next.
    private var prepared: (range: Range<Int>, checksum: String)?
    let endsByOffset = true
    let granularity = 1
    let appendSizes: ClosedRange<Int>? = nil

    /// - Parameter features: What the server can do, when that is known already.
    init(job: UploadJob, piece: Range<Int>? = nil, slot: Int = 0, features: TusFeatures? = nil) {
        self.job = job
        self.piece = piece ?? 0..<job.length
        self.slot = slot
        self.features = features
        isPartial = piece != nil
    }

    mutating func create() async throws -> StepResult {
        if let failure = try await discover() { return failure }
        var headers: HTTPFields = [.tusResumable: "1.0.0", .uploadLength: "\(piece.count)"]
        if isPartial { headers[.uploadConcat] = "partial" }
        headers[.uploadMetadata] = job.tusMetadata
        var body = HTTPBody.empty
        if job.options.createsWithFirstChunk, !isFirstChunkRefused, features?.has("creation-with-upload") == true,
            !piece.isEmpty
        {
            headers[.contentType] = "application/offset+octet-stream"
            let most = min(job.options.chunkSize, try job.learntCeiling() ?? .max)
            body = HTTPBody(
                file: job.source.file, range: piece.clamped(to: piece.lowerBound..<piece.lowerBound + most))
        }
        let exchange = try await job.exchange(.post, job.target.url, headers, body: body, slot: slot)
        guard case .answer(let response) = exchange, response.status == 201 else {
            let count = body.byteCount ?? 0
            if exchange.response?.status == 413, count > 0 {
                // The chunk is too large, not the file: that would have been said of an empty creation too.
                isFirstChunkRefused = true
                try await job.learn(ceiling: max(ChunkSizer.smallest, count / 2))
                return try await create()
            }
            return try judgeCreation(exchange, bodyCount: count)
        }
        guard let location = response.headerFields[.location], let upload = try? response.url.resolving(location) else {
            throw UploadError(
                .serverMisbehaved, "the server created an upload without saying where", resumption: .startOver)
        }
        try job.checkOrigin(of: upload)
        expires = job.expiryDate(response.headerFields)
        let offset = body.byteCount == 0 ? 0 : response.headerFields.integer(.uploadOffset) ?? 0
        return StepResult(.created(offset: offset), exchange, upload: upload)
    }

    private func judgeCreation(_ exchange: UploadJob.Exchange, bodyCount: Int) throws -> StepResult {
        if case .answer(let response) = exchange, response.status == 404 { return StepResult(.refused, exchange) }
        let step = StepResult(judging: exchange)
        if case .transient = step.step, bodyCount == piece.count, bodyCount > 0, exchange.bodyLeft {
            throw UploadError(
                .outcomeUnknown,
                "all of it was sent and no usable answer came; look whether it is there before sending it again",
                resumption: .startOver)
        }
        return step
    }

    /// Asks once what the server can do. A server that does not say can still create uploads; one whose answer was lost
    /// is asked again, because without it chunks would go out without their checksums.
    /// - Returns: What to do instead when there is no telling now.
    mutating func discover() async throws -> StepResult? {
        guard features == nil else { return nil }
        let exchange = try await job.exchange(.options, job.target.url)
        guard case .answer(let response) = exchange,
            response.status == 501 || [.success, .definite].contains(ResponseClass(ofUpload: response.status))
        else { return StepResult(judging: exchange) }
        let found = TusFeatures(response)
        if let limit = found.maximumSize, job.length > limit {
            throw UploadError(.tooLarge, "the file has \(job.length) bytes and the server takes \(limit)", status: 413)
        }
        features = found
        return nil
    }

    mutating func ask(_ upload: HTTPURL) async throws -> StepResult {
        if let failure = try await discover() { return failure }
        let exchange = try await job.exchange(.head, upload, [.tusResumable: "1.0.0"], slot: slot)
        guard case .answer(let response) = exchange, response.isSuccess else {
            // Some servers forbid what they have removed.
            if case .answer(let response) = exchange, response.status == 403 { return StepResult(.gone, exchange) }
            return StepResult(judging: exchange)
        }
        guard let offset = response.headerFields.integer(.uploadOffset) else {
            return StepResult(.gone, exchange)
        }
        if let length = response.headerFields.integer(.uploadLength), length != piece.count {
            throw UploadError(
                .verificationFailed, "the upload is for \(length) bytes, the file has \(piece.count)",
                resumption: .startOver)
        }
        expires = job.expiryDate(response.headerFields) ?? expires
        return StepResult(.offset(offset), exchange)
    }

    mutating func send(_ range: Range<Int>, next: Range<Int>, to upload: HTTPURL) async throws -> StepResult {
        var headers: HTTPFields = [
            .tusResumable: "1.0.0", .uploadOffset: "\(range.lowerBound)",
            .contentType: "application/offset+octet-stream",
        ]
        let body = HTTPBody(file: job.source.file, range: place(range))
        guard job.options.checksums, let algorithm = features?.checksumAlgorithm else {
            return try await append(headers, body, upload)
        }
        let source = job.source
        if let prepared, prepared.range == range {
            headers[.uploadChecksum] = prepared.checksum
        } else {
            headers[.uploadChecksum] = try await Self.checksum(algorithm, place(range), of: source)
        }
        // Read and hashed while this one is on the line, which would be idle later.
        let nextPlace = place(next)
        async let following = next.isEmpty ? "" : Self.checksum(algorithm, nextPlace, of: source)
        let result = try await append(headers, body, upload)
        prepared = nil
        if case .offset(range.upperBound) = result.step, !next.isEmpty { prepared = (next, try await following) }
        return result
    }

    /// Where bytes of this upload are in the file.
    private func place(_ range: Range<Int>) -> Range<Int> {
        piece.lowerBound + range.lowerBound..<piece.lowerBound + range.upperBound
    }

    private mutating func append(_ headers: HTTPFields, _ body: HTTPBody, _ upload: HTTPURL) async throws
        -> StepResult
    {
        let exchange = try await job.exchange(.patch, upload, headers, body: body, slot: slot)
        if exchange.response?.status == 405 || exchange.response?.status == 501 {
            return try await sendByPOST(headers, body, upload)
        }
        return judgeAppend(exchange)
    }

    /// For paths that let no PATCH through.
    private mutating func sendByPOST(_ headers: HTTPFields, _ body: HTTPBody, _ upload: HTTPURL) async throws
        -> StepResult
    {
        var headers = headers
        headers[.methodOverride] = "PATCH"
        return judgeAppend(try await job.exchange(.post, upload, headers, body: body, slot: slot))
    }

    private mutating func judgeAppend(_ exchange: UploadJob.Exchange) -> StepResult {
        guard case .answer(let response) = exchange, response.isSuccess else { return StepResult(judging: exchange) }
        expires = job.expiryDate(response.headerFields) ?? expires
        let offset = response.headerFields.integer(.uploadOffset)
        // An answer without an offset is no acknowledgement of any.
        return StepResult(offset.map { .offset($0) } ?? .outOfStep, exchange)
    }

    func discard(_ upload: HTTPURL) async throws -> Bool {
        let exchange = try await job.exchange(.delete, upload, [.tusResumable: "1.0.0"])
        return [204, 200, 404, 410].contains(exchange.response?.status)
    }

    /// The offset that brought us here is the server's count of what it has.
    func confirm(_ upload: HTTPURL) async throws -> UploadReceipt.Confirmation { .length }

    private static func checksum(
        _ algorithm: String, _ range: Range<Int>, of source: UploadSource
    ) async throws -> String {
        if algorithm == "sha256" { return "sha256 \(try await source.sha256(range).base64)" }
        return "sha1 \(try await source.sha1(range).base64)"
    }
}

/// What a tus server says that it can do.
struct TusFeatures: Sendable {
    private var extensions: Set<String> = []
    private(set) var maximumSize: Int?
    private(set) var checksumAlgorithm: String?

    init(_ response: ClientResponse) {
        guard response.isSuccess else { return }
        func list(_ name: HTTPField.Name) -> [String] {
            (response.headerFields[name] ?? "").split(separator: ",").map { $0.lowercased().filter { $0 != " " } }
        }
        extensions = Set(list(.tusExtension))
        maximumSize = response.headerFields.integer(.tusMaximumSize).flatMap { $0 > 0 ? $0 : nil }
        if extensions.contains("checksum") {
            let offered = list(.tusChecksumAlgorithm)
            checksumAlgorithm = ["sha256", "sha1"].first { offered.contains($0) }
        }
    }

    func has(_ name: String) -> Bool { extensions.contains(name) }
}

extension UploadJob {
    /// Both keys always: a server is known that fails on uploads without either.
    var tusMetadata: String {
        let name = target.filename ?? source.path.lastComponent?.string ?? "file"
        return "filename \(Array(name.utf8).base64),filetype \(Array(target.contentType.utf8).base64)"
    }

    /// The headers, and with them the credentials, go to an upload's address from now on.
    func checkOrigin(of upload: HTTPURL) throws(UploadError) {
        guard upload.origin == target.url.origin || target.headers.isEmpty else {
            throw UploadError(
                .serverMisbehaved,
                "the server moves the upload to \(upload.authority), where the credentials must not go; use that address"
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SystemPackage

/// tus 1.0.0, for the file or for a piece of it that the server joins with others later.
struct TusDialect: OffsetDialect {
    let job: UploadJob
    /// The bytes of the file that this upload sends.
    private let piece: Range<Int>
    private let isPartial: Bool
    private let slot: Int
    /// The record, for a creation that carries the whole file.
    private let keeper: RecordKeeper?
    private(set) var features: TusFeatures?
    private(set) var expires: Int?
    private var isFirstChunkRefused = false
    /// The checksum of the chunk that most likely comes next.
    private var prepared: (range: Range<Int>, checksum: String)?
    let endsByOffset = true
    let granularity = 1
    let appendSizes: ClosedRange<Int>? = nil

    /// - Parameter features: The features of the server, if known already.
    init(
        job: UploadJob, piece: Range<Int>? = nil, slot: Int = 0, features: TusFeatures? = nil,
        keeper: RecordKeeper? = nil
    ) {
        self.job = job
        self.keeper = keeper
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
            let most = min(job.options.chunkSize, try await job.learntCeiling() ?? .max)
            body = HTTPBody(
                file: job.source.file, range: piece.clamped(to: piece.lowerBound..<piece.lowerBound + most))
        }
        let exchange = try await sendCreation(headers, body)
        guard case .responded(let response) = exchange, response.status == 201 else {
            let count = body.byteCount ?? 0
            if exchange.response?.status == 413, count > 0 {
                // The chunk is too large, not the file: an empty creation would have been refused too.
                isFirstChunkRefused = true
                try await job.learn(ceiling: max(ChunkSizer.smallest, count / 2))
                return try await create()
            }
            let result = try judgeCreation(exchange, bodyCount: count)
            if let keeper { try await job.noEffect(keeper) }
            return result
        }
        let upload = try response.uploadAddress(response.headerFields[.location])
        try job.checkOrigin(of: upload)
        expires = job.expiryDate(response.headerFields)
        let offset = body.byteCount == 0 ? 0 : response.headerFields.integer(.uploadOffset) ?? 0
        return StepResult(.created(offset: offset), exchange, upload: upload)
    }

    private func sendCreation(_ headers: HTTPFields, _ body: HTTPBody) async throws -> UploadJob.Exchange {
        guard let keeper, !piece.isEmpty, body.byteCount == piece.count else {
            return try await job.exchange(.post, job.target.url, headers, body: body, slot: slot)
        }
        return try await job.exchangeOnce(keeper, body, slot: slot) {
            try await job.exchange(.post, job.target.url, headers, body: body, slot: slot)
        }
    }

    private func judgeCreation(_ exchange: UploadJob.Exchange, bodyCount: Int) throws -> StepResult {
        if case .responded(let response) = exchange, response.status == 404 { return StepResult(.refused, exchange) }
        let step = StepResult(judging: exchange)
        if case .transient = step.step, bodyCount == piece.count, bodyCount > 0, exchange.bodyLeft {
            throw UploadError(
                .outcomeUnknown,
                "the whole file was sent and no usable response came; check the server before sending it again")
        }
        return step
    }

    /// Asks for the features of the server, once. A server without an `OPTIONS` response can still create uploads. A
    /// lost response is asked for again, because chunks would have no checksums without it.
    /// - Returns: The failed step; `nil` when the features are known.
    mutating func discover() async throws -> StepResult? {
        guard features == nil else { return nil }
        let exchange = try await job.exchange(.options, job.target.url)
        guard case .responded(let response) = exchange,
            response.status == 501 || [.success, .definite].contains(ResponseClass(ofUpload: response.status))
        else { return StepResult(judging: exchange) }
        let found = TusFeatures(response)
        if let limit = found.maximumSize, job.length > limit {
            throw UploadError(
                .tooLarge, "the file has \(job.length) bytes and the server accepts \(limit); send a smaller file",
                status: 413)
        }
        features = found
        return nil
    }

    mutating func ask(_ upload: HTTPURL) async throws -> StepResult {
        if let failure = try await discover() { return failure }
        let exchange = try await job.exchange(.head, upload, [.tusResumable: "1.0.0"], slot: slot)
        guard case .responded(let response) = exchange, response.isSuccess else {
            // Some servers respond with 403 for removed uploads.
            if case .responded(let response) = exchange, response.status == 403 { return StepResult(.gone, exchange) }
            return StepResult(judging: exchange)
        }
        guard let offset = response.headerFields.integer(.uploadOffset) else {
            return StepResult(.gone, exchange)
        }
        if let length = response.headerFields.integer(.uploadLength), length != piece.count {
            throw UploadError(
                .verificationFailed,
                "the server expects \(length) bytes and the file has \(piece.count); send it again",
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
        // Read and hashed while this one is sent, so that the connection is not idle later.
        let nextPlace = place(next)
        async let following = next.isEmpty ? "" : Self.checksum(algorithm, nextPlace, of: source)
        let result = try await append(headers, body, upload)
        prepared = nil
        if case .offset(range.upperBound) = result.step, !next.isEmpty { prepared = (next, try await following) }
        return result
    }

    /// The place of a range of this upload in the file.
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

    /// Sends a chunk by POST, for proxies that let no PATCH through.
    private mutating func sendByPOST(_ headers: HTTPFields, _ body: HTTPBody, _ upload: HTTPURL) async throws
        -> StepResult
    {
        var headers = headers
        headers[.methodOverride] = "PATCH"
        return judgeAppend(try await job.exchange(.post, upload, headers, body: body, slot: slot))
    }

    private mutating func judgeAppend(_ exchange: UploadJob.Exchange) -> StepResult {
        guard case .responded(let response) = exchange, response.isSuccess else { return StepResult(judging: exchange) }
        expires = job.expiryDate(response.headerFields) ?? expires
        let offset = response.headerFields.integer(.uploadOffset)
        // A response without an offset acknowledges nothing.
        return StepResult(offset.map { .offset($0) } ?? .outOfStep, exchange)
    }

    func discard(_ upload: HTTPURL) async throws -> Bool {
        let exchange = try await job.exchange(.delete, upload, [.tusResumable: "1.0.0"])
        return [204, 200, 404, 410].contains(exchange.response?.status)
    }

    /// The server's own offset has confirmed the length already.
    func confirm(_ upload: HTTPURL) async throws -> UploadReceipt.Confirmation { .length }

    private static func checksum(
        _ algorithm: String, _ range: Range<Int>, of source: UploadSource
    ) async throws -> String {
        if algorithm == "sha256" { return "sha256 \(try await source.sha256(range).base64)" }
        return "sha1 \(try await source.sha1(range).base64)"
    }
}

/// The features that a tus server announces.
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
    /// Always both keys: a known server fails on uploads without them.
    var tusMetadata: String {
        let name = target.filename ?? source.path.lastComponent?.string ?? "file"
        return "filename \(Array(name.utf8).base64),filetype \(Array(target.contentType.utf8).base64)"
    }

    /// Keeps credentials at the target's origin: from now on they are sent to the upload's address.
    func checkOrigin(of upload: HTTPURL) throws(UploadError) {
        guard upload.scheme == "https" || target.url.scheme == "http" else {
            throw UploadError(
                .serverMisbehaved,
                "the server is reached by https and gives the address \(upload), which is not encrypted; a server behind a "
                    + "proxy has to be told that its clients use https (X-Forwarded-Proto)", resumption: .startOver)
        }
        guard upload.origin == target.url.origin || target.headers.isEmpty else {
            throw UploadError(
                .serverMisbehaved,
                "the server moves the upload to \(upload.authority), which must not get the credentials; use that address as target"
            )
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import SnugHTTP
internal import SystemPackage

/// tus 1.0.0.
struct TusDialect: OffsetDialect {
    let job: UploadJob
    private var extensions: Set<String> = []
    private var checksumAlgorithm: String?
    private var isDiscovered = false
    private(set) var chunkCeiling: Int?
    let endsByOffset = true
    let granularity = 1

    init(job: UploadJob) { self.job = job }

    /// Asks once what the server can do. A server that does not say can still create uploads; one whose answer was lost
    /// is asked again, because without it chunks would go out without their checksums.
    /// - Returns: What to do instead when there is no telling now.
    private mutating func discover() async throws -> StepResult? {
        guard !isDiscovered else { return nil }
        let exchange = try await job.exchange("OPTIONS", job.target.url)
        guard case .answer(let response) = exchange, ![408, 425, 429].contains(response.status),
            response.status < 500 || response.status == 501
        else { return StepResult(judging: exchange) }
        isDiscovered = true
        guard response.isSuccess else { return nil }
        func list(_ name: String) -> [String] {
            (response.headers[name] ?? "").split(separator: ",").map { $0.lowercased().filter { $0 != " " } }
        }
        extensions = Set(list("Tus-Extension"))
        if let limit = response.headers["Tus-Max-Size"].flatMap({ Int($0) }), limit > 0, job.length > limit {
            throw UploadError(.tooLarge, "the file has \(job.length) bytes and the server takes \(limit)", status: 413)
        }
        if extensions.contains("checksum"), job.options.checksums {
            let offered = list("Tus-Checksum-Algorithm")
            checksumAlgorithm = ["sha256", "sha1"].first { offered.contains($0) }
        }
        return nil
    }

    mutating func create() async throws -> StepResult {
        if let failure = try await discover() { return failure }
        let headers: HTTPHeaders = [
            "Tus-Resumable": "1.0.0", "Upload-Length": "\(job.length)", "Upload-Metadata": metadata,
        ]
        let exchange = try await job.exchange("POST", job.target.url, headers, body: .empty)
        guard case .answer(let response) = exchange, response.status == 201 else {
            if case .answer(let response) = exchange, response.status == 404 { return StepResult(.refused, exchange) }
            return StepResult(judging: exchange)
        }
        guard let location = response.headers["Location"], let upload = try? response.url.resolving(location) else {
            throw UploadError(
                .serverMisbehaved, "the server created an upload without saying where", resumption: .startOver)
        }
        try checkOrigin(upload)
        return StepResult(.created(offset: 0), exchange, upload: upload)
    }

    mutating func ask(_ upload: HTTPURL) async throws -> StepResult {
        if let failure = try await discover() { return failure }
        let exchange = try await job.exchange("HEAD", upload, ["Tus-Resumable": "1.0.0"])
        guard case .answer(let response) = exchange, response.isSuccess else {
            // Some servers forbid what they have removed.
            if case .answer(let response) = exchange, response.status == 403 { return StepResult(.gone, exchange) }
            return StepResult(judging: exchange)
        }
        guard let offset = response.headers["Upload-Offset"].flatMap({ Int($0) }) else {
            return StepResult(.gone, exchange)
        }
        if let length = response.headers["Upload-Length"].flatMap({ Int($0) }), length != job.length {
            throw UploadError(
                .verificationFailed, "the upload is for \(length) bytes, the file has \(job.length)",
                resumption: .startOver)
        }
        return StepResult(.offset(offset), exchange)
    }

    mutating func send(_ range: Range<Int>, to upload: HTTPURL) async throws -> StepResult {
        var headers: HTTPHeaders = [
            "Tus-Resumable": "1.0.0", "Upload-Offset": "\(range.lowerBound)",
            "Content-Type": "application/offset+octet-stream",
        ]
        if let checksumAlgorithm { headers["Upload-Checksum"] = try await checksum(checksumAlgorithm, range) }
        let body = HTTPBody(file: job.source.file, range: range)
        let exchange = try await job.exchange("PATCH", upload, headers, body: body)
        guard case .answer(let response) = exchange, response.isSuccess else { return StepResult(judging: exchange) }
        let offset = response.headers["Upload-Offset"].flatMap { Int($0) }
        // An answer without an offset is no acknowledgement of any.
        return StepResult(offset.map { .offset($0) } ?? .outOfStep, exchange)
    }

    func discard(_ upload: HTTPURL) async throws -> Bool {
        let exchange = try await job.exchange("DELETE", upload, ["Tus-Resumable": "1.0.0"])
        return [204, 200, 404, 410].contains(exchange.response?.status)
    }

    /// The offset that brought us here is the server's count of what it has.
    func confirm(_ upload: HTTPURL) async throws -> UploadReceipt.Confirmation { .length }

    /// Both keys always: a server is known that fails on uploads without either.
    private var metadata: String {
        let name = job.target.filename ?? job.source.path.lastComponent?.string ?? "file"
        return "filename \(Array(name.utf8).base64),filetype \(Array(job.target.contentType.utf8).base64)"
    }

    private func checksum(_ algorithm: String, _ range: Range<Int>) async throws -> String {
        if algorithm == "sha256" { return "sha256 \(try await job.source.digests(range).sha256.base64)" }
        return "sha1 \(try await job.source.sha1(range).base64)"
    }

    private func checkOrigin(_ upload: HTTPURL) throws(UploadError) {
        // The headers, and with them the credentials, go to the upload's address from now on.
        guard upload.origin == job.target.url.origin || job.target.headers.fields.isEmpty else {
            throw UploadError(
                .serverMisbehaved,
                "the server moves the upload to \(upload.authority), where the credentials must not go; use that address"
            )
        }
    }
}

extension UploadSource {
    /// SHA-1, which tus makes obligatory for servers; against accidents only.
    @concurrent
    func sha1(_ range: Range<Int>) async throws -> [UInt8] {
        var hash = Insecure.SHA1()
        var offset = range.lowerBound
        while offset < range.upperBound {
            try Task.checkCancellation()
            let bytes = try file.bytes(at: offset, count: min(256 * 1024, range.upperBound - offset))
            guard !bytes.isEmpty else {
                throw UploadError(.sourceChanged, "\(path) became shorter", resumption: .startOver)
            }
            hash.update(data: bytes)
            offset += bytes.count
        }
        return Array(hash.finalize())
    }
}

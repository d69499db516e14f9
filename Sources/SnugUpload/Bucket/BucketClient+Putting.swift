// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Logging
internal import SnugHTTP
internal import SnugSystem
internal import Synchronization
public import SystemPackage

extension BucketClient {
    /// Stores a file as an object, which takes the place of one that is there.
    ///
    /// A small file goes in one request, a large one in parts at the same time. What the server says about the bytes is
    /// compared with the file's.
    /// - Parameters:
    ///   - file: The file, which must not change meanwhile.
    ///   - key: The name of the object.
    ///   - content: The content that the file has to have; another one is not sent.
    ///   - contentType: The media type.
    /// - Throws: ``BucketError``, `CancellationError`.
    @discardableResult
    public func put(
        _ file: FilePath, as key: String, content: BucketContent? = nil,
        contentType: String = "application/octet-stream"
    ) async throws -> UploadReceipt.Confirmation {
        try Self.check(key)
        do {
            let source = try await threads.run { try UploadSource(file) }
            if let content { try await Self.compare(source, content) }
            let isSmall = source.byteCount <= options.singleRequestLimit
            let confirmation =
                isSmall
                ? try await putWhole(source, key, contentType) : try await putParts(source, key, contentType)
            try await threads.run { try source.checkUnchanged() }
            return confirmation
        } catch let error as UploadError {
            throw BucketError(error)
        }
    }

    private static func compare(_ source: UploadSource, _ content: BucketContent) async throws {
        guard source.byteCount == content.byteCount,
            try await source.sha256(0..<source.byteCount).hexadecimal == content.sha256.lowercased()
        else {
            throw BucketError(
                .damaged,
                "\(source.path) does not have the content that its name promises (\(content.byteCount) bytes with the "
                    + "SHA-256 \(content.sha256)); it was changed or damaged on this machine")
        }
    }

    // MARK: In one request

    private func putWhole(
        _ source: UploadSource, _ key: String, _ contentType: String
    ) async throws -> UploadReceipt.Confirmation {
        let digests = try await source.digests(0..<source.byteCount, and: .md5)
        var request = BucketRequest(.put, key: key)
        request.headers[.contentType] = contentType
        request.body = source.byteCount == 0 ? .empty : HTTPBody(file: source.file)
        request.payloadHash = digests.sha256.hexadecimal
        var opaqueETag: String?
        for _ in 0..<3 {
            let response = try await put(request, digests)
            switch Self.judge(response, digests, opaqueETag: opaqueETag) {
            case .same: return .checksum
            case .unknown: return try await confirmLength(key, source.byteCount)
            case .different(let etag): opaqueETag = etag
            }
        }
        throw BucketError(
            .damaged, "\(key): the server keeps other bytes than were sent; check memory and network")
    }

    /// Sends the bytes with the checksum that the server knows. Not every one knows those of S3, and each says so in its own
    /// way.
    private func put(_ request: BucketRequest, _ digests: PieceDigests) async throws -> ClientResponse {
        var request = request
        guard takesChecksums.withLock({ $0 }) else {
            request.headers[.contentMD5] = digests.md5?.base64
            return try await call(request)
        }
        request.headers[.amazonChecksumSHA256] = digests.sha256.base64
        do {
            return try await call(request)
        } catch let error as BucketError where error.status == 400 || error.status == 501 {
            request.headers[.amazonChecksumSHA256] = nil
            request.headers[.contentMD5] = digests.md5?.base64
            let response: ClientResponse
            do { response = try await call(request) } catch is BucketError { throw error }
            takesChecksums.withLock { $0 = false }
            return response
        }
    }

    private enum Comparison {
        case same
        /// The server tells nothing that can be compared.
        case unknown
        case different(etag: String?)
    }

    /// Compares what the server says that it stored with what was sent.
    /// - Parameter opaqueETag: The other `ETag` of an earlier attempt. Damage is never the same twice, so an `ETag` that
    ///   is has another meaning.
    private static func judge(
        _ response: ClientResponse, _ digests: PieceDigests, opaqueETag: String?
    ) -> Comparison {
        let fields = response.headerFields
        if let theirs = fields[.amazonChecksumSHA256], theirs.utf8.count == 44 {
            return theirs == digests.sha256.base64 ? .same : .different(etag: nil)
        }
        guard let etag = fields[.eTag], S3Parts.isDigest(etag), !S3Upload.hasOpaqueETag(response) else {
            return .unknown
        }
        if S3Parts.unquoted(etag).lowercased() == digests.md5?.hexadecimal { return .same }
        return etag == opaqueETag ? .unknown : .different(etag: etag)
    }

    /// Looks at an object about whose bytes the server has said nothing.
    private func confirmLength(_ key: String, _ byteCount: Int) async throws -> UploadReceipt.Confirmation {
        let found = try await head(key)
        guard let found, found.byteCount == byteCount else {
            throw BucketError(
                .misbehaved,
                "\(key): the server reported success, and \(found.map { "has \($0.byteCount) bytes" } ?? "has no object"); "
                    + "send it again")
        }
        return .length
    }

    // MARK: In parts

    private func putParts(
        _ source: UploadSource, _ key: String, _ contentType: String
    ) async throws -> UploadReceipt.Confirmation {
        // Shows in which region the bucket is: parts do not follow it there.
        _ = try await head(key)
        let settings = regionalSettings
        let url = try address.url(of: key, region: settings.region)
        let target = UploadTarget(url, .s3, contentType: contentType, s3: settings)
        let job = UploadJob(
            source: source, target: target, options: uploadOptions, client: client, store: nil,
            limits: HostLimits(nil), environment: environment, logger: logger)
        let upload = try S3Upload(job: job)
        let record = UploadRecord(
            key: job.key, path: source.path.string, fingerprint: source.fingerprint, bytes: source.byteCount,
            target: url.description, uploadProtocol: .s3, created: environment.wallClock())
        do {
            return try await upload.run(record).confirmation
        } catch {
            await discard(job)
            throw error
        }
    }

    private var uploadOptions: UploadOptions {
        var options = UploadOptions()
        options.chunkSize = max(self.options.partSize, S3Parts.smallest)
        options.parallelism = self.options.parallelism
        options.attemptsWithoutProgress = self.options.retry.maximumAttempts
        options.retry = self.options.retry
        options.stallTimeout = self.options.stallTimeout
        options.attemptTimeout = self.options.attemptTimeout
        options.bandwidthLimiter = self.options.bandwidthLimiter
        return options
    }

    /// Removes the parts of an upload that ended early, in a task of its own because the caller's may be cancelled.
    private func discard(_ job: UploadJob) async {
        await Task { [logger, brief = job.withShortDeadline(.seconds(5))] in
            do {
                guard let record = try await job.record() else { return }
                let upload = try S3Upload(job: brief)
                if let id = try await upload.identifier(record) { _ = try await upload.discard(id) }
            } catch {
                logger.debug("the parts of an upload stay at the server", metadata: ["error": "\(error)"])
            }
        }.value
    }
}

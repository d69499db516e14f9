// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Logging
internal import SnugHTTP
internal import SnugSystem
internal import Synchronization

/// An S3 multipart upload: created, listed after a restart, sent in parallel, joined and compared.
struct S3Upload {
    let job: UploadJob
    let signer: SigV4
    let settings: S3Settings
    let object: HTTPURL

    init(job: UploadJob) throws(UploadError) {
        guard let settings = job.target.s3 else {
            throw UploadError(.invalidTarget, "S3 needs an access key; set one")
        }
        self.job = job
        self.settings = settings
        signer = SigV4(settings: settings)
        // The sent path has to equal the signed one: encoded once, all but the unreserved characters.
        let url = job.target.url
        let path = SigV4.encoded(SigV4.decoded(url.path), keepingSlashes: true)
        guard url.query == nil, path.utf8.count > 1,
            let object = try? HTTPURL("\(url.scheme)://\(url.authority)\(path)")
        else {
            throw UploadError(.invalidTarget, "\(url) does not name an object; write https://host/bucket/key")
        }
        self.object = object
    }

    func run(_ record: UploadRecord) async throws -> UploadReceipt {
        var record = record
        var restarts = 0
        var wantsChecksum = job.options.checksums
        while true {
            do {
                return try await runOnce(&record, wantsChecksum: wantsChecksum)
            } catch let error as UploadError where error.code == .gone && restarts < 3 {
                restarts += 1
                job.note(.startedOverBecauseGone)
                record.uploadID = nil
            } catch let error as UploadError where error.code == .tooLarge {
                try await shrink(&record, after: error)
            } catch let error as UploadError where wantsChecksum && (error.status == 400 || error.status == 501) {
                // Not every S3 server knows checksums of whole objects, and each reports that in its own way.
                wantsChecksum = false
                try await withoutChecksum(&record, after: error)
            }
        }
    }

    private func runOnce(_ record: inout UploadRecord, wantsChecksum: Bool) async throws -> UploadReceipt {
        var parts: S3Parts
        if let size = record.partSize, record.uploadID != nil {
            parts = S3Parts(length: job.length, size: size)
            if let receipt = try await takeOver(&parts, record) { return receipt }
        } else {
            let ceiling = try await job.learntCeiling() ?? .max
            parts = S3Parts(length: job.length, wanted: min(job.options.chunkSize, ceiling))
            let mayExist = record.creating != nil
            let since = record.creating ?? job.environment.wallClock()
            record.creating = since
            try await job.save(record)
            let begun: Begun
            do {
                begun = try await create(since: since, mayExist: mayExist, wantsChecksum: wantsChecksum)
            } catch let error as UploadError where [.refused, .credentialsRefused].contains(error.code) {
                // Nothing was begun that could be resumed or removed.
                record.creating = nil
                try await job.save(record)
                throw error
            }
            record.uploadID = begun.id
            record.hasWholeChecksum = begun.hasWholeChecksum
            record.creating = nil
            record.partSize = parts.size
            try await job.save(record)
        }
        let hasCRC = record.hasWholeChecksum == true
        guard let id = record.uploadID else { throw UploadError(.gone, "no upload id", resumption: .startOver) }
        var rounds = 0
        while true {
            parts = try await send(parts, id, hasCRC: hasCRC)
            record.sentEverything = true
            try await job.save(record)
            do {
                return try await complete(parts, id)
            } catch let disagreement as PartsDisagree {
                rounds += 1
                guard rounds < 4 else { throw disagreement.error }
                // The server's list decides which parts are sent again; if none, our list was damaged on the way.
                parts = S3Parts(length: job.length, size: parts.size)
                if let receipt = try await takeOver(&parts, record) { return receipt }
            }
        }
    }

    /// The server does not have the parts that it was told to join.
    struct PartsDisagree: Error { var error: UploadError }

    // MARK: The calls

    /// Lists the parts at the server and accepts those that equal the file's.
    /// - Returns: A receipt when the upload turns out to be complete already.
    private func takeOver(_ parts: inout S3Parts, _ record: UploadRecord) async throws -> UploadReceipt? {
        guard let id = record.uploadID else { return nil }
        let hasCRC = record.hasWholeChecksum == true
        let listed: [(number: Int, size: Int, etag: String)]
        do {
            listed = try await list(id)
        } catch let error as UploadError where error.code == .gone && record.sentEverything {
            // Joined, and the response lost with the process: the object itself shows it.
            for number in parts.missing {
                let digests = try await job.source.digests(parts.range(number), and: hasCRC ? .crc64 : .md5)
                parts.finish(number, .init(etag: "", md5: digests.md5, crc64: digests.crc64))
            }
            if case .same(let receipt) = try await compareObject(parts) { return receipt }
            throw error
        }
        for part in listed where part.number >= 1 && part.number <= parts.count {
            let range = parts.range(part.number)
            guard part.size == range.count else { continue }
            let digests = try await job.source.digests(range, and: hasCRC ? [.md5, .crc64] : .md5)
            // Parts without a digest cannot be compared and are sent again.
            guard S3Parts.isDigest(part.etag), S3Parts.unquoted(part.etag) == digests.md5?.hexadecimal else { continue }
            parts.finish(part.number, .init(etag: part.etag, md5: digests.md5, crc64: digests.crc64))
        }
        job.confirm(parts.bytesDone, chunkSize: parts.size)
        return nil
    }

    func list(_ id: String) async throws -> [(number: Int, size: Int, etag: String)] {
        var found: [(number: Int, size: Int, etag: String)] = []
        var marker = 0
        while true {
            let query = "max-parts=1000&part-number-marker=\(marker)&uploadId=\(SigV4.encoded(id))"
            let listing = S3ResponseBody(try await call(.get, query: query).body)
            for part in listing.all("Part") {
                guard let number = part["PartNumber"].flatMap({ Int($0) }),
                    let size = part["Size"].flatMap({ Int($0) }),
                    let etag = part["ETag"]
                else { continue }
                found.append((number, size, etag))
            }
            guard listing["IsTruncated"] == "true", let next = listing["NextPartNumberMarker"].flatMap({ Int($0) }),
                next > marker
            else { return found }
            marker = next
        }
    }

    private func send(_ parts: S3Parts, _ id: String, hasCRC: Bool) async throws -> S3Parts {
        try await withThrowingTaskGroup(of: (Int, S3Parts.Done).self) { group in
            var parts = parts
            var running = 0
            for number in parts.missing {
                if running == max(1, job.options.parallelism ?? 4) {
                    if let (finished, part) = try await group.next() { accept(finished, part, &parts) }
                } else {
                    running += 1
                }
                let range = parts.range(number)
                group.addTask { (number, try await sendPart(number, range, id, hasCRC: hasCRC)) }
            }
            for try await (finished, part) in group { accept(finished, part, &parts) }
            return parts
        }
    }

    private func accept(_ number: Int, _ part: S3Parts.Done, _ parts: inout S3Parts) {
        parts.finish(number, part)
        job.confirm(parts.bytesDone, chunkSize: parts.size)
    }

    /// Sends a part, and sends it again if a different checksum comes back.
    private func sendPart(
        _ number: Int, _ range: Range<Int>, _ id: String, hasCRC: Bool
    ) async throws -> S3Parts.Done {
        var last: String?
        for _ in 0..<2 {
            do {
                return try await sendPartOnce(number, range, id, hasCRC: hasCRC, opaqueETag: last)
            } catch let error as PartDiffers {
                job.tally.withLock { $0.retries += 1 }
                last = error.etag
            }
        }
        do {
            return try await sendPartOnce(number, range, id, hasCRC: hasCRC, opaqueETag: last)
        } catch is PartDiffers {
            throw UploadError(
                .checksumMismatch, "part \(number) arrived damaged; check memory and network", resumption: .startOver)
        }
    }

    /// The server tells another checksum for a part.
    private struct PartDiffers: Error {
        /// The `ETag`, where it is the checksum.
        var etag: String?
    }

    /// - Parameter opaqueETag: The other `ETag` of an earlier attempt. Damage is never the same twice, so an `ETag` that
    ///   is has another meaning, and the server has compared `Content-MD5`.
    private func sendPartOnce(
        _ number: Int, _ range: Range<Int>, _ id: String, hasCRC: Bool, opaqueETag: String?
    ) async throws -> S3Parts.Done {
        // A server that checks the CRC needs no MD5, which takes longer than everything else.
        let digests = try await job.source.digests(range, and: hasCRC ? .crc64 : .md5)
        let query = "partNumber=\(number)&uploadId=\(SigV4.encoded(id))"
        let crc = digests.crc64.map(CRC64.text)
        var headers: HTTPFields = [:]
        if let crc { headers[.amazonChecksumCRC64] = crc }
        if let md5 = digests.md5 { headers[.contentMD5] = md5.base64 }
        let response = try await call(
            .put, query: query, headers: headers, body: HTTPBody(file: job.source.file, range: range),
            payloadHash: digests.sha256.hexadecimal, slot: number, needsWholeResponse: false)
        guard let etag = response.headerFields[.eTag], !etag.isEmpty else {
            throw UploadError(
                .serverMisbehaved, "the server accepted part \(number) and sent no ETag", resumption: .startOver)
        }
        if let crc, let theirs = Self.checksum(response), theirs != crc { throw PartDiffers() }
        var isOpaque = Self.hasOpaqueETag(response)
        if !isOpaque, let md5 = digests.md5, S3Parts.isDigest(etag),
            S3Parts.unquoted(etag).lowercased() != md5.hexadecimal
        {
            guard etag == opaqueETag else { throw PartDiffers(etag: etag) }
            isOpaque = true
        }
        return S3Parts.Done(etag: etag, md5: digests.md5, crc64: digests.crc64, hasOpaqueETag: isOpaque)
    }

    private func complete(_ parts: S3Parts, _ id: String) async throws -> UploadReceipt {
        let body = Array(parts.completion.utf8)
        var headers: HTTPFields = [.contentType: "application/xml"]
        if settings.refusesOverwriting { headers[.ifNoneMatch] = "*" }
        if let crc = parts.wholeCRC64 {
            headers[.amazonChecksumCRC64] = CRC64.text(crc)
            headers[.amazonChecksumType] = "FULL_OBJECT"
        }
        let joined: ClientResponse?
        do {
            let query = "uploadId=\(SigV4.encoded(id))"
            joined = try await call(
                .post, query: query, headers: headers, body: HTTPBody(bytes: body), payloadHash: Self.hash(body))
        } catch let error as UploadError where error.code == .gone || error.status == 412 {
            // An earlier request, whose response was lost, has joined them, or another object is there.
            if case .same(let receipt) = try await compareObject(parts) { return receipt }
            throw error
        } catch let error as UploadError where error.isLateFailure {
            // Accepted, and the response is too large to be read: the object shows what it says.
            joined = nil
        }
        switch try await compareObject(parts) {
        case .same(let receipt): return receipt
        case .different:
            throw UploadError(
                .verificationFailed,
                "the object at \(object) is not the file that was sent; check for other writers",
                resumption: .startOver)
        case .absent:
            // The object of a store that is slow to show it is there by the server's own words.
            if let joined, Self.namesObject(joined) { return try receipt(parts, joinedBy: joined) }
            throw UploadError(
                .outcomeUnknown,
                "the server took the request to join the parts, said nothing that can be read, and shows no object; "
                    + "check the object at \(object)")
        case .unreadable(let error):
            // A key that may only write cannot ask for the object.
            if let joined, !joined.isWebPage { return try receipt(parts, joinedBy: joined) }
            throw UploadError(
                .outcomeUnknown,
                "the server was told to join the parts, and neither the response nor the object could be read; check the object at "
                    + "\(object)", cause: error)
        }
    }

    /// Aborts the upload. Parts that were still arriving may survive one abort, so the list is checked again.
    func discard(_ id: String) async throws -> Bool {
        for _ in 0..<3 {
            do {
                _ = try await call(.delete, query: "uploadId=\(SigV4.encoded(id))", attempts: 2)
                if try await list(id).isEmpty { continue }
            } catch let error as UploadError where error.code == .gone {
                return true
            }
        }
        return false
    }
}

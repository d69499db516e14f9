// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SnugSystem
internal import Synchronization

extension S3Upload {
    /// Begins an upload, or takes over one whose creation was never confirmed.
    ///
    /// The parts of a forgotten upload are stored, and paid for, for ever.
    /// - Parameters:
    ///   - since: The time of the first request, by this machine's clock.
    ///   - mayExist: True when an earlier process has sent the request.
    ///   - wantsChecksum: True to announce a checksum of the whole object.
    func create(since: Int, mayExist: Bool, wantsChecksum: Bool) async throws -> Begun {
        var failures = 0
        if mayExist, let begun = try await adopt(since: since) { return begun }
        var headers: HTTPFields = [.contentType: job.target.contentType]
        if wantsChecksum {
            headers[.amazonChecksumAlgorithm] = "CRC64NVME"
            headers[.amazonChecksumType] = "FULL_OBJECT"
        }
        while true {
            do {
                let response = try await call(.post, query: "uploads", headers: headers, body: .empty, attempts: 1)
                guard let id = S3ResponseBody(response.body)["UploadId"], !id.isEmpty else {
                    throw UploadError(
                        .serverMisbehaved,
                        "\(response.url.authority) responded with \(response.status.code) and no id of an upload; check the "
                            + "address and the protocol", status: response.status.code)
                }
                // Servers without such checksums ignore the fields.
                return Begun(
                    id: id,
                    hasWholeChecksum: response.headerFields[.amazonChecksumAlgorithm] == "CRC64NVME"
                        && response.headerFields[.amazonChecksumType] == "FULL_OBJECT")
            } catch let error as UploadError where error.code == .gone {
                throw UploadError(
                    .refused, "the server knows no such address (404); check the name of the bucket", status: 404)
            } catch let error as UploadError where error.code == .retriesSpent {
                failures += 1
                guard failures < job.rules.attemptsWithoutProgress else { throw error }
                try await job.wait(job.rules.delay(failures, job.environment.random(), throttled: error.status == 503))
                if let begun = try await adopt(since: since) { return begun }
            }
        }
    }

    /// An upload that the server has begun.
    struct Begun {
        var id: String
        var hasWholeChecksum: Bool
    }

    /// Starts over without a checksum of the whole object, after a refusal that may be due to it.
    func withoutChecksum(_ record: inout UploadRecord, after error: UploadError) async throws {
        if let id = record.uploadID {
            guard record.hasWholeChecksum == true else { throw error }
            job.tally.withLock { $0.retries += 1 }
            _ = try await discard(id)
        }
        record.uploadID = nil
        record.partSize = nil
        record.hasWholeChecksum = nil
        record.sentEverything = false
    }

    /// The id of an upload that was begun, even if only the request for it is recorded.
    func identifier(_ record: UploadRecord) async throws -> String? {
        if let id = record.uploadID { return id }
        guard let since = record.creating else { return nil }
        return try await adopt(since: since)?.id
    }

    /// Starts over with parts of half the size, because all parts but the last need one size.
    func shrink(_ record: inout UploadRecord, after error: UploadError) async throws {
        guard let size = record.partSize, let id = record.uploadID,
            S3Parts(length: job.length, wanted: size / 2).size < size
        else { throw error }
        try await job.learn(ceiling: size / 2)
        job.tally.withLock { $0.retries += 1 }
        _ = try await discard(id)
        record.uploadID = nil
        record.partSize = nil
    }

    /// The newest upload of exactly this key that was begun since then and has no part yet.
    private func adopt(since: Int) async throws -> Begun? {
        let (bucket, key) = bucketAndKey
        let query = "max-uploads=1000&prefix=\(SigV4.encoded(key))&uploads"
        let response: ClientResponse
        do {
            response = try await call(.get, at: bucket, query: query)
        } catch let error as UploadError
            where error.code == .refused || error.code == .credentialsRefused || error.code == .gone
        {
            // Permission to write does not include listing: then a new one is begun.
            return nil
        }
        let now = job.environment.wallClock()
        let skew = (response.headerFields[.date].flatMap(HTTPDate.parse) ?? now) - now
        let candidates = S3ResponseBody(response.body).all("Upload").compactMap {
            upload -> (began: Int, begun: Begun)? in
            guard upload["Key"] == key, let id = upload["UploadId"],
                let began = upload["Initiated"].flatMap(Self.seconds),
                began >= since + skew - 2
            else { return nil }
            let hasChecksum = upload["ChecksumAlgorithm"] == "CRC64NVME" && upload["ChecksumType"] == "FULL_OBJECT"
            return (began, Begun(id: id, hasWholeChecksum: hasChecksum))
        }
        for candidate in candidates.sorted(by: { $0.began > $1.began })
        where try await list(candidate.begun.id).isEmpty {
            return candidate.begun
        }
        return nil
    }

    /// The bucket's address: path-style, except at Amazon's hosts that begin with the bucket's name.
    private var bucketAndKey: (HTTPURL?, String) {
        let path = SigV4.decoded(object.path).dropFirst()
        let isVirtual = object.host.hasSuffix(".amazonaws.com") && !object.host.hasPrefix("s3")
        if isVirtual { return (try? object.resolving("/"), String(path)) }
        let parts = path.split(separator: "/", maxSplits: 1)
        guard parts.count == 2 else { return (nil, "") }
        return (try? object.resolving("/\(SigV4.encoded(String(parts[0])))"), String(parts[1]))
    }

    /// Seconds since 1970 of `2026-11-20T12:00:00.000Z`.
    static func seconds(_ text: String) -> Int? {
        let numbers = text.split { !$0.isNumber }.map { Int($0) }
        guard numbers.count >= 6, let year = numbers[0], let month = numbers[1], (1...12).contains(month),
            let day = numbers[2], let hour = numbers[3], let minute = numbers[4], let second = numbers[5],
            (1970...9999).contains(year), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        return HTTPDate.daysSince1970(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second
    }
}

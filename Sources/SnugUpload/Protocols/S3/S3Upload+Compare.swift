// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SnugSystem

extension S3Upload {
    /// The object at the address, compared with the file.
    enum Comparison {
        case same(UploadReceipt)
        case different
        case absent
        /// The object cannot be asked for, which says nothing about it.
        case unreadable(UploadError)
    }

    /// Compares the object at the address with the file.
    func compareObject(_ parts: S3Parts) async throws -> Comparison {
        let ours = parts.wholeCRC64.map(CRC64.text)
        let found: ClientResponse?
        do {
            found = try await head(withChecksum: ours != nil)
        } catch let error as UploadError {
            return .unreadable(error)
        }
        guard let found else { return .absent }
        guard found.headerFields.integer(.contentLength) == job.length else { return .different }
        var isSure = false
        if let crc = Self.checksum(found), let ours {
            guard crc == ours else { return .different }
            isSure = true
        } else if !parts.hasOpaqueETags, let etag = Self.digest(found), let ours = try await wholeETag(parts) {
            guard etag == ours else { return .different }
            isSure = true
        }
        return .same(try receipt(found, confirmation: isSure ? .checksum : .length))
    }

    /// The receipt by the response that joined the parts, where the object cannot be asked for.
    func receipt(_ parts: S3Parts, joinedBy response: ClientResponse) throws -> UploadReceipt {
        let body = S3ResponseBody(response.body)
        let isSame =
            if let crc = body["ChecksumCRC64NVME"], let ours = parts.wholeCRC64 { crc == CRC64.text(ours) } else {
                !parts.hasOpaqueETags && parts.wholeETag != nil
                    && body["ETag"].map { S3Parts.unquoted($0).lowercased() } == parts.wholeETag
            }
        var receipt = try receipt(response, confirmation: isSame ? .checksum : .response)
        receipt.etag = body["ETag"]
        receipt.response = nil
        return receipt
    }

    /// True when a response is the result that ends an upload in parts, which names the object's `ETag`.
    static func namesObject(_ response: ClientResponse) -> Bool { S3ResponseBody(response.body)["ETag"] != nil }

    private func receipt(
        _ response: ClientResponse, confirmation: UploadReceipt.Confirmation
    ) throws -> UploadReceipt {
        var receipt = job.receipt(url: object, confirmation: confirmation, response: response)
        if let valid = settings.presignedFor {
            let now = job.environment.wallClock()
            receipt.presignedURL = try signer.presign(.get, object, expires: Int(valid.components.seconds), now: now)
                .text
        }
        return receipt
    }

    /// The `ETag` of the whole object; `nil` when those of the parts are other digests than the MD5. Parts whose MD5 is
    /// not known are read again.
    private func wholeETag(_ parts: S3Parts) async throws -> String? {
        var all: [[UInt8]] = []
        for number in 1...parts.count {
            if let md5 = parts.done[number]?.md5 {
                all.append(md5)
            } else {
                let md5 = try await job.source.digests(parts.range(number), and: .md5).md5 ?? []
                if let etag = parts.done[number]?.etag, S3Parts.isDigest(etag),
                    S3Parts.unquoted(etag).lowercased() != md5.hexadecimal
                {
                    return nil
                }
                all.append(md5)
            }
        }
        return S3Parts.wholeETag(all)
    }

    /// - Returns: `nil` when there is no such object.
    private func head(withChecksum: Bool) async throws -> ClientResponse? {
        do {
            let headers: HTTPFields = withChecksum ? [.amazonChecksumMode: "ENABLED"] : [:]
            return try await call(.head, headers: headers, attempts: min(3, job.rules.attemptsWithoutProgress))
        } catch let error as UploadError where error.code == .gone {
            return nil
        } catch let error as UploadError where withChecksum && error.code == .credentialsRefused {
            // The checksum of an encrypted object needs the permission to decrypt.
            return try await head(withChecksum: false)
        }
    }

    /// The `ETag` if it is made of the parts' MD5, which it is not with a key service.
    private static func digest(_ response: ClientResponse) -> String? {
        guard !hasOpaqueETag(response),
            let etag = response.headerFields[.eTag].map({ S3Parts.unquoted($0).lowercased() }),
            etag.utf8.count > 32, S3Parts.isDigest(String(etag.prefix(32)))
        else { return nil }
        return etag
    }

    /// True when the `ETag` is no digest: the object is encrypted with the keys of a key service or a customer.
    static func hasOpaqueETag(_ response: ClientResponse) -> Bool {
        response.headerFields[.amazonEncryption]?.hasPrefix("aws:kms") == true
            || response.headerFields[.amazonCustomerEncryption] != nil
    }
}

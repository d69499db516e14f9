// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

extension S3Upload {
    /// The receipt, when the object at the address is the file.
    func compareObject(_ parts: S3Parts) async throws -> UploadReceipt? {
        let ours = parts.wholeCRC64.map(CRC64.text)
        guard let response = try await head(withChecksum: ours != nil),
            response.headerFields.integer(.contentLength) == job.length
        else { return nil }
        var isSure = false
        if let crc = Self.checksum(response), let ours {
            guard crc == ours else { return nil }
            isSure = true
        } else if let etag = Self.digest(response) {
            guard etag == (try await wholeETag(parts)) else { return nil }
            isSure = true
        }
        var receipt = job.receipt(url: object, confirmation: isSure ? .checksum : .length, answer: response)
        if let valid = settings.presignedFor {
            let now = job.environment.wallClock()
            receipt.presignedURL = try signer.presign(.get, object, expires: Int(valid.components.seconds), now: now)
                .text
        }
        return receipt
    }

    /// The `ETag` of the whole object. Parts whose MD5 is not known are read again.
    private func wholeETag(_ parts: S3Parts) async throws -> String {
        var all: [[UInt8]] = []
        for number in 1...parts.count {
            if let md5 = parts.done[number]?.md5 {
                all.append(md5)
            } else {
                let digests = try await job.source.digests(parts.range(number), and: .md5)
                all.append(digests.md5 ?? [])
            }
        }
        return S3Parts.wholeETag(all)
    }

    /// - Returns: `nil` when there is no such object.
    private func head(withChecksum: Bool) async throws -> ClientResponse? {
        do {
            return try await call(.head, headers: withChecksum ? [.amazonChecksumMode: "ENABLED"] : [:])
        } catch let error as UploadError where error.code == .gone {
            return nil
        } catch let error as UploadError where withChecksum && error.code == .credentialsRefused {
            // The checksum of an encrypted object needs the permission to decrypt.
            return try await head(withChecksum: false)
        }
    }

    /// The `ETag` if it is made of the parts' MD5, which it is not with a key service.
    private static func digest(_ response: ClientResponse) -> String? {
        guard response.headerFields[.amazonEncryption]?.hasPrefix("aws:kms") != true,
            let etag = response.headerFields[.eTag].map({ S3Parts.unquoted($0).lowercased() }),
            etag.utf8.count > 32, S3Parts.isDigest(String(etag.prefix(32)))
        else { return nil }
        return etag
    }
}

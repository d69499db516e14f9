// SPDX-License-Identifier: Apache-2.0
internal import SnugHTTP

extension S3Upload {
    /// The receipt, when the object at the address is the file.
    func compareObject(_ parts: S3Parts) async throws -> UploadReceipt? {
        let ours = parts.wholeCRC64.map(CRC64.text)
        guard let response = try await head(withChecksum: ours != nil),
            response.headers["Content-Length"].flatMap({ Int($0) }) == job.length
        else { return nil }
        var isSure = false
        if let etag = Self.digest(response) {
            guard etag == parts.wholeETag else { return nil }
            isSure = true
        }
        // Servers are known that give another checksum under this name, of another length.
        if let crc = response.headers["x-amz-checksum-crc64nvme"], crc.utf8.count == 12, let ours {
            guard crc == ours else { return nil }
            isSure = true
        }
        var receipt = job.receipt(url: object, confirmation: isSure ? .checksum : .length, answer: response)
        if let valid = settings.presignedFor {
            let now = job.environment.wallClock()
            receipt.presignedURL = try signer.presign("GET", object, expires: Int(valid.components.seconds), now: now)
                .text
        }
        return receipt
    }

    /// - Returns: `nil` when there is no such object.
    private func head(withChecksum: Bool) async throws -> HTTPResponse? {
        do {
            return try await call("HEAD", headers: withChecksum ? ["x-amz-checksum-mode": "ENABLED"] : [:])
        } catch let error as UploadError where error.code == .gone {
            return nil
        } catch let error as UploadError where withChecksum && error.code == .credentialsRefused {
            // Reading the checksum of what is encrypted asks for the right to decrypt.
            return try await head(withChecksum: false)
        }
    }

    /// The `ETag` where it is made of the parts' MD5, which it is not with keys of a key service.
    private static func digest(_ response: HTTPResponse) -> String? {
        guard response.headers["x-amz-server-side-encryption"]?.hasPrefix("aws:kms") != true,
            let etag = response.headers["ETag"].map({ S3Parts.unquoted($0).lowercased() }),
            etag.utf8.count > 32, S3Parts.isDigest(String(etag.prefix(32)))
        else { return nil }
        return etag
    }
}

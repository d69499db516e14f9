// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

extension UploadJob {
    /// Compares the file with the checksum of the whole object in a response.
    ///
    /// Reads `Repr-Digest` (RFC 9530), `Digest` (RFC 3230) and `x-goog-hash`, with SHA-256 and MD5. An `ETag` is no
    /// checksum: only the server knows its meaning.
    /// - Parameter isAboutObject: True for the fields of a HEAD response about the object.
    /// - Returns: True when there was a checksum to compare with.
    /// - Throws: `verification_failed`.
    func compareDigest(_ headers: HTTPFields, of place: HTTPURL, isAboutObject: Bool = true) async throws -> Bool {
        // In the response to a request that stores, the standard fields are about the body of that response.
        let offered = OfferedDigest.all(in: headers, isAboutObject: isAboutObject)
        guard !offered.isEmpty else { return false }
        let digests = try await source.digests(0..<length, and: .md5)
        for digest in offered {
            let ours = digest.isSHA256 ? digests.sha256.base64 : digests.md5?.base64
            guard digest.base64 == ours else {
                throw UploadError(
                    .verificationFailed, "the object at \(place) has another checksum than the file; send it again",
                    resumption: .startOver)
            }
        }
        return true
    }
}

/// The checksum of a whole object in a response.
struct OfferedDigest: Hashable {
    var isSHA256: Bool
    var base64: String

    static func all(in headers: HTTPFields, isAboutObject: Bool) -> [OfferedDigest] {
        // `Digest` (`SHA-256=…`) and `x-goog-hash` (`md5=…`) are lists of pairs, older than structured fields.
        let names: [HTTPField.Name] = isAboutObject ? [.digest, .googleHash] : [.googleHash]
        let pairs = names.flatMap { headers[values: $0] }.flatMap { $0.split(separator: ",") }.compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1)
            return parts.count == 2 ? Self(parts[0].filter { $0 != " " }, parts[1].filter { $0 != " " }) : nil
        }
        guard isAboutObject else { return pairs }
        let structured = headers.structuredDictionary(.reprDigest).sorted { $0.key < $1.key }.compactMap { key, item in
            if case .base64(let text) = item.value { Self(key, text) } else { nil }
        }
        return structured + pairs
    }

    /// `nil` for algorithms other than SHA-256 and MD5.
    private init?(_ algorithm: String, _ base64: String) {
        switch algorithm.lowercased() {
        case "sha-256": isSHA256 = true
        case "md5": isSHA256 = false
        default: return nil
        }
        self.base64 = base64
        // A length that no digest of the kind has is no digest.
        guard base64.utf8.count == (isSHA256 ? 44 : 24) else { return nil }
    }
}

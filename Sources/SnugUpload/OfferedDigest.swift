// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

extension UploadJob {
    /// Compares the file with the checksum of the whole that a server tells unasked.
    ///
    /// Read are `Repr-Digest` (RFC 9530), `Digest` (RFC 3230) and `x-goog-hash`, with SHA-256 and MD5. An `ETag` is none:
    /// what it stands for is the server's own business.
    /// - Parameter isAboutObject: Whether these are the fields of a HEAD of the object.
    /// - Returns: Whether there was a checksum to compare with.
    /// - Throws: `verification_failed`.
    func compareDigest(_ headers: HTTPFields, of place: HTTPURL, isAboutObject: Bool = true) async throws -> Bool {
        // In the answer to a request that stores, the standard fields speak of that answer's own body.
        let names: [HTTPField.Name] = isAboutObject ? [.reprDigest, .digest, .googleHash] : [.googleHash]
        let offered = OfferedDigest.all(names, in: headers)
        guard !offered.isEmpty else { return false }
        let digests = try await source.digests(0..<length, and: .md5)
        for digest in offered {
            let ours = digest.isSHA256 ? digests.sha256.base64 : digests.md5?.base64
            guard digest.base64 == ours else {
                throw UploadError(
                    .verificationFailed, "what arrived at \(place) has another checksum than the file; send it again",
                    resumption: .startOver)
            }
        }
        return true
    }
}

/// A checksum of a whole object, as a server states it.
struct OfferedDigest: Hashable {
    var isSHA256: Bool
    var base64: String

    static func all(_ names: [HTTPField.Name], in headers: HTTPFields) -> [OfferedDigest] {
        names.flatMap { name in
            headers[values: name].flatMap { $0.split(separator: ",") }.compactMap(Self.init)
        }
    }

    /// `sha-256=:…:`, `SHA-256=…` or `md5=…`; `nil` for other algorithms.
    private init?(_ text: Substring) {
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0].filter({ $0 != " " }).lowercased() {
        case "sha-256": isSHA256 = true
        case "md5": isSHA256 = false
        default: return nil
        }
        base64 = parts[1].filter { $0 != ":" && $0 != " " }
        // A length that no digest of the kind has is no digest.
        guard base64.utf8.count == (isSHA256 ? 44 : 24) else { return nil }
    }
}

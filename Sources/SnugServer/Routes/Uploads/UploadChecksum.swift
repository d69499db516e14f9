// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials

/// The checksum of a part, as the client announced it (tus 1.0.0, extension Checksum).
struct UploadChecksum: Sendable {
    private enum Hash: Sendable {
        case sha1(Insecure.SHA1)
        case sha256(SHA256)
    }

    /// The algorithms' names, in the words of the protocol.
    static let algorithms = ["sha1", "sha256"]

    private var hash: Hash
    private let expected: [UInt8]

    /// Reads `sha1 BASE64`.
    /// - Throws: `invalid_parameter`.
    init(_ text: String) throws(ServiceError) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let digest = Data(base64Encoded: String(parts[1])) else {
            throw .invalidParameter("Upload-Checksum", "is no checksum; write the algorithm and the digest in base64")
        }
        switch parts[0].lowercased() {
        case "sha1": hash = .sha1(Insecure.SHA1())
        case "sha256": hash = .sha256(SHA256())
        default:
            throw .invalidParameter(
                "Upload-Checksum", "names no known algorithm; use \(Self.algorithms.joined(separator: " or "))")
        }
        expected = Array(digest)
    }

    mutating func update(_ bytes: [UInt8]) {
        switch hash {
        case .sha1(var inner):
            inner.update(data: bytes)
            hash = .sha1(inner)
        case .sha256(var inner):
            inner.update(data: bytes)
            hash = .sha256(inner)
        }
    }

    /// True when the bytes so far are those that were announced.
    var matches: Bool {
        switch hash {
        case .sha1(let inner): Array(inner.finalize()) == expected
        case .sha256(let inner): Array(inner.finalize()) == expected
        }
    }
}

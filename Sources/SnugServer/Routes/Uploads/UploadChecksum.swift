// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugSystem

/// The checksum of a part, as the client announced it (tus 1.0.0, extension Checksum).
struct UploadChecksum: Sendable {
    /// The algorithms' names, in the words of the protocol.
    static let algorithms = ["sha1", "sha256"]

    private var hash: MessageDigest
    private let expected: [UInt8]

    /// Reads `sha1 BASE64`.
    /// - Throws: `invalid_parameter`.
    init(_ text: String) throws(ServiceError) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let digest = Data(base64Encoded: String(parts[1])) else {
            throw .invalidParameter("Upload-Checksum", "is no checksum; write the algorithm and the digest in base64")
        }
        switch parts[0].lowercased() {
        case "sha1": hash = MessageDigest(.sha1)
        case "sha256": hash = MessageDigest(.sha256)
        default:
            throw .invalidParameter(
                "Upload-Checksum", "names no known algorithm; use \(Self.algorithms.joined(separator: " or "))")
        }
        expected = Array(digest)
    }

    mutating func update(_ bytes: [UInt8]) { hash.update(bytes) }

    /// True when the bytes so far are those that were announced.
    var matches: Bool { hash.finalize() == expected }
}

// SPDX-License-Identifier: Apache-2.0
internal import Crypto
public import SnugHTTP
public import SystemPackage

/// The file to send, and how to tell whether it is still the same.
public struct UploadSource: Sendable {
    /// The file.
    public let file: BodyFile
    /// Where it was opened.
    public let path: FilePath
    /// Hash of identity, beginning and end: a changed file is noticed without reading all of it.
    public let fingerprint: String

    /// Bytes in the file.
    public var byteCount: Int { file.byteCount }

    /// Opens a file and reads its beginning and end.
    /// - Throws: `source_failed`.
    public init(_ path: FilePath) throws(UploadError) {
        do throws(HTTPError) {
            let file = try BodyFile(path)
            self.file = file
            self.path = path
            var hash = SHA256()
            let id = file.identity
            hash.update(data: Array("\(id.device) \(id.inode) \(id.byteCount) \(id.modified)\n".utf8))
            hash.update(data: try file.bytes(at: 0, count: 64 * 1024))
            hash.update(data: try file.bytes(at: max(0, id.byteCount - 64 * 1024), count: 64 * 1024))
            fingerprint = hash.finalize().hexadecimal
        } catch {
            throw UploadError(.sourceFailed, "\(path): \(error.message)", cause: error)
        }
    }

    /// - Throws: `source_changed`.
    func checkUnchanged() throws(UploadError) {
        do throws(HTTPError) {
            if try file.currentIdentity() == file.identity { return }
        } catch {
            throw UploadError(.sourceFailed, "\(path): \(error.message)", resumption: .startOver, cause: error)
        }
        throw UploadError(
            .sourceChanged, "\(path) changed while it was sent; send it again once nothing writes to it",
            resumption: .startOver)
    }

    /// Hashes a piece of the file, a little at a time and off the caller's actor.
    @concurrent
    func digests(_ range: Range<Int>) async throws -> PieceDigests {
        var digests = PieceDigests.Builder()
        try each(range) { digests.update($0) }
        return digests.finish()
    }

    /// Reads a piece a little at a time. Blocks.
    private func each(_ range: Range<Int>, _ body: ([UInt8]) -> Void) throws {
        var offset = range.lowerBound
        while offset < range.upperBound {
            try Task.checkCancellation()
            let bytes = try file.bytes(at: offset, count: min(256 * 1024, range.upperBound - offset))
            guard !bytes.isEmpty else {
                throw UploadError(.sourceChanged, "\(path) became shorter", resumption: .startOver)
            }
            body(bytes)
            offset += bytes.count
        }
    }

    /// SHA-1 of a piece, which tus makes obligatory for servers; against accidents only.
    @concurrent
    func sha1(_ range: Range<Int>) async throws -> [UInt8] {
        var hash = Insecure.SHA1()
        try each(range) { hash.update(data: $0) }
        return Array(hash.finalize())
    }

    /// SHA-256 of the whole, in hexadecimal.
    @concurrent
    func wholeSHA256() async throws -> String {
        var hash = SHA256()
        try each(0..<byteCount) { hash.update(data: $0) }
        return hash.finalize().hexadecimal
    }
}

/// The hashes that S3 and tus ask for.
struct PieceDigests: Sendable, Equatable {
    var sha256: [UInt8]
    var md5: [UInt8]

    struct Builder {
        private var sha256 = SHA256()
        // S3 names parts by their MD5; it guards against accidents, not against anybody.
        private var md5 = Insecure.MD5()

        mutating func update(_ bytes: [UInt8]) {
            sha256.update(data: bytes)
            md5.update(data: bytes)
        }

        func finish() -> PieceDigests {
            PieceDigests(sha256: Array(sha256.finalize()), md5: Array(md5.finalize()))
        }
    }
}

extension Sequence<UInt8> {
    /// Two digits a byte, lower case.
    var hexadecimal: String {
        var text: [UInt8] = []
        let digits = Array("0123456789abcdef".utf8)
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    /// RFC 4648 §4
    var base64: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((count + 2) / 3 * 4)
        for start in stride(from: 0, to: count, by: 3) {
            let left = Swift.min(3, count - start)
            var group = UInt32(self[start]) << 16
            if left > 1 { group |= UInt32(self[start + 1]) << 8 }
            if left > 2 { group |= UInt32(self[start + 2]) }
            for place in 0..<4 {
                let isPadding = place > left
                text.append(isPadding ? UInt8(ascii: "=") : alphabet[Int(group >> UInt32(18 - 6 * place)) & 63])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

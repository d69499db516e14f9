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

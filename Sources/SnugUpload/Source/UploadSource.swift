// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
public import SnugHTTP
internal import SnugSystem
public import SystemPackage

/// The file to send, with a fingerprint that shows changes.
public struct UploadSource: Sendable {
    /// The file.
    public let file: BodyFile
    /// The path of the file.
    public let path: FilePath
    /// A hash of the file's identity, beginning and end, which shows changes without reading all of it.
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
            var hash = MessageDigest(.sha256)
            let id = file.identity
            // A tool may set the time of the content back, and not that of the last change.
            hash.update(
                Array("\(id.device) \(id.inode) \(id.byteCount) \(id.modified) \(file.changed)\n".utf8))
            hash.update(try file.bytes(at: 0, count: 64 * 1024))
            hash.update(try file.bytes(at: max(0, id.byteCount - 64 * 1024), count: 64 * 1024))
            fingerprint = hash.finalize().hexadecimal
        } catch {
            throw UploadError(.sourceFailed, "\(path): \(error.message)", cause: error)
        }
    }

    /// Stands in for a file that may be gone, where only its name matters.
    init(standInFor path: FilePath) throws(UploadError) {
        do throws(HTTPError) {
            file = try BodyFile(empty: ())
        } catch {
            throw UploadError(.sourceFailed, "\(path): \(error.message)", cause: error)
        }
        self.path = path
        fingerprint = ""
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
    /// RFC 4648 §4
    var base64: String { Data(self).base64EncodedString() }
}

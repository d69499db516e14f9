// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import SnugSystem
internal import Synchronization
internal import SystemPackage

/// What is known of an upload under way: written before it is acted upon, so that a kill at any moment finds it.
///
/// Offsets are not in it: the server's is the truth.
public struct UploadRecord: Sendable, Hashable, Codable {
    /// Names the record within its store.
    public var key: String
    /// The file.
    public var path: String
    /// What the file was when the upload was begun.
    public var fingerprint: String
    /// Bytes in all.
    public var bytes: Int
    /// Where it goes, without the query.
    public var target: String
    /// How it goes there.
    public var uploadProtocol: UploadProtocol
    /// The upload's own address at the server; a secret of sorts.
    var uploadURL: String?
    /// S3's name for it.
    var uploadID: String?
    /// S3 parts have to be cut in the same way again.
    var partSize: Int?
    /// An S3 upload was asked for and its name has not been recorded yet: seconds since 1970 of the asking.
    var creating: Int?
    /// Whether S3 was told that a checksum of the whole comes with the end.
    var hasWholeChecksum: Bool?
    /// Whether the last byte may have reached the server.
    var sentEverything = false
    /// Pieces of the file that are uploads of their own until the server joins them (tus).
    var pieces: [Piece]?
    /// When the server forgets the upload, seconds since 1970, as far as it has said.
    public internal(set) var expires: Int?
    /// Cancelled, and still to be removed at the server.
    public var isDiscarded = false
    /// Seconds since 1970.
    public var created: Int

    /// Names the record of a file's upload to a place. A file that changed is found under the same name.
    static func key(path: FilePath, target: String, uploadProtocol: UploadProtocol) -> String {
        var hash = SHA256()
        for text in [path.lexicallyNormalized().string, target, uploadProtocol.rawValue] {
            hash.update(data: Array("\(text)\n".utf8))
        }
        return String(hash.finalize().hexadecimal.prefix(32))
    }

    private enum CodingKeys: String, CodingKey {
        case key, path, fingerprint, bytes, target, uploadProtocol = "wire", uploadURL, uploadID, partSize, creating
        case hasWholeChecksum, sentEverything, pieces, expires, isDiscarded, created
    }

    /// Whether the server has something of it, as far as is known.
    var hasBegun: Bool {
        uploadURL != nil || uploadID != nil || (isDiscarded && creating != nil)
            || pieces?.contains { $0.uploadURL != nil } ?? false
    }

    /// One of several pieces of a file.
    struct Piece: Sendable, Hashable, Codable {
        var offset: Int
        var bytes: Int
        var uploadURL: String?
        var sentEverything = false

        var range: Range<Int> { offset..<offset + bytes }
    }
}

/// The record of an upload that several tasks have a part in: changed and written in one step.
final class RecordKeeper: Sendable {
    private let job: UploadJob
    private let kept: Mutex<UploadRecord>

    init(_ record: UploadRecord, of job: UploadJob) {
        self.job = job
        kept = Mutex(record)
    }

    var record: UploadRecord { kept.withLock { $0 } }

    /// - Throws: `state_failed`.
    func update(_ change: @escaping @Sendable (inout UploadRecord) -> Void) async throws {
        try await job.onDisk { [self] in
            try kept.withLock { record in
                change(&record)
                try job.save(record)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import SnugHTTP
internal import SnugSystem
internal import Synchronization
internal import SystemPackage

/// The record of a pending upload, written before each step so that it survives a kill at any moment.
///
/// It has no offset: the server's counts.
public struct UploadRecord: Sendable, Hashable, Codable {
    /// The name of the record in its store.
    public var key: String
    /// The file.
    public var path: String
    /// The file that a person knows, where ``path`` was made of it.
    var input: String?
    /// The fingerprint of the file when the upload was begun.
    public var fingerprint: String
    /// Bytes in all.
    public var bytes: Int
    /// The target, without the query.
    public var target: String
    /// The upload protocol.
    public var uploadProtocol: UploadProtocol
    /// The address of the upload at the server. Keep it secret.
    var uploadURL: String?
    /// The upload id of S3.
    var uploadID: String?
    /// The size of S3 parts, which stays the same for all parts of an upload.
    var partSize: Int?
    /// The time of a request for an S3 upload whose id is not recorded yet, in seconds since 1970.
    var creating: Int?
    /// True when S3 expects a checksum of the whole object at the end.
    var hasWholeChecksum: Bool?
    /// True when the last byte may have reached the server.
    var sentEverything = false
    /// True when the server has said since then that it lacks bytes, so that it cannot have forgotten a complete file.
    var lacksBytes: Bool?
    /// The pieces of the file that are separate uploads until the server joins them (tus).
    var pieces: [Piece]?
    /// The time at which the server forgets the upload, in seconds since 1970, if it said so.
    public internal(set) var expires: Int?
    /// True for a cancelled upload whose data has to be removed from the server.
    public var isDiscarded = false
    /// Seconds since 1970.
    public var created: Int

    /// The key for uploading a file to a target. A changed file keeps its key.
    static func key(path: FilePath, target: String, uploadProtocol: UploadProtocol) -> String {
        var hash = MessageDigest(.sha256)
        for text in [path.lexicallyNormalized().string, target, uploadProtocol.rawValue] {
            hash.update(Array("\(text)\n".utf8))
        }
        return String(hash.finalize().hexadecimal.prefix(32))
    }

    /// True when the upload has the address of the object.
    func isAt(_ target: HTTPURL) -> Bool { uploadURL == target.description || uploadURL == target.text }

    private enum CodingKeys: String, CodingKey {
        case key, path, input, fingerprint, bytes, target, uploadProtocol = "wire", uploadURL, uploadID, partSize
        case creating, hasWholeChecksum, sentEverything, lacksBytes, pieces, expires, isDiscarded, created
    }

    /// The file as a person knows it: `-` for standard input.
    public var inputPath: String { input ?? path }

    /// True when the server may have some of its data.
    var hasBegun: Bool {
        lacksResponse || uploadURL != nil || uploadID != nil || creating != nil
            || pieces?.contains { $0.uploadURL != nil } ?? false
    }

    /// True when a request with the whole file may have taken effect, and the server has no address to ask at.
    public var lacksResponse: Bool {
        sentEverything && uploadURL == nil && uploadID == nil && pieces == nil && !isDiscarded
    }

    /// A separately uploaded piece of a file.
    struct Piece: Sendable, Hashable, Codable {
        var offset: Int
        var bytes: Int
        var uploadURL: String?
        var sentEverything = false
        var lacksBytes: Bool?

        var range: Range<Int> { offset..<offset + bytes }
    }
}

/// A record that several tasks share, changed and written in one step.
final class RecordKeeper: Sendable {
    private let job: UploadJob
    private let kept: Mutex<UploadRecord>
    private let turn = AsyncMutex()

    init(_ record: UploadRecord, of job: UploadJob) {
        self.job = job
        kept = Mutex(record)
    }

    var record: UploadRecord { kept.withLock { $0 } }

    /// Records a change although the task is being cancelled: the server's part is found by it later.
    /// - Throws: `state_failed`.
    func update(_ change: @Sendable (inout UploadRecord) -> Void) async throws {
        kept.withLock { change(&$0) }
        // A task of its own, which is not cancelled with its caller.
        try await Task { [self] in
            try await turn.lock()
            defer { turn.unlock() }
            // The changes of others that came meanwhile, too: the last record that is written has all of them.
            try await job.save(kept.withLock { $0 })
        }.value
    }
}

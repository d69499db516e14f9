// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem
import Synchronization
import SystemPackage

/// A response with its images taken out: whatever its size, what is held in memory is small.
struct ProviderResponse: Sendable {
    var status: Int
    var headers: HTTPFields
    /// Text, at most 1 MiB. In JSON, each image in base64 (a `b64_json`, or a data URI anywhere) is replaced by an empty
    /// string. Of server-sent events it is the data of the last one: `…completed`, or an `error`.
    var text: [UInt8]
    /// The images that came in it, in order: the body itself when it is one, or each base64 string of JSON.
    var images: [SpooledImage]
    /// For server-sent events, true when the event came that ends them; `nil` for other responses.
    var isStreamComplete: Bool?
    /// Bytes of the body as sent.
    var byteCount: Int
    /// Knows what was sent with the request and must not come out of its response.
    var scrubber = Scrubber()

    var requestID: String? { named(headers.requestID) }

    /// A name that the provider gave something, cleaned.
    func named(_ name: String?) -> String? { name.map { scrubber.clean($0, limit: 100) } }
}

/// An image from a response in a private temporary file, which is removed with the last reference unless it is kept.
final class SpooledImage: Sendable, Hashable {
    /// The file, which changes when it is kept.
    var path: FilePath { place.withLock { $0.path } }
    private let place: Mutex<(path: FilePath, isOurs: Bool)>
    let byteCount: Int
    /// Tells other processes that the file has an owner.
    private let lock: FileDescriptor?

    init(path: FilePath, byteCount: Int, lock: FileDescriptor? = nil) {
        place = Mutex((path, true))
        self.byteCount = byteCount
        self.lock = lock
    }

    /// One that an earlier process kept.
    init(kept path: FilePath) throws(Errno) {
        let identity = try FileIdentity(of: path, followsLinks: true)
        place = Mutex((path, false))
        byteCount = identity.byteCount
        lock = nil
    }

    deinit {
        place.withLock { if $0.isOurs { FileSystem.removeIfThere($0.path) } }
        lock?.closeIgnoringErrors()
    }

    /// Gives it a name under which it outlives this process, also when the power fails. Blocks.
    func keep(as name: String) throws(Errno) -> FilePath {
        let old = path
        let new = old.removingLastComponent().appending(name)
        try synchronize(old)
        try FileSystem.rename(old, new)
        place.withLock { $0 = (new, false) }
        try FileSystem.synchronizeFolder(new.removingLastComponent())
        return new
    }

    private func synchronize(_ path: FilePath) throws(Errno) {
        let file = try FileDescriptor.opening(path, .readOnly)
        defer { file.closeIgnoringErrors() }
        try file.synchronize()
    }

    /// True when it outlives this process.
    var isKept: Bool { place.withLock { !$0.isOurs } }

    /// Removes it, kept or not: by now, another may be kept under its name later.
    func discard() {
        place.withLock { place in
            FileSystem.removeIfThere(place.path)
            place.isOurs = false
        }
    }

    static func == (left: SpooledImage, right: SpooledImage) -> Bool { left === right }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

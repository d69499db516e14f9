// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An answer with its pictures taken out: whatever its size, what is held in memory is small.
struct ProviderAnswer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    /// Text, at most 1 MiB. In JSON, each picture in base64 (a `b64_json`, or a data URI anywhere) is replaced by an empty
    /// string. Of server-sent events it is the data of the last one: `…completed`, or an `error`.
    var text: [UInt8]
    /// The pictures that came in it, in order: the body itself when it is one, or each base64 string of JSON.
    var pictures: [SpooledPicture]
    /// For server-sent events: whether the event came that ends them. `nil` for other answers.
    var isStreamComplete: Bool?
    /// Bytes of the body on the wire.
    var byteCount: Int
    /// Knows what was sent with the request and must not come out of its answer.
    var scrubber = Scrubber()

    var requestID: String? { named(HTTPResponse.requestID(in: headers)) }

    /// A name that the provider gave something, cleaned.
    func named(_ name: String?) -> String? { name.map { scrubber.clean($0, limit: 100) } }
}

/// A picture from an answer in a private temporary file, which is removed with the last reference.
final class SpooledPicture: Sendable, Hashable {
    let path: FilePath
    let byteCount: Int
    /// Tells other processes that the file has an owner.
    private let lock: Int32?

    init(path: FilePath, byteCount: Int, lock: Int32? = nil) {
        self.path = path
        self.byteCount = byteCount
        self.lock = lock
    }

    deinit {
        DiskCalls.remove(path)
        if let lock { close(lock) }
    }

    static func == (left: SpooledPicture, right: SpooledPicture) -> Bool { left === right }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

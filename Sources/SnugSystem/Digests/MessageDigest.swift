// SPDX-License-Identifier: Apache-2.0
internal import CDigest

/// The digest of bytes that come in pieces, by libcrypto.
///
/// A value: a copy goes on by itself. MD5 and SHA-1 guard against accidents only, where a protocol asks for them.
@safe
package struct MessageDigest: Sendable {
    package enum Algorithm: Sendable, Hashable {
        case md5, sha1, sha256

        fileprivate var raw: snug_digest_algorithm {
            switch self {
            case .md5: .md5
            case .sha1: .sha1
            case .sha256: .sha256
            }
        }
    }

    /// Owner of a context, which changes only while one value refers to it.
    @safe
    private final class Context: @unchecked Sendable {
        let raw: OpaquePointer

        init(_ algorithm: Algorithm) { unsafe raw = snug_digest_create(algorithm.raw) }
        init(copying other: Context) { unsafe raw = snug_digest_copy(other.raw) }
        deinit { unsafe snug_digest_free(raw) }
    }

    private var context: Context

    package init(_ algorithm: Algorithm) { context = Context(algorithm) }

    /// Adds bytes.
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        let isDone: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            unsafe update(UnsafeRawBufferPointer(buffer))
        }
        if isDone == nil { update(Array(bytes)) }
    }

    /// Adds bytes in memory.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&context) { context = Context(copying: context) }
        unsafe snug_digest_update(context.raw, bytes.baseAddress, bytes.count)
    }

    /// The digest of what was added so far.
    package func finalize() -> [UInt8] {
        let last = Context(copying: context)
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(SNUG_DIGEST_MAXIMUM_SIZE)) { buffer, count in
            guard let output = buffer.baseAddress else { return }
            count = unsafe snug_digest_finish(last.raw, output)
        }
    }

    // MARK: Of bytes at once

    package static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] { digest(.sha256, bytes) }
    package static func sha1(_ bytes: some Sequence<UInt8>) -> [UInt8] { digest(.sha1, bytes) }
    package static func md5(_ bytes: some Sequence<UInt8>) -> [UInt8] { digest(.md5, bytes) }

    private static func digest(_ algorithm: Algorithm, _ bytes: some Sequence<UInt8>) -> [UInt8] {
        var digest = MessageDigest(algorithm)
        digest.update(bytes)
        return digest.finalize()
    }

    /// The keyed digest of RFC 2104 with SHA-256.
    package static func hmacSHA256(_ bytes: some Sequence<UInt8>, key: [UInt8]) -> [UInt8] {
        let bytes = Array(bytes)
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(SNUG_DIGEST_MAXIMUM_SIZE)) { buffer, count in
            guard let output = buffer.baseAddress else { return }
            unsafe snug_hmac_sha256(key, key.count, bytes, bytes.count, output)
            count = Int(SNUG_DIGEST_MAXIMUM_SIZE)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
internal import SnugHTTP
internal import SnugSystem
internal import SystemPackage

extension UploadSource {
    /// SHA-256 and other hashes of a piece of the file, from reading it once.
    func digests(_ range: Range<Int>, and kinds: PieceDigests.Kinds) async throws -> PieceDigests {
        try await onThread { isCancelled in
            var sha256 = MessageDigest(.sha256)
            // S3 names parts by their MD5, which guards against accidents only.
            var md5 = kinds.contains(.md5) ? MessageDigest(.md5) : nil
            var crc64 = kinds.contains(.crc64) ? CRC64() : nil
            try unsafe each(range, isCancelled) {
                unsafe sha256.update($0)
                unsafe md5?.update($0)
                unsafe crc64?.update($0)
            }
            return PieceDigests(
                sha256: sha256.finalize(), md5: md5.map { $0.finalize() }, crc64: crc64?.value)
        }
    }

    func sha256(_ range: Range<Int>) async throws -> [UInt8] { try await hash(.sha256, range) }

    /// The hash that every tus server knows; it guards against accidents only.
    func sha1(_ range: Range<Int>) async throws -> [UInt8] { try await hash(.sha1, range) }

    /// SHA-256 of the whole, in hexadecimal.
    /// - Parameter mayRead: True when the hash may read up to an offset; asked again until then.
    func wholeSHA256(pacedBy mayRead: @escaping @Sendable (_ end: Int) -> Bool) async throws -> String {
        try await hash(.sha256, 0..<byteCount, pacedBy: mayRead).hexadecimal
    }

    private func hash(
        _ algorithm: MessageDigest.Algorithm, _ range: Range<Int>,
        pacedBy mayRead: @escaping @Sendable (_ end: Int) -> Bool = { _ in true }
    ) async throws -> [UInt8] {
        try await onThread { isCancelled in
            var digest = MessageDigest(algorithm)
            try unsafe each(range, isCancelled, pacedBy: mayRead) { unsafe digest.update($0) }
            return digest.finalize()
        }
    }

    /// Bytes read at once: few enough to stay in a core's cache until they are hashed.
    private static let step = 128 * 1024

    /// Reads a piece of the file in small steps, always into the same memory.
    private func each(
        _ range: Range<Int>, _ isCancelled: CancellationFlag, pacedBy mayRead: (_ end: Int) -> Bool = { _ in true },
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.step, alignment: 64)
        defer { unsafe buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            try isCancelled.check()
            let end = min(offset + Self.step, range.upperBound)
            guard mayRead(end) else {
                DetachedThread.pause(milliseconds: 20)
                continue
            }
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<(end - offset)])
            let count = try unsafe file.read(into: target, at: offset)
            unsafe body(UnsafeRawBufferPointer(rebasing: target[..<count]))
            offset += count
        }
    }

    /// Runs work on a thread of its own, because it waits for the disk and may take long.
    private func onThread<Value: Sendable>(
        _ work: @escaping @Sendable (CancellationFlag) throws -> Value
    ) async throws -> Value {
        let flag = CancellationFlag()
        do {
            return try await withTaskCancellationHandler {
                try await DetachedThread.value { try work(flag) }
            } onCancel: {
                flag.set()
            }
        } catch let error as Errno {
            throw UploadError(
                .sourceFailed, "\(path): no thread to read it: \(error)", resumption: .startOver, cause: error)
        } catch let error as HTTPError {
            try checkUnchanged()
            throw UploadError(.sourceFailed, "\(path): \(error.message)", resumption: .startOver, cause: error)
        }
    }
}

/// Hashes of one piece.
struct PieceDigests: Sendable, Equatable {
    struct Kinds: OptionSet, Sendable {
        let rawValue: Int
        static let md5 = Kinds(rawValue: 1)
        static let crc64 = Kinds(rawValue: 2)
    }

    var sha256: [UInt8]
    var md5: [UInt8]?
    var crc64: UInt64?
}

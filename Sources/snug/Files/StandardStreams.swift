// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The image that is piped in.
enum StandardInput {
    /// Whether a person would have to type it.
    static var isTerminal: Bool { isatty(0) == 1 }

    /// Reads to the end.
    /// - Throws: `limit_exceeded` past so many bytes, `io_failed`, `CancellationError`.
    static func readAll(
        from descriptor: Int32 = 0, maximumBytes: Int, isCancelled: () -> Bool
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            try wait(for: descriptor, isCancelled: isCancelled)
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                let code = errno
                if code == EINTR || code == EAGAIN { continue }
                throw SystemFailure(doing: "read standard input", reason: Errno(rawValue: code)).imageError
            }
            guard bytes.count + count <= maximumBytes else {
                throw ImageError(
                    .limitExceeded,
                    "standard input has more than \(ByteCount(maximumBytes)), which is kept in memory; save it and give the "
                        + "file", details: ["limit_bytes": .integer(maximumBytes)])
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// A pipe may stay silent for ever, and a read of it could not be cancelled.
    private static func wait(for descriptor: Int32, isCancelled: () -> Bool) throws {
        while true {
            if isCancelled() { throw CancellationError() }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&request, 1, 100) != 0 { return }
        }
    }
}

/// The image that is piped out.
enum StandardOutput {
    /// Writes everything.
    /// - Throws: `io_failed` when the reader is gone.
    static func write(_ content: PublishedContent) throws {
        try content.forEachChunk { chunk in
            do throws(Errno) {
                try OutputStream.standardOutput.write(bytes: chunk)
            } catch {
                throw SystemFailure(doing: "write standard output", reason: error).imageError
            }
        }
        try content.verify()
    }
}

/// The file that `--in-place` replaces.
struct InPlaceTarget {
    /// The file itself: replacing a link to it would leave the file as it was.
    var path: FilePath
    /// Its permissions, which the new file takes over.
    var mode: UInt32

    init(of input: FilePath) throws(ImageError) {
        do throws(Errno) {
            mode = try FileIdentity(of: input, followsLinks: true).mode
        } catch {
            throw ImageError.system(error.rawValue, doing: "examine")
        }
        guard let resolved = unsafe input.withPlatformString({ unsafe realpath($0, nil) }) else {
            throw ImageError.system(errno, doing: "resolve")
        }
        defer { unsafe free(resolved) }
        path = unsafe FilePath(platformString: resolved)
    }
}

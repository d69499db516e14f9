// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
package import SystemPackage

/// Data that is piped in.
package enum StreamInput {
    /// Reads to the end. Blocks.
    /// - Throws: `limit_exceeded` past so many bytes, `io_failed`, `CancellationError`.
    package static func readAll(
        from descriptor: FileDescriptor = .standardInput, named name: String = "standard input", maximumBytes: Int,
        isCancelled: () -> Bool = { Task.isCancelled }
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            // A pipe may stay silent for ever, and a read of it could not be cancelled.
            repeat {
                if isCancelled() { throw CancellationError() }
            } while !descriptor.waitUntilReadable(
                milliseconds: 100)
            let chunk: [UInt8]
            do throws(Errno) {
                chunk = try descriptor.readSome(maximum: 1 << 18)
            } catch {
                throw ImageError(SystemFailure(doing: "read \(name)", reason: error))
            }
            if chunk.isEmpty { return bytes }
            guard bytes.count + chunk.count <= maximumBytes else {
                throw ImageError(
                    .limitExceeded,
                    "\(name) has more than \(ByteCount(maximumBytes)), which is the most that is kept in memory; "
                        + "give a smaller file", details: ["limit_bytes": .integer(maximumBytes)])
            }
            bytes.append(contentsOf: chunk)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Glibc

/// A source's bytes as a descriptor that can be handed to a worker.
@safe
struct WorkerFile: ~Copyable {
    let descriptor: Int32
    private let ownsIt: Bool
    private let owner: AnyObject

    /// - Throws: `memory_exceeded`: bytes in memory are copied once more.
    init(_ source: ImageSource) throws(ImageError) {
        owner = source.owner
        let (descriptor, ownsIt) = source.withRawSource { raw -> (Int32, Bool) in
            if raw.descriptor >= 0 { return (raw.descriptor, false) }
            guard let bytes = unsafe raw.bytes else { return (-1, false) }
            return (unsafe snug_sealed_copy(bytes, UInt64(clamping: raw.byteCount)), true)
        }
        guard descriptor >= 0 else {
            throw ImageError(
                .memoryExceeded,
                "\(ByteCount(source.byteCount)) of shared memory for the file are not there; run fewer jobs at once",
                details: ["errno": .integer(Int(errno))])
        }
        self.descriptor = descriptor
        self.ownsIt = ownsIt
    }

    deinit {
        if ownsIt { close(descriptor) }
    }
}

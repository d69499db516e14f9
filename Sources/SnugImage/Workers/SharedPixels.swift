// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Glibc
import SnugSystem

/// Memory that a worker writes pixels to and that is only read here.
///
/// The worker keeps its mapping and may write at any time, so a row is copied out before it is looked at. Its length is
/// sealed.
@safe
final class SharedPixels: @unchecked Sendable {
    let descriptor: Int32
    private let address: UnsafePointer<UInt8>
    private let byteCount: Int

    /// - Throws: `memory_exceeded`.
    init(byteCount: Int) throws(ImageError) {
        let descriptor = snug_shared_memory(UInt64(clamping: byteCount))
        guard descriptor >= 0 else { throw Self.failure(byteCount, errno) }
        guard let address = unsafe snug_shared_memory_map(descriptor, UInt64(clamping: byteCount)) else {
            let reason = errno
            close(descriptor)
            throw Self.failure(byteCount, reason)
        }
        self.descriptor = descriptor
        unsafe self.address = address
        self.byteCount = byteCount
    }

    deinit {
        unsafe snug_shared_memory_unmap(address, UInt64(clamping: byteCount))
        close(descriptor)
    }

    /// Copies bytes out; the caller's bug when they are not there.
    func copy(from offset: Int, into span: inout MutableSpan<UInt8>) {
        precondition(offset >= 0 && offset <= byteCount - span.count, "bytes outside the shared memory")
        unsafe span.withUnsafeMutableBytes { bytes in
            unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: address + offset, count: bytes.count))
        }
    }

    /// Bytes, copied out; the caller's bug when they are not there.
    func bytes(from offset: Int, count: Int) -> [UInt8] {
        precondition(offset >= 0 && count >= 0 && offset <= byteCount - count, "bytes outside the shared memory")
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(
                from: UnsafeRawBufferPointer(start: address + offset, count: count))
            filled = count
        }
    }

    /// Gives the memory of bytes back that are not needed any more; they are zeros then.
    func release(from start: Int, to end: Int) {
        // Without it they stay until the end: no fault.
        guard end > start else { return }
        snug_shared_memory_release(descriptor, UInt64(clamping: start), UInt64(clamping: end - start))
    }

    /// Writes bytes for the worker.
    /// - Throws: `memory_exceeded`.
    func write(_ bytes: [UInt8], at offset: Int) throws(ImageError) {
        precondition(offset >= 0 && offset <= byteCount - bytes.count, "bytes outside the shared memory")
        // Less than a page table's worth of bytes: the system writes them at once, or has no memory.
        guard unsafe pwrite(descriptor, bytes, bytes.count, offset) == bytes.count else {
            throw Self.failure(bytes.count, errno)
        }
    }

    private static func failure(_ byteCount: Int, _ reason: Int32) -> ImageError {
        ImageError(
            .memoryExceeded,
            "\(ByteCount(byteCount)) of shared memory for its pixels are not there; run fewer jobs at once",
            details: ["errno": .integer(Int(reason))])
    }
}

// SPDX-License-Identifier: Apache-2.0
import CPlatform
package import SystemPackage

/// A file in memory without a name, which this process writes and others only read: not even one that it is handed to can
/// change it.
///
/// It belongs to one writer until it is shared, and is not written while anybody reads it.
@safe
package final class MemoryFile: @unchecked Sendable {
    /// Bytes for which memory is reserved at once: no more than a body that comes slowly may hold for nothing.
    private static let step = 64 << 10

    /// The descriptor, which ends with the file.
    package let descriptor: FileDescriptor
    /// The most bytes that it takes. They are addresses only until they are written.
    package let capacity: Int
    /// Bytes in the file.
    package private(set) var byteCount = 0
    /// Bytes that there is memory for.
    package private(set) var reservedBytes = 0

    private let address: UnsafeMutablePointer<UInt8>

    /// - Throws: `noMemory`, `tooManyOpenFiles`.
    package init(capacity: Int) throws(Errno) {
        var address: UnsafeMutablePointer<UInt8>?
        let file = unsafe snug_memory_file(UInt64(capacity), &address)
        guard file >= 0, let address = unsafe address else { throw .current }
        descriptor = FileDescriptor(rawValue: file)
        unsafe self.address = address
        self.capacity = capacity
    }

    deinit { unsafe snug_memory_file_end(descriptor.rawValue, address, UInt64(capacity)) }

    /// Adds bytes at the end.
    /// - Throws: `noMemory`, `noSpace`; `fileTooLarge` beyond the capacity.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        guard bytes.count <= capacity - byteCount else { throw .fileTooLarge }
        try reserve(byteCount + bytes.count)
        unsafe UnsafeMutableRawPointer(address + byteCount).copyMemory(from: start, byteCount: bytes.count)
        byteCount += bytes.count
    }

    /// Empties the file for the next writer; its memory stays.
    package func removeAll() { byteCount = 0 }

    /// Writing to a mapping cannot fail in an orderly way, so the memory is there before.
    private func reserve(_ end: Int) throws(Errno) {
        guard end > reservedBytes else { return }
        let count = min(capacity, max(end, reservedBytes + Self.step)) - reservedBytes
        let start = UInt64(reservedBytes)
        _ = try retryingInterrupted { snug_memory_file_reserve(descriptor.rawValue, start, UInt64(count)) }
        reservedBytes += count
    }
}

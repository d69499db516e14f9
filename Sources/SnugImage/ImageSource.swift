// SPDX-License-Identifier: Apache-2.0
package import SnugSystem
public import SystemPackage

/// The encoded bytes of one image, readable at any offset, any number of times.
///
/// A fit with little memory decodes twice, and a file is checked before it is passed on, so a source is never consumed.
/// Files are read with `pread`, never mapped: another process may truncate a file at any time, and a mapping would then
/// end this process.
public struct ImageSource: Sendable {
    private let storage: SourceStorage

    /// Bytes in the source.
    public var byteCount: Int { storage.byteCount }

    /// Creates a source from bytes in memory, such as `[UInt8]` or `Data`.
    ///
    /// Copies the bytes once, because C decoders keep their address.
    public init(bytes: some Collection<UInt8>) { storage = SourceStorage(bytes: bytes) }

    /// Opens a file.
    ///
    /// The file must be a regular one, because a pipe or a device could block forever. Symbolic links are followed only
    /// when `followsLinks` is set.
    /// - Throws: `not_found`, `permission_denied`, `not_a_regular_file`, `io_failed`.
    public init(file path: FilePath, followsLinks: Bool = true) throws(ImageError) {
        storage = try SourceStorage(path: path, followsLinks: followsLinks)
    }

    /// Takes over an open file, which is closed with the source.
    /// - Throws: `not_a_regular_file`, `io_failed`.
    package init(taking file: FileDescriptor) throws(ImageError) {
        storage = try SourceStorage(taking: file)
    }

    /// Reads a file in memory, which goes back to its pool with the last use of the source.
    package init(sharing loan: MemoryFilePool.Loan) { storage = SourceStorage(sharing: loan) }

    /// Reads bytes that their owner keeps until the last use of the source.
    init(lending bytes: UnsafeBufferPointer<UInt8>) { unsafe storage = SourceStorage(lending: bytes) }

    /// Reads into `buffer` from an offset on.
    /// - Returns: The bytes read: fewer than asked for only at the end, 0 past it.
    /// - Throws: `io_failed`; `input_changed` when the file has become shorter.
    public func read(at offset: Int, into buffer: inout MutableSpan<UInt8>) throws(ImageError) -> Int {
        try storage.read(at: offset, into: &buffer)
    }

    /// Reads `count` bytes from an offset on, fewer only at the end of the source.
    public func bytes(at offset: Int, count: Int) throws(ImageError) -> [UInt8] {
        let available = max(0, min(count, byteCount - offset))
        var bytes = [UInt8](repeating: 0, count: available)
        var span = bytes.mutableSpan
        let read = try storage.read(at: offset, into: &span)
        if read < available { bytes.removeLast(available - read) }
        return bytes
    }

    /// Throws `input_changed` when the file's size or modification time is no longer that of the opened file.
    public func checkUnchanged() throws(ImageError) { try storage.checkUnchanged() }

    /// Lends a descriptor or an address to C code that reads by itself.
    func withRawSource<Result>(_ body: (RawSource) throws -> Result) rethrows -> Result {
        try body(storage.rawSource)
    }

    /// The object that keeps descriptor and memory alive; decoders hold it.
    var owner: AnyObject { storage }
}

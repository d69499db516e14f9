// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The encoded bytes of one image, readable again from any offset.
///
/// A lean fit decodes twice and a copy is walked before it is passed on, so a source is never consumed. Files are read
/// with `pread`, never mapped: another process may truncate a file at any time, and a mapping would end ours.
public struct ImageSource: Sendable {
    private let storage: SourceStorage

    /// Bytes in the source.
    public var byteCount: Int { storage.byteCount }

    /// A source of bytes in memory.
    public init(bytes: [UInt8]) { storage = SourceStorage(bytes: bytes) }

    /// Opens a file.
    ///
    /// The file has to be a regular one: a pipe or a device named like an image would block for ever. A symbolic link
    /// is followed only when `followsLinks` is set.
    /// - Throws: `not_found`, `permission_denied`, `not_a_regular_file`, `io_failed`.
    public init(file path: FilePath, followsLinks: Bool = true) throws(ImageError) {
        storage = try SourceStorage(path: path, followsLinks: followsLinks)
    }

    /// Takes over an open file, which is closed with the source.
    /// - Throws: `not_a_regular_file`, `io_failed`.
    package init(taking file: FileDescriptor) throws(ImageError) {
        storage = try SourceStorage(taking: file.rawValue)
    }

    /// Reads into `buffer` from `offset` on.
    /// - Returns: The bytes read: fewer than asked for only at the end, 0 past it.
    /// - Throws: `io_failed`; `input_changed` when the file has become shorter than it was.
    public func read(at offset: Int, into buffer: inout MutableSpan<UInt8>) throws(ImageError) -> Int {
        try storage.read(at: offset, into: &buffer)
    }

    /// Reads `count` bytes from `offset` on, fewer only at the end of the source.
    public func bytes(at offset: Int, count: Int) throws(ImageError) -> [UInt8] {
        let available = max(0, min(count, byteCount - offset))
        var bytes = [UInt8](repeating: 0, count: available)
        var span = bytes.mutableSpan
        let read = try storage.read(at: offset, into: &span)
        if read < available { bytes.removeLast(available - read) }
        return bytes
    }

    /// Throws `input_changed` when the file is no longer the one that was opened: its size or modification time moved.
    public func checkUnchanged() throws(ImageError) { try storage.checkUnchanged() }

    /// Lends what C code needs to read by itself: either a descriptor or the bytes' address.
    func withRawSource<Result>(_ body: (RawSource) throws -> Result) rethrows -> Result {
        try body(storage.rawSource)
    }

    /// Keeps descriptor and memory alive for as long as a decoder holds it.
    var owner: AnyObject { storage }
}

/// What a C decoder reads from: `pread` on `descriptor` when it is not negative, else memory.
@safe
struct RawSource {
    var descriptor: Int32
    var bytes: UnsafePointer<UInt8>?
    var byteCount: Int
}

@safe
private final class SourceStorage: @unchecked Sendable {
    // Immutable after init; `pread` and reads of constant memory are safe from any thread.
    let byteCount: Int
    private let descriptor: Int32
    private let memory: UnsafeMutableBufferPointer<UInt8>?
    private let modified: timespec

    init(bytes: [UInt8]) {
        byteCount = bytes.count
        descriptor = -1
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        _ = unsafe copy.initialize(from: bytes)
        unsafe memory = copy
        modified = timespec()
    }

    convenience init(path: FilePath, followsLinks: Bool) throws(ImageError) {
        let flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | (followsLinks ? 0 : O_NOFOLLOW)
        let opened = unsafe path.withPlatformString { unsafe open($0, flags) }
        guard opened >= 0 else {
            let code = errno
            if code == ELOOP && !followsLinks {
                throw ImageError(.notARegularFile, "is a symbolic link; name the file that it points to")
            }
            throw ImageError.system(code, doing: "open")
        }
        try self.init(taking: opened)
    }

    init(taking opened: Int32) throws(ImageError) {
        var status = stat()
        guard unsafe fstat(opened, &status) == 0 else {
            let code = errno
            close(opened)
            throw ImageError.system(code, doing: "examine")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "not a regular file (a pipe, socket or device)"
            throw ImageError(.notARegularFile, "is \(kind); give a file with an image in it")
        }
        descriptor = opened
        byteCount = Int(status.st_size)
        unsafe memory = nil
        modified = status.st_mtim
    }

    deinit {
        unsafe memory?.deallocate()
        if descriptor >= 0 { close(descriptor) }
    }

    var rawSource: RawSource {
        unsafe RawSource(descriptor: descriptor, bytes: UnsafePointer(memory?.baseAddress), byteCount: byteCount)
    }

    func read(at offset: Int, into buffer: inout MutableSpan<UInt8>) throws(ImageError) -> Int {
        guard offset >= 0, offset < byteCount, buffer.count > 0 else { return 0 }
        let wanted = min(buffer.count, byteCount - offset)
        if let memory = unsafe memory {
            unsafe buffer.withUnsafeMutableBytes { raw in
                unsafe raw.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[offset..<offset + wanted]))
            }
            return wanted
        }
        var done = 0
        while done < wanted {
            let result = unsafe buffer.withUnsafeMutableBytes { raw -> Int in
                guard let base = raw.baseAddress else { return 0 }
                return unsafe pread(descriptor, base + done, wanted - done, off_t(offset + done))
            }
            if result > 0 {
                done += result
            } else if result == 0 {
                throw ImageError(.inputChanged, "became shorter while it was read; try again once it is complete")
            } else if errno != EINTR {
                throw ImageError.system(errno, doing: "read")
            }
        }
        return done
    }

    func checkUnchanged() throws(ImageError) {
        guard descriptor >= 0 else { return }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw ImageError.system(errno, doing: "examine") }
        let same =
            Int(status.st_size) == byteCount && status.st_mtim.tv_sec == modified.tv_sec
            && status.st_mtim.tv_nsec == modified.tv_nsec
        if !same {
            throw ImageError(.inputChanged, "changed while it was read; try again once nothing writes to it")
        }
    }
}

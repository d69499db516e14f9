// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// The open file or the memory behind an ``ImageSource``.
@safe
final class SourceStorage: @unchecked Sendable {
    // Immutable after init; `pread` and reads of constant memory are safe from any thread.
    @safe
    private enum Content {
        case file(FileDescriptor, FileIdentity)
        case memory(UnsafeMutableBufferPointer<UInt8>)
        case lent(UnsafeBufferPointer<UInt8>)
        case shared(MemoryFilePool.Loan)
    }
    let byteCount: Int
    private let content: Content

    init(bytes: some Collection<UInt8>) {
        byteCount = bytes.count
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        _ = unsafe copy.initialize(fromContentsOf: bytes)
        unsafe content = .memory(copy)
    }

    /// Reads bytes that their owner keeps until the last use of the source.
    init(lending bytes: UnsafeBufferPointer<UInt8>) {
        byteCount = bytes.count
        unsafe content = .lent(bytes)
    }

    /// Reads a file in memory, which goes back to its pool with the source.
    init(sharing loan: MemoryFilePool.Loan) {
        byteCount = loan.file.byteCount
        content = .shared(loan)
    }

    convenience init(path: FilePath, followsLinks: Bool) throws(ImageError) {
        let descriptor: FileDescriptor
        do throws(Errno) {
            descriptor = try .opening(
                path, .readOnly, options: followsLinks ? .nonBlocking : [.nonBlocking, .noFollow])
        } catch {
            if error == .tooManySymbolicLinkLevels && !followsLinks {
                throw ImageError(.notARegularFile, "is a symbolic link; name the file that it points to")
            }
            throw ImageError.system(error.rawValue, doing: "open")
        }
        try self.init(taking: descriptor)
    }

    /// Takes over an open file, and closes it when it is of no use.
    init(taking descriptor: FileDescriptor) throws(ImageError) {
        do throws(ImageError) {
            let identity = try Self.identity(of: descriptor)
            guard identity.kind == .file else {
                let kind = identity.kind == .folder ? "a folder" : "not a regular file (a pipe, socket or device)"
                throw ImageError(.notARegularFile, "is \(kind); give a file with an image in it")
            }
            byteCount = identity.byteCount
            content = .file(descriptor, identity)
        } catch {
            descriptor.closeIgnoringErrors()
            throw error
        }
    }

    deinit {
        switch content {
        case .file(let descriptor, _): descriptor.closeIgnoringErrors()
        case .memory(let bytes): unsafe bytes.deallocate()
        case .lent, .shared: break
        }
    }

    var rawSource: RawSource {
        switch content {
        case .file(let descriptor, _):
            unsafe RawSource(descriptor: descriptor.rawValue, bytes: nil, byteCount: byteCount)
        case .shared(let loan):
            unsafe RawSource(descriptor: loan.file.descriptor.rawValue, bytes: nil, byteCount: byteCount)
        case .memory(let bytes):
            unsafe RawSource(descriptor: -1, bytes: UnsafePointer(bytes.baseAddress), byteCount: byteCount)
        case .lent(let bytes): unsafe RawSource(descriptor: -1, bytes: bytes.baseAddress, byteCount: byteCount)
        }
    }

    func read(at offset: Int, into buffer: inout MutableSpan<UInt8>) throws(ImageError) -> Int {
        guard offset >= 0, offset < byteCount, buffer.count > 0 else { return 0 }
        let wanted = min(buffer.count, byteCount - offset)
        switch content {
        case .memory(let memory): unsafe Self.copy(UnsafeRawBufferPointer(memory), offset, wanted, into: &buffer)
        case .lent(let memory): unsafe Self.copy(UnsafeRawBufferPointer(memory), offset, wanted, into: &buffer)
        case .file(let descriptor, _): try Self.read(descriptor, at: offset, wanted, into: &buffer)
        case .shared(let loan): try Self.read(loan.file.descriptor, at: offset, wanted, into: &buffer)
        }
        return wanted
    }

    private static func read(
        _ descriptor: FileDescriptor, at offset: Int, _ wanted: Int, into buffer: inout MutableSpan<UInt8>
    ) throws(ImageError) {
        let count: Int
        do throws(Errno) {
            var part = buffer._mutatingExtracting(first: wanted)
            count = try descriptor.read(into: &part, at: offset)
        } catch {
            throw ImageError.system(error.rawValue, doing: "read")
        }
        guard count == wanted else {
            throw ImageError(.inputChanged, "became shorter while it was read; try again once it is complete")
        }
    }

    private static func copy(
        _ memory: UnsafeRawBufferPointer, _ offset: Int, _ count: Int, into buffer: inout MutableSpan<UInt8>
    ) {
        unsafe buffer.withUnsafeMutableBytes { raw in
            unsafe raw.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[offset..<offset + count]))
        }
    }

    func checkUnchanged() throws(ImageError) {
        guard case .file(let descriptor, let opened) = content else { return }
        let now = try Self.identity(of: descriptor)
        guard now.byteCount == opened.byteCount, now.modified == opened.modified else {
            throw ImageError(.inputChanged, "changed while it was read; try again once nothing writes to it")
        }
    }

    private static func identity(of descriptor: FileDescriptor) throws(ImageError) -> FileIdentity {
        do throws(Errno) { return try descriptor.identity() } catch {
            throw ImageError.system(error.rawValue, doing: "examine")
        }
    }
}

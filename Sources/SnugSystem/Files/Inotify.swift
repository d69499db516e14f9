// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// Linux's notices of changes in folders (inotify(7)).
///
/// Calls are safe from any thread. The descriptor is closed with the last reference.
package final class Inotify: Sendable {
    /// Kinds of change, with the system's values.
    package struct Kinds: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let attributes = Kinds(rawValue: 0x4)
        package static let closedAfterWriting = Kinds(rawValue: 0x8)
        package static let movedFrom = Kinds(rawValue: 0x40)
        package static let movedTo = Kinds(rawValue: 0x80)
        package static let created = Kinds(rawValue: 0x100)
        package static let folderDeleted = Kinds(rawValue: 0x400)
        package static let folderMoved = Kinds(rawValue: 0x800)
        /// The file system went away.
        package static let unmounted = Kinds(rawValue: 0x2000)
        /// The queue was full: events are lost.
        package static let overflow = Kinds(rawValue: 0x4000)
        /// The watch is over.
        package static let ignored = Kinds(rawValue: 0x8000)
        /// Refuses anything but a folder.
        package static let onlyFolders = Kinds(rawValue: 0x0100_0000)
        package static let withoutFollowing = Kinds(rawValue: 0x0200_0000)
        /// The change is to a folder.
        package static let isFolder = Kinds(rawValue: 0x4000_0000)
    }

    /// One notice.
    package struct Event: Hashable, Sendable {
        /// The watch that it is about; -1 for an overflow.
        package var watch: Int32
        package var kinds: Kinds
        /// The name inside the folder; empty when the folder itself is meant.
        package var name: [UInt8]

        package init(watch: Int32, kinds: Kinds, name: [UInt8] = []) {
            self.watch = watch
            self.kinds = kinds
            self.name = name
        }
    }

    private let descriptor: FileDescriptor

    /// - Throws: `tooManyOpenFiles` also when the user has too many instances (fs.inotify.max_user_instances).
    package init() throws(Errno) {
        let result = inotify_init1(Int32(O_CLOEXEC | O_NONBLOCK))
        guard result >= 0 else { throw .current }
        descriptor = FileDescriptor(rawValue: result)
    }

    deinit { descriptor.closeIgnoringErrors() }

    /// Watches a folder. A folder that is watched already keeps its number.
    /// - Throws: `noSpace` when the user has no watches left.
    package func watch(_ folder: FilePath, for kinds: Kinds) throws(Errno) -> Int32 {
        let result = unsafe folder.withPlatformString {
            unsafe inotify_add_watch(descriptor.rawValue, $0, kinds.rawValue)
        }
        guard result >= 0 else { throw .current }
        return result
    }

    /// Ends a watch, if it is not over already.
    package func unwatch(_ watch: Int32) { _ = inotify_rm_watch(descriptor.rawValue, watch) }

    /// Waits for events, or for `wake` to become readable. Blocks.
    /// - Returns: The events; none when only `wake` is readable.
    package func waitForEvents(orWake wake: FileDescriptor) throws(Errno) -> [Event] {
        var requests = [
            pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake.rawValue, events: Int16(POLLIN), revents: 0),
        ]
        _ = try retryingInterrupted { unsafe poll(&requests, 2, -1) }
        // The most that one name can need, many times over.
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        do throws(Errno) {
            let count = try retryingInterrupted {
                unsafe buffer.withUnsafeMutableBytes {
                    unsafe Glibc.read(descriptor.rawValue, $0.baseAddress, $0.count)
                }
            }
            return Self.events(in: buffer[..<count])
        } catch .wouldBlock {
            return []
        }
    }

    /// Takes `struct inotify_event`s apart: four numbers in the machine's order, then a name of the length in the fourth.
    private static func events(in bytes: ArraySlice<UInt8>) -> [Event] {
        let headBytes = 16
        var events: [Event] = []
        var rest = bytes
        while rest.count >= headBytes {
            let head = unsafe rest.withUnsafeBytes { buffer in
                (0..<4).map { unsafe buffer.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
            }
            let name = rest.dropFirst(headBytes).prefix(Int(head[3]))
            events.append(
                Event(
                    watch: Int32(bitPattern: head[0]), kinds: Kinds(rawValue: head[1]),
                    name: Array(name.prefix { $0 != 0 })))
            rest = rest.dropFirst(headBytes + name.count)
        }
        return events
    }

    /// Folders that one user may watch; `nil` where the system does not tell.
    package static var watchLimit: Int? {
        guard let file = try? FileDescriptor.opening("/proc/sys/fs/inotify/max_user_watches", .readOnly) else {
            return nil
        }
        defer { file.closeIgnoringErrors() }
        guard let bytes = try? file.readBytes(maximum: 64) else { return nil }
        return Int(String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self))
    }
}

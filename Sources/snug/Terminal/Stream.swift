// SPDX-License-Identifier: Apache-2.0
import Synchronization
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Standard output or standard error.
///
/// Written to without a buffer, one call a line or chunk, so that lines of several threads do not mix and nothing is
/// lost when the process ends.
final class OutputStream: Sendable {
    static let standardOutput = OutputStream(descriptor: 1)
    static let standardError = OutputStream(descriptor: 2)

    private let descriptor: Int32
    private let failed = Mutex<Errno?>(nil)

    /// A stream over a descriptor that stays open.
    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Whether a person reads this as it comes.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Why writing has failed; nothing is written after that.
    var failure: Errno? { failed.withLock { $0 } }

    /// Whether whoever read the stream is gone.
    var readerIsGone: Bool { failure == .brokenPipe }

    /// Columns of the terminal; `nil` when it does not say.
    var columns: Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Writes text and a line end, as far as there is a reader.
    func writeLine(_ text: String) { write(text + "\n") }

    /// Writes text, as far as there is a reader.
    func write(_ text: String) {
        // ``failure`` remembers it, for those who have to tell.
        do throws(Errno) { try write(bytes: Array(text.utf8)[...]) } catch { return }
    }

    /// Writes all bytes.
    /// - Throws: `brokenPipe` when the reader is gone, `noSpace` when a file is full, whatever else the system says.
    func write(bytes: ArraySlice<UInt8>) throws(Errno) {
        try failed.withLock { failed throws(Errno) in
            if let failed { throw failed }
            var rest = bytes
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe writeSome($0) }
                if count >= 0 {
                    rest = rest.dropFirst(count)
                    continue
                }
                let reason = Errno(rawValue: errno)
                switch reason {
                case .interrupted: continue
                case .wouldBlock: waitUntilWritable()
                default:
                    failed = reason
                    throw reason
                }
            }
        }
    }

    /// A terminal that another program has set to non-blocking is full now and then.
    private func waitUntilWritable() {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&request, 1, 1000)
    }

    private func writeSome(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            unsafe Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            unsafe Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }
}

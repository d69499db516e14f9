// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A connection whose bytes a test writes and reads itself. Its calls block: use it on a thread of its own.
package final class RawConnection: Sendable {
    /// The reason why a connection does not do as it should.
    package struct Failure: Error, CustomStringConvertible {
        package var description: String

        package init(description: String) { self.description = description }
    }

    private let descriptor: Int32
    /// Bytes that were read past the last response.
    private let rest = Mutex<[UInt8]>([])

    /// Connects to a port of this machine.
    package init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket: \(errno)") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        // Nothing here takes so long, even on a machine with ten times as much to do as it can: a test that would hang fails.
        var limit = timeval(tv_sec: 180, tv_usec: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw Failure(description: "cannot connect: \(errno)") }
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Sends all bytes.
    /// - Throws: When the server takes no more.
    package func send(_ bytes: [UInt8]) throws {
        var position = 0
        while position < bytes.count {
            let count = unsafe bytes[position...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "cannot send: \(errno)") }
            position += count
        }
    }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends nothing more, and reads on.
    package func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads what comes next; empty at the end of the connection.
    package func read() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        if count < 0, errno == ECONNRESET { return [] }
        guard count >= 0 else { throw Failure(description: "nothing came: \(errno)") }
        return Array(buffer[..<count])
    }

    /// Reads until the server closes the connection.
    package func readToEnd() throws -> [UInt8] {
        var all = rest.withLock { $0 }
        while true {
            let more = try read()
            if more.isEmpty { return all }
            all += more
        }
    }

    /// Reads one response, its body by its length or its chunks.
    package func readResponse(hasBody: Bool = true) throws -> RawResponse {
        var bytes = rest.withLock { $0 }
        while true {
            if let (response, length) = RawResponse.parse(bytes, hasBody: hasBody) {
                let left = Array(bytes[length...])
                rest.withLock { $0 = left }
                return response
            }
            let more = try read()
            guard !more.isEmpty else {
                throw Failure(
                    description: "the connection ended after '\(String(decoding: bytes.prefix(500), as: UTF8.self))'")
            }
            bytes += more
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A listening socket on 127.0.0.1, at a port that the system chose, with a thread that accepts.
final class LoopbackListener: Sendable {
    let port: Int
    private let descriptor: Int32
    private let isClosed = Mutex(false)

    /// - Parameter receiveBuffer: Bytes that the system takes in unread on each connection.
    init(receiveBuffer: Int32? = nil) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else { throw POSIXError(.EMFILE) }
        // Children that a test starts must not keep the port.
        _ = fcntl(listener, F_SETFD, FD_CLOEXEC)
        var on: Int32 = 1
        _ = unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        if var size = receiveBuffer { _ = unsafe setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var address = Self.address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(listener, generic, length) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, generic, &length) == 0
            }
        }
        guard isBound else {
            _ = Foundation.close(listener)
            throw POSIXError(.EADDRINUSE)
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        descriptor = listener
    }

    deinit { close() }

    /// Hands each connection to `body` on the accepting thread, until ``close()`` or until `body` returns false.
    func acceptEach(_ body: @escaping @Sendable (Int32) -> Bool) {
        let listener = descriptor
        Thread.detachNewThread {
            while true {
                let accepted = accept(listener, nil, nil)
                guard accepted >= 0 else { break }
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                guard body(accepted) else { break }
            }
            _ = Foundation.close(listener)
        }
    }

    /// Stops listening; the thread closes the socket.
    func close() {
        isClosed.withLock { isClosed in
            // Once only: the number may be another socket's by the second time.
            if !isClosed { shutdown(descriptor, Int32(SHUT_RDWR)) }
            isClosed = true
        }
    }

    /// Connects to a port of this machine; negative when nobody listens there.
    static func connect(to port: Int) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var address = address(port: port)
        let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe Foundation.connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isConnected { return descriptor }
        _ = Foundation.close(descriptor)
        return -1
    }

    static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}

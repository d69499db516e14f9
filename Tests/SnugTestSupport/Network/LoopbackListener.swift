// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// A listening socket on 127.0.0.1, at a port that the system chose, with a thread that accepts.
final class LoopbackListener: Sendable {
    let port: Int
    private let listening: Listening

    /// The socket, which the accepting thread closes: whoever else uses its number does so under the lock, because a moment
    /// later it may be a stranger's.
    private final class Listening: Sendable {
        let descriptor: Int32
        private let isClosed = Mutex(false)
        init(_ descriptor: Int32) { self.descriptor = descriptor }

        func close() {
            isClosed.withLock { isClosed in
                if !isClosed { _ = Foundation.close(descriptor) }
                isClosed = true
            }
        }

        func shutDown() {
            isClosed.withLock { isClosed in
                if !isClosed { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
            }
        }
    }

    /// - Parameter receiveBuffer: Bytes that the system takes in unread on each connection.
    init(receiveBuffer: Int32? = nil) throws {
        let (listener, port) = try Self.bind()
        if var size = receiveBuffer { _ = unsafe setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        guard listen(listener, 128) == 0 else {
            _ = Foundation.close(listener)
            throw POSIXError(.EADDRINUSE)
        }
        self.port = port
        listening = Listening(listener)
    }

    /// A socket that does not listen yet, at a port that the system chose.
    static func bind() throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
        // Children that a test starts must not keep the port.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var address = address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe Foundation.bind(descriptor, generic, length) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard isBound else {
            _ = Foundation.close(descriptor)
            throw POSIXError(.EADDRINUSE)
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    deinit { close() }

    /// Hands each connection to `body` on the accepting thread, until ``close()`` or until `body` returns false.
    func acceptEach(_ body: @escaping @Sendable (Int32) -> Bool) {
        let listening = listening
        Thread.detachNewThread {
            while true {
                let accepted = accept(listening.descriptor, nil, nil)
                guard accepted >= 0 else { break }
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                guard body(accepted) else { break }
            }
            listening.close()
        }
    }

    /// Stops listening; the thread closes the socket.
    func close() { listening.shutDown() }

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

// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Two ports that no connection gets through: one whose queue is full, one without a listener.
///
/// NIO's server channels always accept, so these are plain sockets.
final class DeadEnds: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let silentPort: Int
    let refusingPort: Int
    private let descriptors: [CInt]

    init() throws(Failure) {
        var opened: [CInt] = []
        do throws(Failure) {
            let silent = try Self.bound()
            opened.append(silent.descriptor)
            guard listen(silent.descriptor, 0) == 0 else { throw Failure(description: "listen: errno \(errno)") }
            // A backlog of 0 still queues one connection; these fill it, so that the kernel drops what comes after.
            for _ in 0..<3 { opened.append(try Self.connecting(to: silent.port)) }
            let refusing = try Self.bound()
            opened.append(refusing.descriptor)
            silentPort = silent.port
            refusingPort = refusing.port
            descriptors = opened
        } catch {
            for descriptor in opened { _ = Glibc.close(descriptor) }
            throw error
        }
    }

    func close() {
        for descriptor in descriptors { _ = Glibc.close(descriptor) }
    }

    private static func bound() throws(Failure) -> (descriptor: CInt, port: Int) {
        let descriptor = try opened()
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
                let result = unsafe bind(descriptor, plain, length)
                return unsafe result == 0 ? getsockname(descriptor, plain, &length) : result
            }
        }
        guard result == 0 else {
            let failure = Failure(description: "bind: errno \(errno)")
            _ = Glibc.close(descriptor)
            throw failure
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    private static func connecting(to port: Int) throws(Failure) -> CInt {
        let descriptor = try opened()
        var address = loopback(port: port)
        // Non-blocking: whether it is queued or dropped shows later, and either is right.
        _ = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
                unsafe connect(descriptor, plain, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }

    private static func opened() throws(Failure) -> CInt {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else { throw Failure(description: "socket: errno \(errno)") }
        return descriptor
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return address
    }
}

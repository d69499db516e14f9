// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A service manager's socket, which takes what a service tells (sd_notify(3)).
public final class NotifySocket: Sendable {
    /// The address for `NOTIFY_SOCKET`.
    public let address: String
    private let file: Int32

    /// A socket at a path, or at an abstract name after `@`.
    public init(_ address: String) throws {
        self.address = address
        let name = Array(address.utf8)
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        guard name.count < MemoryLayout.size(ofValue: place.sun_path) else {
            throw CommandRunner.Failure(description: "the name of the socket is too long")
        }
        unsafe withUnsafeMutableBytes(of: &place.sun_path) { buffer in
            unsafe buffer.copyBytes(from: name)
            if name.first == 0x40 { unsafe buffer[0] = 0 }
        }
        file = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path).map { $0 + name.count } ?? 0
        let result = unsafe withUnsafePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(file, $0, socklen_t(length))
            }
        }
        guard file >= 0, result == 0 else { throw CommandRunner.Failure(description: "no socket: errno \(errno)") }
    }

    deinit { close(file) }

    /// The messages that have come since the last call, each in its lines.
    public func messages() -> [String] {
        var messages: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe recv(file, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { return messages }
            messages.append(String(decoding: buffer.prefix(count), as: UTF8.self))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// One connection through a ``FaultProxy``.
final class FaultLine: @unchecked Sendable {
    // Used by one thread, but for `end`, which only shuts sockets down under the lock.
    private let client: Int32
    private let fault: LineFault?
    private let byte: Int
    private let target: Int
    private let longestHang: Int32
    private let happened: @Sendable (LineFault) -> Void
    private let sockets: Mutex<[Int32]>
    /// The same as `sent`, for others to read.
    let forwarded = Atomic<Int>(0)
    private var sent = 0 {
        didSet { forwarded.store(sent, ordering: .relaxed) }
    }
    private var received = 0
    /// Bytes of a request's head so far.
    private var head: [UInt8] = []
    private var flipAt: Int?
    private var hasFlipped = false

    init(
        client: Int32, target: Int, fault: LineFault?, byte: Int, longestHang: Int32,
        happened: @escaping @Sendable (LineFault) -> Void
    ) {
        self.client = client
        self.longestHang = longestHang
        self.target = target
        self.fault = fault
        self.byte = byte
        self.happened = happened
        sockets = Mutex([client])
    }

    func end() {
        sockets.withLock { for socket in $0 { shutdown(socket, Int32(SHUT_RDWR)) } }
    }

    /// - Returns: Bytes forwarded to the server.
    func run() -> Int {
        if fault == .refuse {
            happened(.refuse)
            finish([client], resets: true)
            return 0
        }
        let server = LoopbackListener.connect(to: target)
        guard server >= 0 else {
            finish([client], resets: true)
            return 0
        }
        sockets.withLock { $0.append(server) }
        finish([client, server], resets: relay(to: server))
        return sent
    }

    /// Carries bytes both ways until an end or a fault.
    /// - Returns: True when the connection ends with a reset.
    private func relay(to server: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            var requests = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard unsafe poll(&requests, 2, -1) > 0 else { continue }
            if requests[0].revents != 0 {
                let count = unsafe recv(client, &buffer, buffer.count, 0)
                // A client that has gone wants no response; one that has only finished sending is not known here.
                guard count > 0 else { return false }
                switch forward(&buffer, count, to: server) {
                case .goOn: break
                case .reset: return true
                case .freeze:
                    waitUntilClientLeaves()
                    // As if the client's machine were gone. After an orderly end, Python's http.server takes half a head
                    // for a whole one, and the emulator of Google's storage then stores nothing as the object.
                    return true
                }
            }
            if requests[1].revents != 0 {
                let count = unsafe recv(server, &buffer, buffer.count, 0)
                guard count > 0 else { return false }
                guard answer(&buffer, count) else { return fault == .resetAnswering }
            }
        }
    }

    private enum Next { case goOn, reset, freeze }

    private func forward(_ buffer: inout [UInt8], _ count: Int, to server: Int32) -> Next {
        if fault == .flip, let place = placeToFlip(buffer, count) {
            buffer[place] ^= 1 << UInt8(byte % 8)
            happened(.flip)
        }
        if fault == .resetSending || fault == .hang, sent + count > byte {
            let rest = max(0, byte - sent)
            _ = unsafe send(server, buffer, rest, Int32(MSG_NOSIGNAL))
            sent += rest
            happened(fault == .hang ? .hang : .resetSending)
            return fault == .hang ? .freeze : .reset
        }
        guard Self.write(buffer[..<count], to: server) else { return .reset }
        sent += count
        return .goOn
    }

    /// Where in this piece the inverted bit falls: within the first body on the connection, because a changed head is
    /// another request, which nothing but encryption keeps apart from the one that was meant.
    private func placeToFlip(_ buffer: [UInt8], _ count: Int) -> Int? {
        if flipAt == nil {
            head += buffer[..<count]
            while let end = head.firstRange(of: [13, 10, 13, 10]) {
                let length = Self.bodyLength(String(decoding: head[..<end.lowerBound], as: UTF8.self))
                let start = sent + count - head.count + end.upperBound
                head.removeFirst(end.upperBound)
                guard length > 0 else { continue }
                flipAt = start + byte % length
                head = []
            }
        }
        guard let flipAt, flipAt >= sent, flipAt < sent + count, !hasFlipped else { return nil }
        hasFlipped = true
        return flipAt - sent
    }

    private static func bodyLength(_ head: String) -> Int {
        let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        return line.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
    }

    /// - Returns: Whether the connection goes on.
    private func answer(_ buffer: inout [UInt8], _ count: Int) -> Bool {
        if fault == .swallowAnswer {
            happened(.swallowAnswer)
            return false
        }
        if fault == .resetAnswering, received + count > byte {
            _ = Self.write(buffer[..<max(0, byte - received)], to: client)
            happened(.resetAnswering)
            return false
        }
        received += count
        return Self.write(buffer[..<count], to: client)
    }

    private func waitUntilClientLeaves() {
        // POLLRDHUP, which is not imported: the peer has closed its side. What it sent before and nobody reads may keep the
        // system from telling so, and a server with one thread would wait for the rest for ever.
        var request = pollfd(fd: client, events: 0x2000, revents: 0)
        while unsafe poll(&request, 1, longestHang) < 0, errno == EINTR {}
    }

    private func finish(_ all: [Int32], resets: Bool) {
        sockets.withLock { sockets in
            for socket in all {
                if resets {
                    var option = linger(l_onoff: 1, l_linger: 0)
                    let size = socklen_t(MemoryLayout<linger>.size)
                    _ = unsafe setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, size)
                }
                close(socket)
            }
            sockets = []
        }
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

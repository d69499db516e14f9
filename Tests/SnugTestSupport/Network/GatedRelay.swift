// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// The way from one process to a server on this machine, which a test can cut for a while.
package final class GatedRelay: Sendable {
    /// The state of the way.
    package enum Gate: Sendable {
        /// Bytes pass.
        case open
        /// Nothing passes, and nobody hears of it: the cable is out. Connections stay, and new ones are taken.
        case silent
        /// Connections end, and new ones are refused.
        case closed
    }

    private struct State {
        var gate = Gate.open
        var sockets: [Int: [Int32]] = [:]
        var count = 0
    }

    /// Where it listens, on 127.0.0.1.
    package let port: Int
    private let listener: LoopbackListener
    private let state = Mutex(State())

    /// - Parameter target: The port that connections are forwarded to.
    package init(to target: Int) throws {
        listener = try LoopbackListener()
        port = listener.port
        listener.acceptEach { [weak self] client in
            guard let self else { return close(client) != 0 }
            Thread.detachNewThread { self.carry(client, to: target) }
            return true
        }
    }

    deinit {
        listener.close()
        end()
    }

    /// Opens or cuts the way. What waited while it was silent passes once it is open again.
    package func set(_ gate: Gate) {
        state.withLock { $0.gate = gate }
        if gate == .closed { end() }
    }

    private var gate: Gate { state.withLock { $0.gate } }

    private func end() {
        state.withLock { state in
            for socket in state.sockets.values.joined() { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    private func carry(_ client: Int32, to target: Int) {
        // A connection of a silent way is one to nobody.
        while gate == .silent { usleep(20_000) }
        let server = gate == .closed ? -1 : LoopbackListener.connect(to: target)
        guard server >= 0 else {
            _ = close(client)
            return
        }
        let number = state.withLock { state in
            state.count += 1
            state.sockets[state.count] = [client, server]
            return state.count
        }
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while pass(client, server, &buffer) {}
        // Under the lock: a moment later the numbers may be those of others.
        state.withLock { state in
            state.sockets[number] = nil
            for socket in [client, server] { _ = close(socket) }
        }
    }

    /// Carries what is there.
    /// - Returns: False at the end of the connection.
    private func pass(_ client: Int32, _ server: Int32, _ buffer: inout [UInt8]) -> Bool {
        switch gate {
        case .closed: return false
        case .silent:
            usleep(20_000)
            return true
        case .open: break
        }
        var sockets = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: server, events: Int16(POLLIN), revents: 0),
        ]
        // A bound, so that a way that was cut meanwhile is noticed.
        guard unsafe poll(&sockets, 2, 50) > 0 else { return true }
        for (from, to) in [(0, server), (1, client)] where sockets[from].revents != 0 {
            let count = unsafe recv(sockets[from].fd, &buffer, buffer.count, 0)
            guard count > 0, gate == .open, send(buffer[..<count], to: to) else { return false }
        }
        return true
    }

    private func send(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}

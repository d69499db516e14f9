// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore

/// The sending side of one connection, and the rude ways to end it.
struct Transport: Sendable {
    let channel: any Channel
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    func send(_ bytes: [UInt8]) async throws {
        try await outbound.write(ByteBuffer(bytes: bytes))
    }

    /// Does nothing until the client goes away or the simulator stops.
    func stall() async throws {
        try await channel.setOption(.autoRead, value: false).get()
        try await channel.closeFuture.get()
    }

    func close() async throws {
        try await channel.close().get()
    }

    func closeOutput() async throws {
        try await channel.close(mode: .output).get()
    }

    /// Ends the connection with a reset instead of an orderly close.
    func reset() async throws {
        if let socket = channel as? any SocketOptionProvider {
            try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try await channel.close().get()
    }

    /// Carries out a fault that follows the whole body.
    ///
    /// - Returns: True when the connection has ended.
    func end(_ fault: RequestFault?) async throws -> Bool {
        switch fault {
        case .closeAfterBody: try await close()
        case .resetAfterBody: try await reset()
        case .stallAfterBody: try await stall()
        default: return false
        }
        return true
    }
}

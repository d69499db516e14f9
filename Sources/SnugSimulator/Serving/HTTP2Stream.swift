// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHPACK
import NIOHTTP2

/// The sending side of one HTTP/2 stream.
struct HTTP2Stream {
    let connection: any Channel
    let channel: any Channel
    let outbound: NIOAsyncChannelOutboundWriter<HTTP2Frame.FramePayload>
    let clock: SimulatorClock

    /// RFC 9113 §8.2.2: fields of HTTP/1.1 that say nothing here, and may not be sent.
    private static let connectionFields: Set = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
    ]

    /// Says that the request was not processed, if that is the fault; then the provider must not act on it.
    func refuse(_ fault: DeliveryFault?) async throws -> Bool {
        switch fault {
        case .refuseStream:
            try await reset(.refusedStream)
        case .goAway:
            // Stream 0 as the last one: none was processed (RFC 9113 §6.8).
            let frame = HTTP2Frame(
                streamID: .rootStream,
                payload: .goAway(lastStreamID: .rootStream, errorCode: .noError, opaqueData: nil))
            try await connection.writeAndFlush(frame).get()
            try await connection.close().get()
        default: return false
        }
        return true
    }

    func reset(_ code: HTTP2ErrorCode) async throws { try await outbound.write(.rstStream(code)) }

    /// Does nothing until the client goes away or the simulator stops.
    func stall() async throws { try await channel.closeFuture.get() }

    /// - Returns: True when the whole response was sent.
    func send(_ reply: Reply, isHead: Bool, fault: Fault) async throws -> Bool {
        switch fault.request {
        case .closeAfterBody:
            try await connection.close().get()
            return false
        case .resetAfterBody:
            try await reset(.internalError)
            return false
        case .stallAfterBody:
            try await stall()
            return false
        default: break
        }
        let hasBody = !isHead && reply.status != 204 && reply.status != 304
        try await outbound.write(.headers(.init(headers: head(reply), endStream: !hasBody)))
        guard hasBody else { return true }
        let body = reply.bytes
        switch fault.delivery {
        case .stallAfter(let bytes):
            try await write(body.prefix(max(0, bytes)), isLast: false)
            try await stall()
        case .closeAfter(let bytes), .resetAfter(let bytes):
            try await write(body.prefix(max(0, bytes)), isLast: false)
            try await reset(.internalError)
        default:
            if case .pieces(_, isCut: true) = reply.body {
                try await write(body[...], isLast: false)
                try await reset(.internalError)
                return false
            }
            try await write(body[...], isLast: true)
            return true
        }
        return false
    }

    private func head(_ reply: Reply) -> HPACKHeaders {
        var fields: Headers = ["Date": clock.httpDate()]
        if case .bytes(let bytes) = reply.body, reply.status != 204 { fields["Content-Length"] = String(bytes.count) }
        fields.merge(reply.headers)
        var headers = HPACKHeaders([(":status", String(reply.status))])
        for field in fields.fields where !Self.connectionFields.contains(field.name.lowercased()) {
            headers.add(name: field.name.lowercased(), value: field.value)
        }
        return headers
    }

    /// Returns when the bytes have left, because a reset discards what has not, the headers included.
    private func write(_ bytes: ArraySlice<UInt8>, isLast: Bool) async throws {
        let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(ByteBuffer(bytes: bytes)), endStream: isLast)
        try await channel.writeAndFlush(HTTP2Frame.FramePayload.data(data)).get()
    }
}

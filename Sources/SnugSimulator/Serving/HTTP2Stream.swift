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
        if fault.delivery == .stallInHeaders {
            try await stall()
            return false
        }
        var reply = reply
        if case .gzipBomb(let unpackedBytes) = fault.delivery {
            reply.headers["Content-Encoding"] = "gzip"
            reply.body = .bytes(ZeroRun.gzip(max(0, unpackedBytes)))
        }
        let hasBody = !isHead && reply.status != 204 && reply.status != 304
        try await outbound.write(.headers(.init(headers: head(reply), endStream: !hasBody)))
        return hasBody ? try await deliver(reply.body, reply.bytes, fault.delivery) : true
    }

    private func deliver(_ body: Reply.Body, _ bytes: [UInt8], _ fault: DeliveryFault?) async throws -> Bool {
        switch (fault, body) {
        case (.stallAfter(let count), _):
            try await write(bytes.prefix(max(0, count)), isLast: false)
            try await stall()
        case (.closeAfter(let count), _), (.resetAfter(let count), _):
            try await write(bytes.prefix(max(0, count)), isLast: false)
            try await reset(.internalError)
        case (.chunkedWithoutEnd(let thenClose), _):
            try await write(bytes[...], isLast: false)
            if thenClose { try await reset(.internalError) } else { try await stall() }
        case (.drip(let count, let milliseconds), _):
            var rest = bytes[...]
            while rest.count > max(1, count) {
                try await write(rest.prefix(max(1, count)), isLast: false)
                rest = rest.dropFirst(max(1, count))
                try await Task.sleep(for: .milliseconds(milliseconds))
            }
            try await write(rest, isLast: true)
            return true
        case (_, .pieces(let pieces, let isCut)):
            for piece in pieces { try await write(piece[...], isLast: false) }
            if isCut { try await reset(.internalError) } else { try await write([], isLast: true) }
            return !isCut
        case (_, .bytes):
            try await write(bytes[...], isLast: true)
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

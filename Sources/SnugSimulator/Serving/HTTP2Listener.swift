// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix

/// A port that speaks HTTP/2 without TLS, to clients that know so beforehand.
struct HTTP2Listener: Sendable {
    typealias Stream = NIOAsyncChannel<HTTP2Frame.FramePayload, HTTP2Frame.FramePayload>

    struct Accepted: Sendable {
        var channel: any Channel
        var streams: NIOHTTP2Handler.AsyncStreamMultiplexer<Stream>
    }

    let world: World
    let name: ServiceName
    let service: any Service
    private let server: NIOAsyncChannel<Accepted, Never>

    static func bind(
        world: World, name: ServiceName, service: any Service, host: String, port: Int
    ) async throws -> HTTP2Listener {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .bind(host: host, port: port) { channel in
                // From now on stopping closes it, also when it never gets to be served.
                if !world.channels.add(channel) { channel.close(promise: nil) }
                return channel.configureAsyncHTTP2Pipeline(mode: .server) { stream in
                    stream.eventLoop.makeCompletedFuture { try Stream(wrappingChannelSynchronously: stream) }
                }.map { Accepted(channel: channel, streams: $0) }
            }
        return HTTP2Listener(world: world, name: name, service: service, server: server)
    }

    var port: Int { server.channel.localAddress?.port ?? 0 }

    /// Serves until the task is cancelled.
    func run() async throws {
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await accepted in connections {
                    let number = world.log.openConnection()
                    group.addTask { await serve(accepted, number: number) }
                }
            }
        }
    }

    private func serve(_ accepted: Accepted, number: Int) async {
        guard world.channels.add(accepted.channel) else {
            accepted.channel.close(promise: nil)
            return
        }
        do {
            try await withThrowingDiscardingTaskGroup { group in
                var position = 0
                for try await stream in accepted.streams.inbound {
                    position += 1
                    let place = position
                    group.addTask {
                        await serve(stream, of: accepted.channel, connection: number, position: place)
                    }
                }
            }
        } catch {
            // As over HTTP/1.1: connections break, and the request's record says what that cost.
        }
        world.channels.remove(accepted.channel)
    }

    private func serve(_ stream: Stream, of connection: any Channel, connection number: Int, position: Int) async {
        do {
            try await stream.executeThenClose { inbound, outbound in
                let writer = HTTP2Stream(connection: connection, channel: stream.channel, outbound: outbound)
                try await serve(inbound, writer, connection: number, position: position)
            }
        } catch {
            // The client has reset the stream.
        }
    }

    private func serve(
        _ inbound: NIOAsyncChannelInboundStream<HTTP2Frame.FramePayload>, _ stream: HTTP2Stream, connection: Int,
        position: Int
    ) async throws {
        var pending: Exchange?
        for try await payload in inbound {
            switch payload {
            case .headers(let headers):
                if pending == nil { pending = exchange(headers.headers, connection: connection, position: position) }
                if headers.endStream { return try await answer(&pending, stream) }
            case .data(let data):
                if case .byteBuffer(let buffer) = data.data { pending?.add(Array(buffer.readableBytesView)) }
                if data.endStream { return try await answer(&pending, stream) }
            default: break
            }
        }
        pending?.finish(status: nil, wasCut: true)
    }

    private func exchange(_ fields: HPACKHeaders, connection: Int, position: Int) -> Exchange {
        var headers = Headers(
            fields.filter { !$0.name.hasPrefix(":") }.map { Headers.Field(name: $0.name, value: $0.value) })
        headers["Host"] = fields.first(name: ":authority") ?? headers["Host"]
        return Exchange(
            world: world, name: name, service: service, connection: connection, position: position,
            method: fields.first(name: ":method") ?? "GET", target: fields.first(name: ":path") ?? "/", headers: headers
        )
    }

    private func answer(_ pending: inout Exchange?, _ stream: HTTP2Stream) async throws {
        guard let exchange = pending else { return }
        exchange.completeBody()
        if try await stream.refuse(exchange.fault.delivery) {
            exchange.finish(status: nil, wasCut: true)
            return
        }
        let reply = try await exchange.reply()
        exchange.begin(status: reply.status)
        let isWhole = try await stream.send(reply, isHead: exchange.isHead, fault: exchange.fault)
        exchange.finish(status: isWhole || exchange.fault.delivery != nil ? reply.status : nil, wasCut: !isWhole)
    }
}

/// The sending side of one HTTP/2 stream.
struct HTTP2Stream {
    let connection: any Channel
    let channel: any Channel
    let outbound: NIOAsyncChannelOutboundWriter<HTTP2Frame.FramePayload>

    /// Says that the request was not processed, if that is the fault; then the provider must not act on it.
    func refuse(_ fault: DeliveryFault?) async throws -> Bool {
        switch fault {
        case .refuseStream:
            try await outbound.write(.rstStream(.refusedStream))
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

    /// - Returns: True when the whole response was sent.
    func send(_ reply: Reply, isHead: Bool, fault: Fault) async throws -> Bool {
        switch fault.request {
        case .closeAfterBody:
            try await connection.close().get()
            return false
        case .resetAfterBody:
            try await outbound.write(.rstStream(.internalError))
            return false
        case .stallAfterBody, .stallAfterHeaders:
            try await channel.closeFuture.get()
            return false
        default: break
        }
        let body = reply.bytes
        var headers = HPACKHeaders([(":status", String(reply.status))])
        for field in reply.headers.fields { headers.add(name: field.name.lowercased(), value: field.value) }
        headers.add(name: "content-length", value: String(body.count))
        try await outbound.write(.headers(.init(headers: headers, endStream: isHead)))
        if isHead { return true }
        switch fault.delivery {
        case .stallAfter(let bytes):
            try await write(body.prefix(max(0, bytes)), isLast: false)
            try await channel.closeFuture.get()
        case .closeAfter(let bytes), .resetAfter(let bytes):
            try await write(body.prefix(max(0, bytes)), isLast: false)
            try await outbound.write(.rstStream(.internalError))
        default:
            try await write(body[...], isLast: true)
            return true
        }
        return false
    }

    private func write(_ bytes: ArraySlice<UInt8>, isLast: Bool) async throws {
        try await outbound.write(.data(.init(data: .byteBuffer(ByteBuffer(bytes: bytes)), endStream: isLast)))
    }
}

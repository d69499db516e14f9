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

    /// Gives the port back when nobody is going to serve it.
    func close() async {
        // It fails when the port is closed already.
        try? await server.channel.close().get()
    }

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
                let writer = HTTP2Stream(
                    connection: connection, channel: stream.channel, outbound: outbound, clock: world.clock)
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
        // The client may leave at any point, and what has ended otherwise by then stays as it is.
        defer { pending?.finish(status: nil, wasCut: true) }
        for try await payload in inbound {
            switch payload {
            case .headers(let headers):
                if pending == nil { pending = exchange(headers.headers, connection: connection, position: position) }
                if try await isOver(pending, stream, hasWholeBody: headers.endStream) { return }
            case .data(let data):
                if case .byteBuffer(let buffer) = data.data { pending?.add(Array(buffer.readableBytesView)) }
                if try await isOver(pending, stream, hasWholeBody: data.endStream) { return }
            default: break
            }
        }
    }

    /// Answers a request that is whole, or does before what its fault demands.
    ///
    /// - Returns: True when the stream has been dealt with.
    private func isOver(_ pending: Exchange?, _ stream: HTTP2Stream, hasWholeBody: Bool) async throws -> Bool {
        guard let exchange = pending else { return false }
        let limit = exchange.fault.request?.bodyBytesBefore
        if let limit, exchange.bodyBytes >= limit {
            try await interrupt(exchange, stream)
            return true
        }
        guard hasWholeBody else { return false }
        exchange.completeBody()
        if limit == nil { try await answer(exchange, stream) } else { try await interrupt(exchange, stream) }
        return true
    }

    private func interrupt(_ exchange: Exchange, _ stream: HTTP2Stream) async throws {
        switch exchange.fault.request {
        case .answerEarly:
            let reply = exchange.earlyReply()
            exchange.begin(status: reply.status)
            let isWhole = try await stream.send(reply, isHead: false, fault: exchange.fault)
            // RFC 9113 §8.1: the client need not send the rest.
            if isWhole { try await stream.reset(.noError) }
            exchange.finish(status: reply.status, wasCut: !isWhole)
        case .resetAfter:
            exchange.finish(status: nil, wasCut: true)
            try await stream.reset(.internalError)
        default:
            exchange.finish(status: nil, wasCut: true)
            try await stream.stall()
        }
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

    private func answer(_ exchange: Exchange, _ stream: HTTP2Stream) async throws {
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

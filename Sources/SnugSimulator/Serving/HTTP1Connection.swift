// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import SnugSystem

/// One connection: requests are read, answered and spoilt one after the other.
///
/// Reading is `@concurrent`, because NIO's iterator is, and may not be lent to it from elsewhere.
struct HTTP1Connection {
    let world: World
    let name: ServiceName
    let service: any Service
    let number: Int
    let transport: Transport
    private var parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    private var position = 0

    init(
        world: World, name: ServiceName, service: any Service, number: Int, transport: Transport,
        parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>
    ) {
        self.world = world
        self.name = name
        self.service = service
        self.number = number
        self.transport = transport
        self.parts = parts.makeAsyncIterator()
    }

    /// Serves until either side ends the connection.
    @concurrent mutating func run() async throws {
        while let part = try await parts.next() {
            guard case .head(let head) = part else { continue }
            guard try await serve(head) else { return }
        }
    }

    /// Serves one request.
    ///
    /// - Returns: True when the connection can carry another.
    @concurrent private mutating func serve(_ head: HTTPRequestHead) async throws -> Bool {
        position += 1
        let headers = Headers(head.headers.map { Headers.Field(name: $0.name, value: $0.value) })
        var exchange = Exchange(
            world: world, name: name, service: service, connection: number, position: position,
            method: head.method.rawValue, target: head.uri, headers: headers)
        do {
            guard try await read(into: &exchange) else { return false }
            let reply = try await exchange.reply()
            if try await transport.end(exchange.fault.request) {
                exchange.finish(status: nil, wasCut: true)
                return false
            }
            exchange.begin(status: reply.status)
            let writer = ResponseWriter(
                transport: transport, isHead: head.method == .HEAD, keepsAlive: head.isKeepAlive, clock: world.clock)
            let isWhole = try await writer.write(reply, delivery: exchange.fault.delivery)
            exchange.finish(status: reply.status, wasCut: !isWhole)
            return isWhole && head.isKeepAlive
        } catch {
            exchange.finish(status: nil, wasCut: true)
            throw error
        }
    }

    /// Reads the body, or as much as the fault lets through.
    ///
    /// - Returns: True when the body is complete; if not, the connection has been dealt with.
    @concurrent private mutating func read(into exchange: inout Exchange) async throws -> Bool {
        let fault = exchange.fault
        switch fault.request {
        case .stallAfterHeaders:
            exchange.finish(status: nil, wasCut: true)
            try await transport.stall()
            return false
        case .answerEarly(let after, let ending):
            if after > 0 { _ = try await readBody(into: &exchange, limit: after) }
            try await answerEarly(&exchange, then: ending)
            return false
        case .refuseExpect where exchange.expectsContinue:
            try await refuse(&exchange)
            return false
        case .ignoreExpect:
            break
        default:
            if exchange.expectsContinue { try await transport.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
        }
        switch fault.request {
        case .stallAfter(let bytes):
            _ = try await readBody(into: &exchange, limit: bytes)
            exchange.finish(status: nil, wasCut: true)
            try await transport.stall()
            return false
        case .resetAfter(let bytes):
            _ = try await readBody(into: &exchange, limit: bytes)
            exchange.finish(status: nil, wasCut: true)
            try await transport.reset()
            return false
        default:
            return try await readBody(into: &exchange, limit: nil)
        }
    }

    @concurrent private mutating func readBody(into exchange: inout Exchange, limit: Int?) async throws -> Bool {
        while exchange.bodyBytes < limit ?? .max {
            switch try await parts.next() {
            case .body(let buffer): exchange.add(Array(buffer.readableBytesView))
            case .end:
                exchange.completeBody()
                return true
            case .head, nil: throw ConnectionEnded()
            }
        }
        return false
    }

    @concurrent private mutating func answerEarly(_ exchange: inout Exchange, then ending: RequestFault.Ending)
        async throws
    {
        let reply = exchange.earlyReply()
        exchange.begin(status: reply.status)
        let writer = ResponseWriter(transport: transport, isHead: false, keepsAlive: false, clock: world.clock)
        let isWhole = try await writer.write(reply, delivery: exchange.fault.delivery)
        exchange.finish(status: reply.status, wasCut: !isWhole)
        switch ending {
        case .close: try await transport.close()
        case .reset: try await transport.reset()
        case .halfClose:
            try await transport.closeOutput()
            while try await parts.next() != nil {}
        }
    }

    @concurrent private mutating func refuse(_ exchange: inout Exchange) async throws {
        exchange.begin(status: 417)
        let writer = ResponseWriter(transport: transport, isHead: false, keepsAlive: false, clock: world.clock)
        _ = try await writer.write(Reply(417, body: .bytes([])), delivery: nil)
        exchange.finish(status: 417, wasCut: false)
        try await transport.close()
    }
}

/// The client went away in the middle of a request.
struct ConnectionEnded: Error {}

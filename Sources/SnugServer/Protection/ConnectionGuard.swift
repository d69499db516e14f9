// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import SnugSystem

/// Bounds the time of each phase of a connection, and notices that its client has gone.
///
/// A new connection has to bring a request soon, and the next one within a longer time; bodies and responses have to keep a
/// minimum rate, so that neither silence nor a slow drip keeps a connection for long. A response is over once the system has
/// taken its last byte.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The bounds.
    struct Limits: Sendable {
        var headTimeout: TimeAmount
        /// The time that an idle connection stays open.
        var keepAlive: TimeAmount
        var ratePeriod: TimeAmount
        /// Bytes that a period has to bring.
        var minimumBytes: Int
        var maximumBodyBytes: Int
        /// Those of a part of an upload, which is written as it comes.
        var maximumPartBytes: Int
    }

    let watch = ConnectionWatch()
    /// Bytes of a body that are written at once, and that the system holds unsent: the steps in which progress is seen.
    private static let pieceBytes = 64 << 10
    /// Linux's TCP_NOTSENT_LOWAT: without it, room is reported only once much of a buffer of megabytes has gone.
    private static let unsentLowWater: CInt = 25

    private let limits: Limits
    private let metrics: ServerMetrics?
    private var timer: Scheduled<Void>?
    /// Bytes of the body in this period; `nil` while none is on its way in.
    private var receivedBytes: Int?
    /// Bytes written and not sent yet, and those sent in this period.
    private var pendingBytes = 0
    private var sentBytes = 0
    private var credit: SendingCredit
    private var isResponding = false
    private var closesAfterResponse = false
    /// True while the rest of a body comes whose response is over: nobody reads it.
    private var dropsBody = false
    /// True once the server stops: the connection ends when nothing is under way.
    private var isQuiescing = false
    /// Requests that have begun to come, and whose response is not over.
    private var openRequests = 0
    /// The fault that ended the reading of requests.
    private var fault: HTTPParserError?

    /// - Parameter metrics: Counts the requests that no route sees.
    init(_ limits: Limits, metrics: ServerMetrics? = nil) {
        self.limits = limits
        self.metrics = metrics
        credit = SendingCredit(minimum: limits.minimumBytes, maximum: 2 * Self.pieceBytes)
    }

    /// The watch of a request's connection.
    static func watch(of channel: any Channel) async throws -> ConnectionWatch {
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: ConnectionGuard.self).watch
        }.get()
    }

    // MARK: Life of the connection

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try context.channel.syncOptions?.setOption(
                .tcpOption(NIOBSDSocket.Option(rawValue: Self.unsentLowWater)), value: Self.pieceBytes)
        } catch {
            // The connection is closed already, or will be: its first read or write tells.
        }
        do {
            let pipeline = context.pipeline.syncOperations
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(RequestLineHandler(), position: .before(codec))
        } catch {
            // Without what reads HTTP there is nothing to guard.
            context.close(promise: nil)
        }
        schedule(context, limits.headTimeout) { $0.timedOut($1) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError || error is HTTP1TypeConversionError else {
            watch.close()
            return context.fireErrorCaught(error)
        }
        // Requests that were whole are answered before it.
        let fault = error as? HTTPParserError ?? .unknown
        self.fault = fault
        if receivedBytes != nil { watch.close() }
        receivedBytes = nil
        context.fireErrorCaught(fault)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isQuiescing = true
            return closeIfQuiet(context)
        }
        // A client that sends no more has gone, as far as servers can tell.
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            watch.close()
            if !isResponding, receivedBytes != nil || closesAfterResponse { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func end() {
        timer?.cancel()
        timer = nil
        watch.close()
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var data = data
        switch unwrapInboundIn(data) {
        case .head(var head):
            // The server behind this one knows the word alone.
            if Self.closes(head.headerFields[values: .connection]) {
                head.headerFields[.connection] = "close"
                data = wrapInboundOut(.head(head))
            }
            receivedBytes = 0
            openRequests += 1
            if head.headerFields[.expect]?.lowercased() == "100-continue", isWelcome(head) {
                let proceed = HTTPResponse(status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
            }
            schedule(context, limits.ratePeriod) { $0.periodEnded($1) }
        case .body(let bytes):
            receivedBytes? += bytes.readableBytes
            if dropsBody { return }
        case .end: bodyEnded(context)
        }
        context.fireChannelRead(data)
    }

    private func bodyEnded(_ context: ChannelHandlerContext) {
        receivedBytes = nil
        dropsBody = false
        // Its response may have come before it.
        if openRequests == 0, closesAfterResponse { return context.close(promise: nil) }
        if openRequests == 0 { schedule(context, limits.keepAlive) { $0.timedOut($1) } }
        closeIfQuiet(context)
    }

    private static func closes(_ values: [String]) -> Bool {
        values.contains { value in
            value.split(separator: ",").contains { String($0).trimmingSpaces.lowercased() == "close" }
        }
    }

    private func isWelcome(_ head: HTTPRequest) -> Bool {
        guard let length = head.headerFields[.contentLength].flatMap({ Int($0) }) else { return true }
        let isPart = head.path?.hasPrefix("/v1/uploads") == true
        return length <= (isPart ? limits.maximumPartBytes : limits.maximumBodyBytes)
    }

    // MARK: Responses

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        switch part {
        case .head(let head):
            isResponding = true
            credit.reset()
            if timer == nil { schedule(context, limits.ratePeriod) { $0.periodEnded($1) } }
            // The server behind this one has no words for it.
            if let fault, head.status == .badRequest, head.headerFields[.contentLength] == "0" {
                closesAfterResponse = true
                let error = ServiceError(fault)
                metrics?.recordRefused(status: error.status.code, error: error.code)
                return write(error, context, promise)
            }
            if head.headerFields[.connection]?.lowercased() == "close" { closesAfterResponse = true }
            context.write(data, promise: promise)
        case .body(var bytes):
            while bytes.readableBytes > Self.pieceBytes, let piece = bytes.readSlice(length: Self.pieceBytes) {
                write(piece, context, nil)
            }
            write(bytes, context, promise)
        case .end:
            let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
            let loopBound = NIOLoopBound((guard: self, context: context), eventLoop: context.eventLoop)
            promise.futureResult.whenComplete { _ in loopBound.value.guard.responseEnded(loopBound.value.context) }
            context.write(data, promise: promise)
        }
    }

    /// Writes a piece of a body, and counts it once the system has taken it.
    private func write(_ piece: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let count = piece.readableBytes
        pendingBytes += count
        promise.futureResult.whenComplete { _ in
            loopBound.value.pendingBytes -= count
            loopBound.value.sentBytes += count
        }
        context.write(wrapOutboundOut(.body(piece)), promise: promise)
    }

    /// Writes the head and the body of an error.
    private func write(_ error: ServiceError, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let body = ByteBuffer(string: error.json.description + "\n")
        var fields: HTTPFields = [.contentType: "application/json", .connection: "close", .snugError: error.code]
        fields[.contentLength] = String(body.readableBytes)
        let head = HTTPResponse(status: error.status, headerFields: fields)
        context.write(wrapOutboundOut(.head(head)), promise: promise)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
    }

    private func responseEnded(_ context: ChannelHandlerContext) {
        isResponding = false
        openRequests -= 1
        // The time of a body that came behind begins now: the server read it no further.
        if receivedBytes != nil, openRequests > 0 { receivedBytes = limits.minimumBytes }
        dropsBody = receivedBytes != nil && openRequests == 0
        guard closesAfterResponse else {
            if openRequests == 0, receivedBytes == nil { schedule(context, limits.keepAlive) { $0.timedOut($1) } }
            return closeIfQuiet(context)
        }
        guard receivedBytes != nil, !watch.isClosed else { return context.close(promise: nil) }
        // The client is still sending: closing both ways would reset the connection before it has read the response.
        context.close(mode: .output, promise: nil)
        schedule(context, limits.ratePeriod) { _, context in context.close(promise: nil) }
    }

    private func closeIfQuiet(_ context: ChannelHandlerContext) {
        if isQuiescing, openRequests == 0, receivedBytes == nil { context.close(promise: nil) }
    }

    // MARK: Time

    private func schedule(
        _ context: ChannelHandlerContext, _ delay: TimeAmount,
        _ body: @escaping (ConnectionGuard, ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { body(self, context) }
    }

    private func timedOut(_ context: ChannelHandlerContext) {
        timer = nil
        context.close(promise: nil)
    }

    private func periodEnded(_ context: ChannelHandlerContext) {
        timer = nil
        // A body that comes behind a request that is worked on waits for this server.
        if let receivedBytes, openRequests <= 1 {
            guard receivedBytes >= limits.minimumBytes else { return refuse(context) }
            self.receivedBytes = 0
        }
        if pendingBytes > 0, !credit.covers(sentBytes) { return context.close(promise: nil) }
        sentBytes = 0
        guard receivedBytes != nil || isResponding || pendingBytes > 0 else { return }
        schedule(context, limits.ratePeriod) { $0.periodEnded($1) }
    }

    /// Tells a client that sends too slowly, unless a response is under way, and closes the connection.
    private func refuse(_ context: ChannelHandlerContext) {
        watch.close()
        guard openRequests == 1, !isResponding else { return context.close(promise: nil) }
        write(.tooSlow, context, nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // Whoever reads the body counts it.
        context.fireErrorCaught(ServiceError.tooSlow)
        context.close(promise: nil)
    }
}

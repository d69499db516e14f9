// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

/// Keeps what a client sends before anybody serves its connection.
///
/// When a client sends a request and leaves, NIO reads to the end, asked for or not. Without this the request would be lost on a busy
/// machine, and whoever waits for its record would wait for ever.
final class EarlyParts: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private var context: ChannelHandlerContext?
    private var isHolding = true
    private var parts: [HTTPServerRequestPart] = []
    private var hasEnded = false

    /// Hands on what was kept, and from now on everything at once.
    ///
    /// A client that has left in the meantime ends the connection now, as it would have done had it been served in time.
    func release() {
        isHolding = false
        guard let context else { return }
        // A client that leaves from now on ends the connection by itself. It fails for a channel that is closed.
        try? context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
        for part in parts { context.fireChannelRead(Self.wrapInboundOut(part)) }
        parts = []
        if hasEnded { context.close(promise: nil) }
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isHolding { parts.append(Self.unwrapInboundIn(data)) } else { context.fireChannelRead(data) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isHolding, case ChannelEvent.inputClosed = event { hasEnded = true }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isHolding { hasEnded = true } else { context.fireErrorCaught(error) }
    }
}

// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

/// Heeds what only the request line says: a host, which stands above the field Host, and the version.
///
/// Requests of HTTP/1.0 are answered in their version: without chunks, and with the end of the connection after the
/// response. Sits before the types of HTTP that all versions share, which leave both out.
final class RequestLineHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var isOld = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        // RFC 9112 §3.2.2. Several fields are left for their refusal.
        if let authority = Self.authority(of: head.uri), head.headers["host"].count <= 1 {
            head.headers.replaceOrAdd(name: "host", value: authority)
        }
        if [.http1_0, .http0_9].contains(head.version) {
            // The first one ends the connection: whatever comes behind it is not answered.
            isOld = true
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// The host and port of a whole address; `nil` for a path.
    private static func authority(of target: String) -> String? {
        guard !target.hasPrefix("/"), let scheme = target.firstRange(of: "://") else { return nil }
        return String(target[scheme.upperBound...].prefix { !"/?#".contains($0) })
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isOld, case .head(var head) = unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        // A client of that version knows no interim responses.
        guard head.status.code >= 200 else {
            promise?.succeed()
            return
        }
        head.version = .http1_0
        head.headers.replaceOrAdd(name: "connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}

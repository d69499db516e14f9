// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOPosix
import NIOResumableUpload
import Synchronization

/// A server of the IETF draft whose protocol is NIOResumableUpload's; what is here only keeps the objects.
final class DraftServer: Sendable {
    private let channel: any Channel
    private let store = ObjectStore()

    init() async throws {
        let store = store
        // Locations are absolute, so they have to be told where clients come in: see `origin`.
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
                    let keeper = ObjectKeeper(store: store)
                    try pipeline.addHandler(
                        HTTPResumableUploadHandler(context: store.context, handlers: [keeper]))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    deinit { channel.close(promise: nil) }

    var port: Int { channel.localAddress?.port ?? 0 }
    /// What was stored, by name; a name stored twice is there twice.
    var objects: [(name: String, bytes: [UInt8])] { store.objects.withLock { $0 } }
    /// The bodies of requests that ended before they were complete.
    var broken: Int { store.broken.withLock { $0 } }
}

private final class ObjectStore: Sendable {
    let objects = Mutex<[(name: String, bytes: [UInt8])]>([])
    let broken = Mutex(0)
    // Without an origin of its own, locations are paths, which lead back through any proxy.
    let context = HTTPResumableUploadContext(origin: "")
}

private final class ObjectKeeper: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPResponsePart

    private let store: ObjectStore
    private var name: String?
    private var bytes: [UInt8] = []

    init(store: ObjectStore) { self.store = store }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let request):
            name = request.path.flatMap { $0.split(separator: "/").last.map(String.init) }
            bytes = []
        case .body(let part): bytes += part.readableBytesView
        case .end:
            guard let name else { return }
            store.objects.withLock { $0.append((name, bytes)) }
            self.name = nil
            var response = HTTPResponse(status: .created)
            response.headerFields[.contentLength] = "0"
            context.write(wrapOutboundOut(.head(response)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if name != nil { store.broken.withLock { $0 += 1 } }
        context.fireChannelInactive()
    }
}

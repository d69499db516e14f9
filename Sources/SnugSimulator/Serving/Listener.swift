// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A port that speaks HTTP/1.1.
struct Listener: Sendable {
    struct Accepted: Sendable {
        /// Nothing reads it until it is served: what is accepted while the simulator stops is dropped as it is.
        var channel: any Channel
        var fault: ConnectionFault?
    }

    let world: World
    let name: ServiceName
    let service: any Service
    private let server: NIOAsyncChannel<Accepted, Never>

    static func bind(
        world: World, name: ServiceName, service: any Service, host: String, port: Int
    ) async throws -> Listener {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            // Until it is served, so that a client that leaves takes nothing of what it sent along.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let fault = world.script.takeConnectionFault(service: name)
                    // From now on stopping closes it, also when it never gets to be served.
                    if !world.channels.add(channel) { channel.close(promise: nil) }
                    let decoder = ByteToMessageHandler(HTTPRequestDecoder())
                    try channel.pipeline.syncOperations.addHandlers([decoder, EarlyParts()])
                    return Accepted(channel: channel, fault: fault)
                }
            }
        return Listener(world: world, name: name, service: service, server: server)
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
        let channel = accepted.channel
        guard world.channels.add(channel) else {
            channel.close(promise: nil)
            return
        }
        do {
            let isRead = accepted.fault == nil
            let parts = try await channel.wrapped(reading: isRead)
            try await parts.executeThenClose { inbound, outbound in
                let transport = Transport(channel: channel, outbound: outbound)
                switch accepted.fault {
                case .neverRead: try await transport.stall()
                case .close: try await transport.close()
                case .reset: try await transport.reset()
                case nil:
                    var connection = HTTP1Connection(
                        world: world, name: name, service: service, number: number, transport: transport, parts: inbound
                    )
                    try await connection.run()
                }
            }
        } catch {
            // A connection that breaks is an everyday event here; what it cost is in the request's record.
        }
        world.channels.remove(channel)
    }
}

extension Channel {
    /// An accepted channel as streams of what it reads and writes. They have to be used to their end.
    func wrapped(reading isRead: Bool) async throws -> NIOAsyncChannel<HTTPServerRequestPart, ByteBuffer> {
        try await eventLoop.submit {
            let early = try self.pipeline.syncOperations.handler(type: EarlyParts.self)
            let wrapped = try NIOAsyncChannel<HTTPServerRequestPart, ByteBuffer>(wrappingChannelSynchronously: self)
            early.release()
            // It fails for a channel that is closed, whose streams end at once.
            if isRead { try? self.syncOptions?.setOption(.autoRead, value: true) }
            return wrapped
        }.get()
    }
}

/// The open connections, so that stopping does not wait for stalled ones.
final class OpenChannels: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())

    var isEmpty: Bool { state.withLock { $0.channels.isEmpty } }

    /// - Returns: `false` when the simulator has stopped.
    func add(_ channel: any Channel) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.channels[ObjectIdentifier(channel)] = channel
            return true
        }
    }

    func remove(_ channel: any Channel) {
        state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    func closeAll() {
        let open = state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in open { channel.close(promise: nil) }
    }
}

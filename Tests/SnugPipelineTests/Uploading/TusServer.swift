// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Synchronization

/// A server of tus 1.0.0 that has the last upload only, and does what it is told at each PATCH.
final class TusServer: Sendable {
    enum Reaction: Sendable { case store, refuse(Int), claim(Int), drop }

    private final class State: Sendable {
        let stored = Mutex<[UInt8]>([])
        let total = Mutex(0)
        let names = Mutex<[String]>([])
        let reactions: Mutex<[Reaction]>
        init(_ reactions: [Reaction]) { self.reactions = Mutex(reactions) }
    }
    private let state: State
    let server: FaultServer

    /// The last reaction is that to all further PATCHes.
    init(_ reactions: [Reaction]) throws {
        let state = State(reactions)
        self.state = state
        server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let tus = ["Tus-Resumable": "1.0.0"]
                switch request.method {
                case "OPTIONS":
                    try connection.respond(
                        204, tus.merging(["Tus-Version": "1.0.0", "Tus-Extension": "creation"]) { $1 })
                case "POST":
                    state.total.withLock { $0 = Int(request.headers["upload-length"] ?? "") ?? 0 }
                    state.stored.withLock { $0 = [] }
                    state.names.withLock { $0.append(request.headers["upload-metadata"] ?? "") }
                    try connection.respond(201, tus.merging(["Location": "/files/1"]) { $1 })
                case "HEAD":
                    let offset = state.stored.withLock { $0.count }
                    let total = state.total.withLock { $0 }
                    try connection.respond(
                        200,
                        tus.merging([
                            "Upload-Offset": "\(offset)", "Upload-Length": "\(total)", "Cache-Control": "no-store",
                        ]) { $1 })
                case "PATCH":
                    let next = state.reactions.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                    switch next {
                    case .store:
                        let offset = state.stored.withLock { stored in
                            stored += request.body
                            return stored.count
                        }
                        try connection.respond(204, tus.merging(["Upload-Offset": "\(offset)"]) { $1 })
                    case .refuse(let status): try connection.respond(status, tus)
                    case .claim(let offset):
                        try connection.respond(204, tus.merging(["Upload-Offset": "\(offset)"]) { $1 })
                    case .drop: return connection.reset()
                    }
                default: try connection.respond(405, tus)
                }
            }
        }
    }

    var stored: [UInt8] { state.stored.withLock { $0 } }
    var metadata: [String] { state.names.withLock { $0 } }
    func react(_ reactions: [Reaction]) { state.reactions.withLock { $0 = reactions } }
}

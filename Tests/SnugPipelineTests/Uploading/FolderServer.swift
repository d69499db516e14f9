// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Synchronization

/// Stores PUTs under their paths, and refuses what it is told to.
final class FolderServer: Sendable {
    private final class State: Sendable {
        let stored = Mutex<[String: [UInt8]]>([:])
        let puts = Mutex<[String]>([])
        let refused = Mutex<Set<String>>([])
    }
    private let state = State()
    let server: FaultServer

    init() throws {
        let state = state
        server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                if request.method == "PUT" {
                    let isRefused = state.refused.withLock { $0.contains(request.target) }
                    state.puts.withLock { $0.append(request.target) }
                    if !isRefused { state.stored.withLock { $0[request.target] = request.body } }
                    try connection.respond(isRefused ? 403 : 201)
                } else {
                    let count = state.stored.withLock { $0[request.target]?.count }
                    try connection.respond(count == nil ? 404 : 200, ["Content-Length": "\(count ?? 0)"])
                }
            }
        }
    }

    /// What is stored, by path.
    var stored: [String: [UInt8]] { state.stored.withLock { $0 } }
    /// The paths of all PUTs since this was asked last.
    func takePuts() -> [String] {
        state.puts.withLock { puts in
            defer { puts = [] }
            return puts.sorted()
        }
    }
    /// Refuses PUTs to these paths, and to no others.
    func refuse(_ paths: Set<String>) { state.refused.withLock { $0 = paths } }
}

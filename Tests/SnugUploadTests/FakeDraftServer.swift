// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Synchronization

/// A server of the IETF draft, interop version 6, as strict as the one implementation that is known best: a wrong offset
/// destroys the upload, and a complete one is forgotten at once.
final class FakeDraftServer: Sendable {
    enum Fault: CaseIterable { case resetWithinBody, swallowAnswer, closeAtOnce, internalError, busy }

    private struct State {
        var length = 0
        var bytes: [UInt8] = []
        var exists = false
        var isComplete = false
        var creations = 0
        var appends = 0
        var objects: [[UInt8]] = []
    }
    private let state = Mutex(State())
    private let version: Int
    private let verdict: Int
    private let plan: @Sendable (Int) -> Fault?
    private let box = Mutex<FaultServer?>(nil)

    init(version: Int = 6, verdict: Int = 201, plan: @escaping @Sendable (Int) -> Fault? = { _ in nil }) throws {
        self.version = version
        self.verdict = verdict
        self.plan = plan
        let server = try FaultServer { [weak self] connection in
            while let self, try self.serve(connection) {}
        }
        box.withLock { $0 = server }
    }

    var url: String { box.withLock { $0?.url("/things") } ?? "" }
    var objects: [[UInt8]] { state.withLock { $0.objects } }
    var creations: Int { state.withLock { $0.creations } }
    var hasUpload: Bool { state.withLock { $0.exists } }

    private func serve(_ connection: FaultConnection) throws -> Bool {
        let head = try connection.readHead()
        guard head.headers["upload-draft-interop-version"] == "\(version)" else {
            _ = try connection.read(Int(head.headers["content-length"] ?? "0") ?? 0)
            try connection.respond(400, ["Upload-Draft-Interop-Version": "\(version)"])
            return true
        }
        switch head.method {
        case "POST":
            state.withLock { state in
                state.creations += 1
                state.exists = true
                state.bytes = []
                state.length = Int(head.headers["upload-length"] ?? "") ?? -1
            }
            try connection.send("HTTP/1.1 104 Upload Resumption Supported\r\nLocation: /u/1\r\n\r\n")
            try connection.respond(201, ["Location": "/u/1", "Upload-Limit": "max-size=1000000000, max-age=3600"])
        case "HEAD":
            let offset = state.withLock { $0.exists ? $0.bytes.count : nil }
            if let offset {
                try connection.respond(204, ["Upload-Offset": "\(offset)", "Upload-Complete": "?0"])
            } else {
                try connection.respond(404)
            }
        case "DELETE":
            state.withLock { $0.exists = false }
            try connection.respond(204)
        default: return try append(connection, head)
        }
        return true
    }

    private func append(_ connection: FaultConnection, _ head: FaultServer.Request) throws -> Bool {
        let length = Int(head.headers["content-length"] ?? "0") ?? 0
        let number = state.withLock { state in
            state.appends += 1
            return state.appends
        }
        if head.headers["expect"] != nil { try connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
        let isLast =
            head.headers[version == 3 ? "upload-incomplete" : "upload-complete"] == (version == 3 ? "?0" : "?1")
        switch plan(number) {
        case .closeAtOnce: return false
        case .resetWithinBody:
            keep(try connection.read(length / 2), head, isLast: false)
            connection.reset()
            return false
        case .swallowAnswer:
            keep(try connection.read(length), head, isLast: isLast)
            return false
        case .internalError:
            keep(Array(try connection.read(length).prefix(length / 3)), head, isLast: false)
            try connection.respond(500)
            return true
        case .busy:
            _ = try connection.read(length)
            try connection.respond(429, ["Retry-After": "1"])
            return true
        case nil: break
        }
        let isKept = keep(try connection.read(length), head, isLast: isLast)
        guard isKept else {
            try connection.respond(409)
            return true
        }
        if isLast {
            try connection.respond(verdict, ["Upload-Incomplete": "?0"], body: "done")
        } else {
            try connection.respond(201, ["Upload-Complete": "?0"])
        }
        return true
    }

    @discardableResult
    private func keep(_ bytes: [UInt8], _ head: FaultServer.Request, isLast: Bool) -> Bool {
        state.withLock { state in
            guard state.exists, head.headers["upload-offset"] == "\(state.bytes.count)",
                head.headers["content-type"] == "application/partial-upload"
            else {
                state.exists = false
                return false
            }
            state.bytes += bytes
            if isLast {
                state.objects.append(state.bytes)
                state.exists = false
            }
            return true
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Synchronization

/// A tus server that keeps to the protocol exactly and fails where it is told to.
final class FakeTusServer: Sendable {
    enum Fault: CaseIterable {
        /// Keeps some of the body, then resets.
        case resetWithinBody
        /// Keeps all of it and closes without a response.
        case swallowAnswer
        /// Closes before the head is read.
        case closeAtOnce
        /// Answers 500 after keeping half.
        case internalError
        /// Answers 503 with a hint, keeping nothing.
        case busy
        /// Answers 423.
        case locked
        /// Answers 409 though the offset is right.
        case conflict
        /// Stores the body and refuses it.
        case refuseButStore
        /// Answers 413 to what could be smaller.
        case tooLarge
    }

    private struct State {
        var uploads: [String: (length: Int, bytes: [UInt8])] = [:]
        var faults = 0
        var patches = 0
        var refusals = 0
        var largest = 0
        var joins = 0
    }

    private let state = Mutex(State())
    private let plan: @Sendable (_ request: Int) -> Fault?
    private let limit: Int
    private let forgetsComplete: Bool
    private let expires: [String]
    private let losesJoin: Bool
    private let box = Mutex<FaultServer?>(nil)

    /// - Parameters:
    ///   - expires: The dates that it gives: the first with an upload's address, the last with each chunk.
    ///   - losesJoin: Whether it offers to join pieces, and then does not say whether it did.
    init(
        limit: Int = .max, forgetsComplete: Bool = false, expires: [String] = [], losesJoin: Bool = false,
        plan: @escaping @Sendable (Int) -> Fault? = { _ in nil }
    ) throws {
        self.expires = expires
        self.losesJoin = losesJoin
        self.plan = plan
        self.limit = limit
        self.forgetsComplete = forgetsComplete
        let server = try FaultServer { [weak self] connection in
            while let self, try self.serve(connection) {}
        }
        box.withLock { $0 = server }
    }

    var url: String { box.withLock { $0?.url("/files") } ?? "" }
    var stored: [[UInt8]] { state.withLock { $0.uploads.values.map(\.bytes) } }
    var faults: Int { state.withLock { $0.faults } }
    var refusals: Int { state.withLock { $0.refusals } }
    var patches: Int { state.withLock { $0.patches } }
    var joins: Int { state.withLock { $0.joins } }
    func forgetEverything() { state.withLock { $0.uploads = [:] } }

    private func serve(_ connection: FaultConnection) throws -> Bool {
        let head = try connection.readHead()
        connection.recordRequest(head)
        let length = Int(head.headers["content-length"] ?? "0") ?? 0
        switch head.method {
        case "OPTIONS":
            let extensions = "creation,termination" + (losesJoin ? ",concatenation" : "")
            try connection.respond(204, ["Tus-Version": "1.0.0", "Tus-Extension": extensions])
        case "POST" where head.headers["upload-concat"]?.hasPrefix("final") == true:
            state.withLock { $0.joins += 1 }
            return false
        case "POST":
            _ = try connection.read(length)
            let id = state.withLock { state in
                let id = "/files/\(state.uploads.count + 1)"
                state.uploads[id] = (Int(head.headers["upload-length"] ?? "") ?? -1, [])
                return id
            }
            try connection.respond(201, ["Location": id, "Upload-Expires": expires.first].compactMapValues { $0 })
        case "HEAD":
            guard let upload = state.withLock({ $0.uploads[head.target] }),
                !(forgetsComplete && upload.bytes.count == upload.length)
            else {
                try connection.respond(404, ["Content-Length": "0"])
                return true
            }
            try connection.respond(
                200,
                ["Upload-Offset": "\(upload.bytes.count)", "Upload-Length": "\(upload.length)", "Content-Length": "0"])
        case "DELETE":
            state.withLock { $0.uploads[head.target] = nil }
            try connection.respond(204)
        default: return try patch(connection, head, length)
        }
        return true
    }

    private func patch(_ connection: FaultConnection, _ head: FaultServer.Request, _ length: Int) throws -> Bool {
        let number = state.withLock { state in
            state.patches += 1
            return state.patches
        }
        if length > limit {
            state.withLock { $0.refusals += 1 }
            try connection.respond(413, ["Connection": "close"])
            return false
        }
        if head.headers["expect"] != nil { try connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
        if let fault = plan(number), fault != .tooLarge || length > 64 << 10 {
            state.withLock { $0.faults += 1 }
            return try fail(fault, connection, head, length)
        }
        let bytes = try connection.read(length)
        guard let offset = keep(bytes, head) else {
            try connection.respond(409)
            return true
        }
        try connection.respond(
            204, ["Upload-Offset": "\(offset)", "Upload-Expires": expires.last].compactMapValues { $0 })
        return true
    }

    private func fail(_ fault: Fault, _ connection: FaultConnection, _ head: FaultServer.Request, _ length: Int) throws
        -> Bool
    {
        switch fault {
        case .resetWithinBody:
            _ = keep(try connection.read(length / 3), head)
            connection.reset()
            return false
        case .swallowAnswer:
            _ = keep(try connection.read(length), head)
            return false
        case .closeAtOnce: return false
        case .internalError:
            let bytes = try connection.read(length)
            _ = keep(Array(bytes.prefix(length / 2)), head)
            try connection.respond(500)
        case .busy:
            _ = try connection.read(length)
            try connection.respond(503, ["Retry-After": "1"])
        case .locked:
            _ = try connection.read(length)
            try connection.respond(423)
        case .conflict:
            _ = try connection.read(length)
            try connection.respond(409)
        case .refuseButStore:
            _ = keep(try connection.read(length), head)
            try connection.respond(415)
        case .tooLarge:
            try connection.respond(413, ["Connection": "close"])
            return false
        }
        return true
    }

    private func keep(_ bytes: [UInt8], _ head: FaultServer.Request) -> Int? {
        state.withLock { state in
            guard let upload = state.uploads[head.target], head.headers["upload-offset"] == "\(upload.bytes.count)",
                upload.bytes.count + bytes.count <= upload.length
            else { return nil }
            state.uploads[head.target]?.bytes += bytes
            return upload.bytes.count + bytes.count
        }
    }
}

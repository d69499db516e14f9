// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// A proxy before a storage that speaks S3, which can be at fault for a while.
package final class StorageGateway: Sendable {
    /// The state of the storage.
    package enum Fault: String, Sendable, CaseIterable {
        case none
        /// Most requests get 503: `SlowDown`, or a plain one without any words.
        case overloaded
        /// Connections end within requests, before their responses, or within them.
        case cutting
        /// Nobody is there.
        case away
    }

    private struct State {
        var fault = Fault.none
        var random = SeededGenerator(seed: 1)
        var spoilt: [Fault: Int] = [:]
    }

    private let box = Mutex<FaultServer?>(nil)
    private let state = Mutex(State())
    private let target: Int

    /// - Parameter target: The port of the storage.
    package init(to target: Int) throws {
        self.target = target
        let server = try FaultServer { [weak self] connection in try self?.serve(connection) }
        box.withLock { $0 = server }
    }

    package var endpoint: String { box.withLock { $0?.url("") } ?? "" }
    package func set(_ fault: Fault) { state.withLock { $0.fault = fault } }
    /// Requests that a fault fell on.
    package func count(of fault: Fault) -> Int { state.withLock { $0.spoilt[fault] ?? 0 } }

    /// Makes a bucket, at a server that asks for no signature. It blocks.
    package func makeBucket(_ name: String) throws {
        let request = FaultServer.Request(
            connection: 0, method: "PUT", target: "/\(name)", headers: ["content-length": "0"],
            lines: ["Host: 127.0.0.1:\(target)"], body: [])
        let response = try forward(request)
        guard String(decoding: response.prefix(12), as: UTF8.self).hasSuffix(" 200") else {
            throw RealServer.Unavailable(reason: "no bucket: \(String(decoding: response.prefix(500), as: UTF8.self))")
        }
    }

    /// One request a connection.
    private func serve(_ connection: FaultConnection) throws {
        if state.withLock({ $0.fault }) == .away { return note(.away, connection.reset) }
        let request = try connection.readRequest()
        let (fault, chance) = state.withLock { ($0.fault, Double.random(in: 0..<1, using: &$0.random)) }
        switch fault {
        case .away: note(fault, connection.reset)
        case .overloaded where chance < 0.8:
            try note(fault) {
                let words = "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"
                let isWorded = chance < 0.4 && request.method != "HEAD"
                try connection.respond(503, ["Connection": "close"], body: isWorded ? words : "")
            }
        // The server never hears of the request.
        case .cutting where chance < 0.25: note(fault, connection.reset)
        // It does the work, and the response is lost, or a part of it.
        case .cutting where chance < 0.75:
            try note(fault) {
                let response = try forward(request)
                if chance < 0.5 { try connection.send(Array(response.prefix(response.count / 2))) }
                connection.reset()
            }
        default: try connection.send(try forward(request))
        }
    }

    private func note(_ fault: Fault, _ body: () throws -> Void) rethrows {
        state.withLock { $0.spoilt[fault, default: 0] += 1 }
        try body()
    }

    /// The response of the storage, as it came.
    private func forward(_ request: FaultServer.Request) throws -> [UInt8] {
        let socket = LoopbackListener.connect(to: target)
        guard socket >= 0 else { throw FaultConnection.Ended.peerClosed }
        let connection = FaultConnection(socket, number: request.connection) { _ in }
        defer { connection.close() }
        // The end of the connection tells the end of the response.
        let lines = request.lines.filter { line in
            !["connection:", "expect:", "transfer-encoding:", "content-length:"].contains {
                line.lowercased().hasPrefix($0)
            }
        }
        let hasBody = !request.body.isEmpty || request.headers["content-length"] != nil
        let length = hasBody ? ["Content-Length: \(request.body.count)"] : []
        let head = ["\(request.method) \(request.target) HTTP/1.1"] + lines + length + ["Connection: close", "", ""]
        try connection.send(Array(head.joined(separator: "\r\n").utf8) + request.body)
        return connection.readToEnd()
    }
}

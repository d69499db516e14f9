// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// The faults between a client and a server, below HTTP.
package enum LineFault: String, Sendable, CaseIterable {
    /// The connection is reset at once.
    case refuse
    /// Both sides are reset after some bytes towards the server.
    case resetSending
    /// Both sides are reset within the response.
    case resetAnswering
    /// The server does its work, and the client learns nothing.
    case swallowAnswer
    /// From some byte on nothing moves any more, and the connection stays open.
    case hang
    /// One bit of a request's body arrives inverted. Only a checksum of the protocol's own can tell.
    case flip
}

/// A faulty connection: forwards connections to a server on this machine and spoils some of them.
///
/// The same seed gives the same faults in the same order of connections.
package final class FaultProxy: Sendable {
    /// How often and where.
    package struct Plan: Sendable {
        package var seed: UInt64
        package var kinds: [LineFault]
        /// 0…1, for each connection.
        package var chance = 0.7
        /// No more than this many spoilt connections in a row.
        package var longestRun = 5
        /// Faults in all.
        package var maximum = Int.max
        /// Faults towards the server fall before this byte of a connection.
        package var reach = 1 << 20
        /// Milliseconds after which a connection that hangs is let go, whether its client has left or not.
        package var longestHang: Int32 = 4000

        package init(seed: UInt64, kinds: [LineFault] = LineFault.allCases) {
            self.seed = seed
            self.kinds = kinds
        }
    }

    /// A fault that took place.
    package struct Event: Sendable, Hashable, CustomStringConvertible {
        package var connection: Int
        package var fault: LineFault
        package var byte: Int
        package var description: String { "\(connection):\(fault.rawValue)@\(byte)" }
    }

    private struct State {
        var random: SeededGenerator
        var run = 0
        var events: [Event] = []
        var bytesSent = 0
        var connections = 0
        var lines: [Int: FaultLine] = [:]
        var isStopped = false
    }

    /// Where it listens, on 127.0.0.1.
    package let port: Int
    private let plan: Plan
    private let listener: LoopbackListener
    private let state: Mutex<State>

    /// - Parameter target: The port that connections are forwarded to.
    package init(to target: Int, _ plan: Plan) throws {
        listener = try LoopbackListener()
        port = listener.port
        self.plan = plan
        state = Mutex(State(random: SeededGenerator(seed: plan.seed)))
        listener.acceptEach { [weak self] descriptor in
            guard let self else { return close(descriptor) != 0 }
            let (number, fault, byte) = self.choose()
            let line = FaultLine(
                client: descriptor, target: target, fault: fault, byte: byte, longestHang: plan.longestHang
            ) { [weak self] happened in
                self?.state.withLock { state in
                    state.events.append(Event(connection: number, fault: happened, byte: byte))
                }
            }
            let isStopped = self.state.withLock { state in
                state.lines[number] = line
                return state.isStopped
            }
            if isStopped { line.end() }
            Thread.detachNewThread { [weak self] in
                let sent = line.run()
                self?.state.withLock { state in
                    state.bytesSent += sent
                    state.lines[number] = nil
                }
            }
            return true
        }
    }

    deinit { stop() }

    /// Ends every connection and stops listening.
    package func stop() {
        listener.close()
        let lines = state.withLock { state in
            state.isStopped = true
            return Array(state.lines.values)
        }
        for line in lines { line.end() }
    }

    /// The faults so far.
    package var events: [Event] { state.withLock { $0.events } }
    /// Bytes forwarded to the server, heads included.
    package var bytesSent: Int {
        state.withLock { state in
            state.lines.values.reduce(state.bytesSent) { $0 + $1.forwarded.load(ordering: .relaxed) }
        }
    }
    /// Connections that have not ended yet.
    package var openConnections: Int { state.withLock { $0.lines.count } }
    /// Waits until what has ended at one side has ended at the other too, or nothing continues any more: a server may stop
    /// reading a connection that another has taken the place of, and leave it open.
    package func settle() async throws {
        var last = (bytes: -1, at: ContinuousClock.now)
        while openConnections > 0, last.at.duration(to: .now) < .seconds(3) {
            if bytesSent != last.bytes { last = (bytesSent, .now) }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
    /// Connections so far.
    package var connections: Int { state.withLock { $0.connections } }

    private func choose() -> (number: Int, fault: LineFault?, byte: Int) {
        state.withLock { state in
            state.connections += 1
            let isSpoilt = Double.random(in: 0..<1, using: &state.random) < plan.chance
            let kind = plan.kinds.randomElement(using: &state.random)
            // Most requests are heads only and most responses are short, so small numbers have to be common.
            let exponent = Double.random(in: 0..<1, using: &state.random)
            let reach = kind == .resetAnswering ? 300 : plan.reach
            let byte = Int(pow(Double(reach), exponent))
            let mayFail = isSpoilt && state.run < plan.longestRun && state.events.count < plan.maximum
            state.run = mayFail ? state.run + 1 : 0
            return (state.connections, mayFail ? kind : nil, byte)
        }
    }
}

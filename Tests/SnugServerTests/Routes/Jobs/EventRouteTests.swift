// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

/// Server-sent events over real connections.
@Suite struct EventRouteTests {
    /// A connection that listens to events.
    final class Listener: Sendable {
        private let connection: RawConnection

        init(_ server: TestServer, after id: String? = nil) throws {
            connection = try RawConnection(port: server.port)
            let fields = id.map { [("Last-Event-ID", $0)] } ?? []
            try connection.send(server.head("GET", "/v1/events", fields))
        }

        /// Everything that comes until a text is there.
        func read(until text: String) throws -> String {
            var seen = ""
            while !seen.contains(text) {
                let more = try connection.read()
                guard !more.isEmpty else { throw RawConnection.Failure(description: "the stream ended after \(seen)") }
                seen += String(decoding: more, as: UTF8.self)
            }
            return seen
        }
    }

    private static func add(_ name: String, to ledger: any LedgerStore) async throws {
        let identity = JobIdentity(contentHash: "hash \(name)", pipeline: "p", options: "{}", version: 1)
        _ = try await ledger.enqueue([NewJob(identity, name: name, folder: "inbox")])
    }

    @Test("A client that comes back with its last id is told nothing that it has seen, then the next change")
    func resumes() async throws {
        let ledger = InMemoryLedger()
        try await Self.add("a", to: ledger)
        try await withServer({ $0.eventPeriod = .milliseconds(5) }, ledger: ledger) { server in
            let first = try await onThread { try Listener(server).read(until: "\"seen\":1") + "" }
            let id = try #require(first.firstMatch(of: /id: ([0-9a-f]{16})\n/)).output.1
            let listener = try await onThread { try Listener(server, after: String(id)) }
            let quiet = try await onThread { try listener.read(until: ": nothing new\n\n") }
            #expect(!quiet.contains("data:"))
            try await Self.add("b", to: ledger)
            let next = try await onThread { try listener.read(until: "\"seen\":2") }
            #expect(!next.contains(id))
            // An id that no event has is that of a client that missed everything.
            for other in ["0000000000000000", "<script>", String(repeating: "x", count: 1000)] {
                let all = try await onThread { try Listener(server, after: other).read(until: "\"seen\":2") }
                #expect(all.contains("event: state\n"))
            }
        }
    }

    @Test("Many listen at once, and one that reads nothing keeps the others from nothing")
    func many() async throws {
        let ledger = InMemoryLedger()
        try await withServer({ $0.eventPeriod = .milliseconds(5) }, ledger: ledger) { server in
            let deaf = try await onThread { try (0..<3).map { _ in try Listener(server) } }
            let listeners = try await onThread { try (0..<20).map { _ in try Listener(server) } }
            for listener in listeners { _ = try await onThread { try listener.read(until: "event: state") } }
            for round in 1...5 {
                try await Self.add("job \(round)", to: ledger)
                for listener in listeners { _ = try await onThread { try listener.read(until: "\"seen\":\(round)") } }
            }
            #expect(try await server.send("/livez").status == 200)
            withExtendedLifetime(deaf) {}
        }
    }

    @Test("A listener that goes ends its stream, and HEAD tells the type without one")
    func ends() async throws {
        let ledger = InMemoryLedger()
        try await withServer({ ($0.eventPeriod, $0.maximumConnections) = (.milliseconds(5), 4) }, ledger: ledger) {
            server in
            // More than there may be at once: each has gone before the next comes.
            for _ in 0..<12 {
                _ = try await onThread { try Listener(server).read(until: "event: state") }
            }
            let head = try await server.send("HEAD", "/v1/events")
            #expect(head.status == 200)
            #expect(head["content-type"] == "text/event-stream")
        }
    }
}

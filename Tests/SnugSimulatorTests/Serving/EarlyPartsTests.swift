// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// Clients that are gone before anybody serves their connection, as it happens on a busy machine.
@Suite(.timeLimit(.minutes(5))) struct EarlyPartsTests {
    /// Sends `text` over `count` connections and closes each, then serves them and gives the records.
    private func served(
        _ text: String, count: Int = 8, by client: DirectClient, until isDone: @escaping @Sendable (World) -> Bool
    ) async throws -> [RecordedRequest] {
        let listener = try await Listener.bind(
            world: client.world, name: .pollinations, service: client.providers.service(.pollinations),
            host: "127.0.0.1", port: 0)
        let port = listener.port
        let world = client.world
        try await withThrowingTaskGroup(of: Void.self) { group in
            // One after the other, so that the first ones have certainly gone when the last has.
            for _ in 0..<count { try await onThread { try RawConnection(port: port).send(text) } }
            group.addTask { try await listener.run() }
            while !isDone(world) { try await Task.sleep(for: .milliseconds(2)) }
            group.cancelAll()
            world.channels.closeAll()
        }
        return world.log.requests
    }

    private static func post(_ body: String) -> String {
        "POST /v1/images/generations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk_paid\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static let order = #"{"prompt":"a","seed":1,"size":"8x8"}"#

    @Test("A request whose client has left is recorded whole, acted upon and charged")
    func whole() async throws {
        let client = DirectClient()
        let records = try await served(Self.post(Self.order), by: client) { world in
            world.log.requests.count == 8 && world.log.requests.allSatisfy(\.isFinished)
        }
        #expect(records.allSatisfy { $0.isBodyComplete && $0.body == Array(Self.order.utf8) })
        #expect(client.ledger.entries.map(\.cost).reduce(0, +) > 0)
    }

    @Test("A request that was broken off is recorded as cut, with what came of it, and costs nothing")
    func cut() async throws {
        let client = DirectClient()
        let records = try await served(String(Self.post(Self.order).dropLast(5)), by: client) { world in
            world.log.requests.count == 8 && world.log.requests.allSatisfy(\.isFinished)
        }
        #expect(records.allSatisfy { $0.wasCut && !$0.isBodyComplete && $0.status == nil })
        #expect(records.allSatisfy { $0.bodyBytes == Self.order.utf8.count - 5 })
        #expect(client.ledger.entries.isEmpty)
    }

    @Test("A connection that is never read ends with its client, and shows no request")
    func neverRead() async throws {
        let client = DirectClient()
        client.world.script.add(.neverRead, service: .pollinations, times: 8)
        let records = try await served(Self.post(Self.order), by: client) { world in
            world.log.connections == 8 && world.channels.isEmpty
        }
        #expect(records.isEmpty)
    }
}

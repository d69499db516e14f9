// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// What is recorded of requests, who is told, and what is never shown.
@Suite struct RequestLogTests {
    private func record(
        _ path: String = "/", headers: Headers = [:], query: String = "", service: ServiceName = .openai
    ) -> RecordedRequest {
        RecordedRequest(
            number: 0, connection: 1, positionOnConnection: 1, service: service, method: "GET", path: path,
            query: query,
            headers: headers, bodyBytes: 0, isBodyComplete: false, bodyDigest: "", body: [1], status: nil,
            metFault: false, isFinished: false, wasCut: false, time: 0)
    }

    // MARK: Numbers

    @Test("Requests are numbered from 1, on and on when the records are cleared")
    func numbers() {
        let log = RequestLog()
        #expect([log.add(record()), log.add(record())] == [1, 2])
        log.clear()
        #expect(log.requests.isEmpty)
        #expect(log.add(record("/c")) == 3)
        log.update(1) { $0.status = 500 }
        log.update(3) { $0.status = 200 }
        log.update(4) { $0.status = 500 }
        #expect(log.requests.map(\.number) == [3] && log.requests.map(\.status) == [200])
    }

    @Test("Many at once get a number each")
    func concurrent() async {
        let log = RequestLog()
        let numbers = await withTaskGroup(of: Int.self) { group in
            for index in 0..<100 { group.addTask { log.add(record("/\(index)")) } }
            return await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(numbers == Set(1...100) && log.requests.map(\.number) == Array(1...100))
        #expect([log.openConnection(), log.openConnection()] == [1, 2] && log.connections == 2)
    }

    // MARK: Waiting

    @Test("A wait ends at once where the condition holds, and else with the request that makes it hold")
    func waiting() async throws {
        let log = RequestLog()
        _ = log.add(record("/a"))
        try await log.wait { !$0.isEmpty }
        async let waiter: Void = log.wait { $0.contains { $0.status == 503 } }
        let number = log.add(record("/b"))
        log.update(number) { $0.status = 503 }
        try await waiter
        #expect(log.requests.last?.status == 503)
    }

    @Test("Several who wait are each told of their own condition")
    func severalWaiters() async throws {
        let log = RequestLog()
        try await withThrowingTaskGroup { group in
            for count in 1...5 {
                group.addTask {
                    try await log.wait { $0.count >= count }
                    #expect(log.requests.count >= count)
                }
            }
            for _ in 0..<5 { _ = log.add(record()) }
            try await group.waitForAll()
        }
    }

    @Test("A wait that is cancelled throws, before it begins or while it lasts")
    func cancelledWait() async {
        let log = RequestLog()
        let early = Task { try await log.wait { _ in false } }
        early.cancel()
        await #expect(throws: CancellationError.self) { try await early.value }
        let late = Task { try await log.wait { _ in false } }
        await Task.yield()
        late.cancel()
        await #expect(throws: CancellationError.self) { try await late.value }
        _ = log.add(record())
    }

    // MARK: Records

    @Test("A record has the request as it was sent")
    func contents() async throws {
        let client = DirectClient()
        let before = client.world.clock.now
        _ = try await client.send(
            "PUT", .media, "/a%20b?x=%zz&y", key: "sk_paid", headers: ["X-One": "1"], body: [1, 2, 3], position: 4)
        let record = try #require(client.world.log.requests.first)
        #expect(
            record.method == "PUT" && record.service == .media && record.path == "/a%20b" && record.query == "x=%zz&y")
        #expect(record.headers["x-one"] == "1" && record.positionOnConnection == 4)
        #expect(record.body == [1, 2, 3] && record.bodyBytes == 3 && record.isBodyComplete)
        #expect(record.status == 404 && record.isFinished && !record.wasCut && !record.metFault)
        #expect((before...client.world.clock.now).contains(record.time))
        // SHA-256 of the bytes 1, 2, 3.
        #expect(record.bodyDigest == "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81")
    }

    @Test("Bodies beyond the limit leave their digest only", arguments: [(10, true), (11, false)])
    func keptBodies(count: Int, isKept: Bool) async throws {
        let client = DirectClient(Simulator.Configuration(keptBodyBytes: 10))
        let body = [UInt8](repeating: 7, count: count)
        _ = try await client.send("POST", .media, "/upload", body: body)
        let record = try #require(client.world.log.requests.first)
        #expect((record.body == body) == isKept && (record.body == nil) == !isKept)
        #expect(record.bodyBytes == count && record.bodyDigest == Digest.hexadecimal(body))
    }

    @Test("A record says whether a fault was met")
    func faults() async throws {
        let client = DirectClient()
        client.world.script.add([Rule(Fault(), method: "GET")])
        for method in ["POST", "GET", "GET"] { _ = try await client.send(method, .media, "/x") }
        #expect(client.world.log.requests.map(\.metFault) == [false, true, false])
    }

    @Test("What is over stays as it ended")
    func finished() async throws {
        let client = DirectClient()
        let exchange = Exchange(
            world: client.world, name: .media, service: client.providers.media, connection: 1, position: 1,
            method: "GET",
            target: "/", headers: [:])
        exchange.begin(status: 200)
        exchange.finish(status: 200, wasCut: false)
        exchange.finish(status: nil, wasCut: true)
        let record = try #require(client.world.log.requests.first)
        #expect(record.status == 200 && !record.wasCut && record.isFinished)
    }

    // MARK: Secrets

    static let secretHeaderTable = [
        "Authorization", "authorization", "Proxy-Authorization", "Cookie", "x-api-key", "X-API-Key",
    ]

    @Test("Credentials and bodies are not printed", arguments: secretHeaderTable)
    func secretHeaders(name: String) {
        let shown = record(
            headers: Headers([.init(name: name, value: "hidden"), .init(name: "X-Other", value: "seen")])
        ).redacted
        #expect(shown.headers[name] == "***" && shown.headers["X-Other"] == "seen" && shown.body == nil)
        #expect(shown.headers.fields.count == 2)
    }

    static let queries: [(String, String)] = [
        ("key=hidden", "key=***"), ("a=1&key=hidden&b=2", "a=1&key=***&b=2"), ("key=", "key=***"),
        ("key=a&key=b", "key=***&key=***"), ("monkey=1", "monkey=1"), ("", ""), ("a&&b", "a&&b"),
    ]

    @Test("A key in the query is not printed, and the rest stays", arguments: queries)
    func secretQueries(query: String, shown: String) {
        #expect(record(query: query).redacted.query == shown)
    }

    // MARK: The admin endpoint

    private func admin(_ client: DirectClient, _ method: String, _ path: String, _ body: String = "") async -> Reply {
        let request = Request(number: 1, method: method, target: path, headers: [:], body: Array(body.utf8))
        return await client.providers.admin.respond(to: request, plan: JobPlan())
    }

    @Test("It shows requests and ledger, without a secret")
    func reports() async throws {
        let client = DirectClient()
        _ = try await client.openAI(["prompt": "a"], headers: ["Cookie": "session=hidden"])
        _ = try await client.get(.pollinations, "/image/a?key=sk_paid")
        let requests = await admin(client, "GET", "/requests")
        #expect(requests.json?.array?.map { $0["path"]?.text } == ["/v1/images/generations", "/image/a"])
        #expect(requests.json?.array?.first?["is_body_complete"] == true)
        for secret in ["sk-main", "hidden", "sk_paid"] { #expect(!requests.text.contains(secret)) }
        let ledger = await admin(client, "GET", "/ledger")
        #expect(ledger.json?["entries"]?.array?.map { $0["service"]?.text } == ["openai", "pollinations"])
        #expect(ledger.json?["entries"]?.array?.first?["is_refunded"] == false)
    }

    @Test("It clears records and rules apart")
    func clearing() async throws {
        let client = DirectClient()
        client.world.script.add([Rule(Fault(), service: .media)])
        _ = try await client.openAI(["prompt": "a"])
        #expect(await admin(client, "DELETE", "/requests").status == 204)
        #expect(
            client.world.log.requests.isEmpty && client.ledger.entries.isEmpty && client.world.script.rules.count == 1)
        #expect(await admin(client, "DELETE", "/rules").status == 204)
        #expect(client.world.script.rules.isEmpty)
    }

    @Test("It spoils connections as often as asked, once by default")
    func connections() async {
        let client = DirectClient()
        #expect(
            await admin(client, "POST", "/connections", #"{"fault": "reset", "service": "media", "times": 2}"#).status
                == 204)
        #expect(await admin(client, "POST", "/connections", #"{"fault": "close"}"#).status == 204)
        let taken = [ServiceName.media, .media, .openai, .openai].map {
            client.world.script.takeConnectionFault(service: $0)
        }
        #expect(taken == [.reset, .reset, .close, nil])
    }

    static let refusalTable: [(String, String, String, Int)] = [
        ("POST", "/connections", #"{"fault": "explode"}"#, 400), ("POST", "/connections", "{}", 400),
        ("POST", "/connections", #"{"fault": "reset", "service": "x"}"#, 400), ("POST", "/clock", "{}", 400),
        ("POST", "/clock", #"{"advance": "1"}"#, 400), ("POST", "/clock", "", 400), ("GET", "/none", "", 404),
        ("PUT", "/rules", "[]", 404), ("GET", "/clock", "", 404), ("DELETE", "/ledger", "", 404),
    ]

    @Test("What it cannot read or does not have is refused with a reason", arguments: refusalTable)
    func refusals(method: String, path: String, body: String, status: Int) async {
        let reply = await admin(DirectClient(), method, path, body)
        #expect(reply.status == status && reply.word?.isEmpty == false)
    }

    @Test("It moves the clock and says what time it is then")
    func clock() async {
        let client = DirectClient()
        let before = client.world.clock.seconds
        let now = await admin(client, "POST", "/clock", #"{"advance": 7200}"#).json?["now"]?.integer ?? 0
        #expect((before + 7200...client.world.clock.seconds).contains(now))
    }
}

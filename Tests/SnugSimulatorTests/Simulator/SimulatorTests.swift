// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The simulator as a whole: ports, stopping, accounts, and what a test can ask it.
@Suite struct SimulatorTests {
    private func port(_ address: String) -> Int? {
        Int(address.split(separator: ":").last?.prefix { $0.isNumber } ?? "")
    }

    @Test("Every service has a port of its own for each version of HTTP")
    func ports() async throws {
        try await withSimulator { simulator async throws in
            let addresses = simulator.addresses
            let all =
                ServiceName.allCases.flatMap { [addresses[$0], addresses.http2[$0] ?? ""] }
                + [addresses.admin, addresses.neverAccepts, addresses.refuses]
            #expect(Set(all.compactMap(port)).count == 13)
            #expect(addresses[.elumenta].hasSuffix("/api/v2") && addresses[.openai].hasSuffix("/v1"))
            #expect(addresses.http2[.openai]?.hasSuffix("/v1") == true)
            #expect([.media, .pollinations, .downloads].allSatisfy { addresses[$0].split(separator: "/").count == 2 })
            let report = try await Client(simulator).get(addresses.admin + "/")
            #expect(report.json?["http2"]?["media"]?.text == addresses.http2[.media])
            #expect(report.json?["never_accepts"]?.text == addresses.neverAccepts)
        }
    }

    @Test("A port that is taken is an error, and starting again with others works")
    func takenPort() async throws {
        try await withSimulator { simulator async throws in
            let taken = try #require(port(simulator.addresses.admin))
            await #expect(throws: (any Error).self) {
                try await Simulator.start(Simulator.Configuration(firstPort: taken))
            }
        }
    }

    /// A listener that has its port until it is closed.
    private func listener(_ client: DirectClient, port: Int) async throws -> Listener {
        try await Listener.bind(
            world: client.world, name: .media, service: client.providers.service(.media), host: "127.0.0.1", port: port)
    }

    @Test("When one port is taken, those before it are given back")
    func portsGivenBack() async throws {
        let client = DirectClient()
        let taken = try await listener(client, port: 0)
        // The port below it may be in use by anybody; then the next try has another.
        var first: Listener?
        var others: [Listener] = []
        var port = taken.port
        for _ in 0..<50 where first == nil {
            first = try? await listener(client, port: port - 1)
            guard first == nil else { break }
            others.append(try await listener(client, port: 0))
            port = others.last?.port ?? 0
        }
        try await #require(first).close()
        await #expect(throws: (any Error).self) {
            try await Simulator.start(Simulator.Configuration(firstPort: port - 1))
        }
        let again = try await listener(client, port: port - 1)
        #expect(again.port == port - 1)
        for listener in [taken, again] + others { await listener.close() }
    }

    @Test("Two simulators share nothing")
    func apart() async throws {
        try await withSimulator { first async throws in
            try await withSimulator { second async throws in
                first.script(Rule(Fault(answer: .status(code: 503)), times: nil))
                first.clock.advance(by: .seconds(86_400))
                #expect(try await Client(second).openAI().status == 200)
                #expect(first.requests.isEmpty && second.requests.count == 1 && second.remainingRules.isEmpty)
                #expect(second.clock.now < first.clock.now - 86_000)
            }
        }
    }

    @Test("Records are forgotten on demand; accounts, jobs and rules stay")
    func clearing() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            let id = try #require(try await client.generate().json?["id"]?.integer)
            simulator.script(Rule(Fault(), service: .media))
            simulator.clearRecords()
            #expect(simulator.requests.isEmpty && simulator.ledger.entries.isEmpty)
            #expect(simulator.remainingRules.count == 1)
            #expect(simulator.balance(account: "elite", service: .elumenta) == 996)
            #expect(try await client.elumenta("/generate/\(id)").json?["status"] == "completed")
            #expect(simulator.requests.map(\.number) == [2])
        }
    }

    static let balanceTable: [(ServiceName, String, Double?)] = [
        (.elumenta, "elite", 1000), (.elumenta, "starter", 20), (.elumenta, "none", nil), (.pollinations, "paid", 100),
        (.media, "paid", 100), (.pollinations, "free", 0), (.openai, "main", nil), (.downloads, "main", nil),
    ]

    @Test("Balances are known where the provider has them", arguments: balanceTable)
    func balances(service: ServiceName, account: String, balance: Double?) {
        #expect(DirectClient().providers.balance(account: account, service: service) == balance)
    }

    @Test("Elumenta's tokens are whole numbers", arguments: [(2.4, 2.0), (2.6, 3), (0, 0), (1e300, 0)])
    func wholeTokens(set: Double, balance: Double) {
        let providers = DirectClient().providers
        providers.setBalance(set, account: "elite", service: .elumenta)
        #expect(providers.balance(account: "elite", service: .elumenta) == balance)
        providers.setBalance(5, account: "nobody", service: .elumenta)
        #expect(providers.balance(account: "nobody", service: .elumenta) == nil)
    }

    @Test("A script file adds its rules, or none when it cannot be read")
    func scriptFiles() async throws {
        try await withSimulator { simulator async throws in
            try simulator.script(
                json: Array(#"[{"fault": {"answer": {"empty": {"status": 500}}}}, {"fault": {}}]"#.utf8))
            #expect(simulator.remainingRules.count == 2)
            #expect(throws: DecodingError.self) {
                try simulator.script(json: Array(#"[{"fault": {}}, {"fault": 5}]"#.utf8))
            }
            #expect(simulator.remainingRules.count == 2)
            #expect(try await Client(simulator).openAI().status == 500)
        }
    }

    @Test("Running ends with its task, and closes the ports")
    func running() async throws {
        let simulator = try await Simulator.start()
        let address = simulator.addresses[.openai]
        let runner = Task { await simulator.run() }
        #expect(try await Client(simulator).openAI().status == 200)
        runner.cancel()
        await runner.value
        #expect(try await Curl().run([address]).exit == 7)
    }

    @Test("A body that throws stops the simulator all the same")
    func throwing() async throws {
        struct Stop: Error { var address: String }
        let stop = await #expect(throws: Stop.self) {
            try await withSimulator { simulator async throws in throw Stop(address: simulator.addresses[.media]) }
        }
        #expect(try await Curl().run([try #require(stop).address]).exit == 7)
    }

    // MARK: Images that providers fetch

    static let urls: [(String, Bool)] = [
        ("https://a.test/b.png", true), ("http://a.test", true), ("https://", false), ("http://", false), ("", false),
        ("a.test/b.png", false), ("ftp://a.test/b", false), ("file:///etc/passwd", false), ("HTTPS://a.test/b", false),
        ("https://a.test/b c", false), ("https://a.test/b\n", false), ("http://media.test/there", true),
        ("http://media.test/gone", false), ("http://media.test/", false), ("http://media.test.evil/there", true),
    ]

    @Test(
        "A URL can be fetched when it has the form of one; on the media host only when a file is there", arguments: urls
    )
    func fetching(url: String, isFetchable: Bool) {
        let world = DirectClient().world
        let file = MediaStore.File(
            id: "there", owner: "paid", bytes: [1], contentType: "image/png", name: nil, tags: [], createdAt: "")
        #expect(world.media.add(file) && !world.media.add(file))
        #expect(world.isFetchable(url) == isFetchable)
    }
}

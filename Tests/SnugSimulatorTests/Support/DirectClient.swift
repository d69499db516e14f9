// SPDX-License-Identifier: Apache-2.0
@testable import SnugSimulator

/// The simulated providers without sockets: a request passes the script, the log and the service, and nothing else.
struct DirectClient {
    let world: World
    let providers: Providers

    init(_ configuration: Simulator.Configuration = Simulator.Configuration()) {
        world = World(configuration: configuration)
        providers = Providers(world: world)
        world.setBases(
            Dictionary(
                ServiceName.allCases.map { ($0, "http://\($0.rawValue).test") }, uniquingKeysWith: { first, _ in first }
            ))
    }

    var ledger: Ledger { world.ledger.snapshot() }

    /// Lets the simulated time pass.
    func pass(_ seconds: Int) { world.clock.advance(by: .seconds(seconds)) }

    // MARK: Requests

    func send(
        _ method: String, _ service: ServiceName, _ target: String, key: String? = nil, headers: Headers = [:],
        body: [UInt8] = [], position: Int = 1
    ) async throws -> Reply {
        var headers = headers
        if let key { headers["Authorization"] = "Bearer \(key)" }
        var exchange = Exchange(
            world: world, name: service, service: providers.service(service), connection: 1, position: position,
            method: method, target: target, headers: headers)
        if !body.isEmpty { exchange.add(body) }
        exchange.completeBody()
        let reply = try await exchange.reply()
        exchange.begin(status: reply.status)
        exchange.finish(status: reply.status, wasCut: false)
        return reply
    }

    func get(_ service: ServiceName, _ target: String, key: String? = nil) async throws -> Reply {
        try await send("GET", service, target, key: key)
    }

    func post(
        _ service: ServiceName, _ target: String, _ body: JSON, key: String? = nil, headers: Headers = [:]
    ) async throws -> Reply {
        var headers = headers
        headers["Content-Type"] = "application/json"
        return try await send("POST", service, target, key: key, headers: headers, body: body.bytes)
    }

    func post(_ service: ServiceName, _ target: String, _ form: Form, key: String? = nil) async throws -> Reply {
        let type: Headers = ["Content-Type": Form.contentType]
        return try await send("POST", service, target, key: key, headers: type, body: form.body)
    }

    // MARK: Shorter ones

    /// Elumenta's `POST /generate`.
    func elumenta(_ body: JSON, key: String = Client.elite) async throws -> Reply {
        try await post(.elumenta, "/api/v2/generate", body, key: key)
    }

    /// Elumenta's `POST /generate` with a model and its options.
    func elumenta(model: String, _ params: JSON = [:], key: String = Client.elite) async throws -> Reply {
        try await elumenta(["model": .text(model), "prompt": "a cat", "params": params], key: key)
    }

    /// Another path of Elumenta.
    func elumenta(
        _ method: String, _ path: String, _ body: JSON? = nil, key: String? = Client.elite
    ) async throws -> Reply {
        guard let body else { return try await send(method, .elumenta, "/api/v2" + path, key: key) }
        let type: Headers = ["Content-Type": "application/json"]
        return try await send(method, .elumenta, "/api/v2" + path, key: key, headers: type, body: body.bytes)
    }

    /// The access and refresh tokens of a login.
    func login(_ name: String = "starter") async throws -> (access: String, refresh: String) {
        let body: JSON = ["email": .text("\(name)@example.test"), "password": "password"]
        let reply = try await elumenta("POST", "/auth/login", body, key: nil)
        return (reply.json?["access_token"]?.text ?? "", reply.json?["refresh_token"]?.text ?? "")
    }

    func openAI(_ body: JSON, key: String = "sk-main", headers: Headers = [:]) async throws -> Reply {
        try await post(.openai, "/v1/images/generations", body, key: key, headers: headers)
    }

    func edit(_ form: Form, key: String = "sk-main") async throws -> Reply {
        try await post(.openai, "/v1/images/edits", form, key: key)
    }

    func image(_ query: String = "", prompt: String = "cat", key: String = "sk_paid") async throws -> Reply {
        try await get(.pollinations, "/image/\(prompt)\(query)", key: key)
    }

    func pollinations(_ body: JSON, key: String = "sk_paid") async throws -> Reply {
        try await post(.pollinations, "/v1/images/generations", body, key: key)
    }

    /// The file behind a result URL.
    func download(_ url: String, headers: Headers = [:]) async throws -> Reply {
        let target = String(url.dropFirst("http://downloads.test".count))
        return try await send("GET", .downloads, target, headers: headers)
    }
}

extension Reply {
    var json: JSON? { JSON.parse(bytes) }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Elumenta's word for a failure.
    var word: String? { json?["error"]?.text }

    /// The fields that Elumenta's validation complains about.
    var faultyFields: [String] { (json?["details"]?["fields"]?.array ?? []).compactMap { $0["field"]?.text } }

    /// The code in an error object, as OpenAI and Pollinations have it.
    var code: String? { json?["error"]?["code"]?.text }

    /// The fields that Pollinations' validation complains about.
    var fieldErrors: [String] { (json?["error"]?["details"]?["fieldErrors"]?.object?.keys).map { $0.sorted() } ?? [] }
}

extension JSON {
    /// The object with one more member.
    func with(_ name: String, _ value: JSON) -> JSON {
        var members = object ?? [:]
        members[name] = value
        return .object(members)
    }
}

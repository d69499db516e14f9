// SPDX-License-Identifier: Apache-2.0
import Foundation

@testable import SnugSimulator

/// The requests that tests send, as plain as each API takes them.
struct Client {
    let simulator: Simulator
    var curl = Curl()

    init(_ simulator: Simulator, timeout: Double = 60) {
        self.simulator = simulator
        curl.timeout = timeout
    }

    static let elite = ElumentaAccount.key("elite")

    // MARK: Elumenta

    func elumenta(_ path: String, key: String = Client.elite, _ extra: [String] = []) async throws -> Curl.Response {
        try await curl.run(extra + bearer(key) + [simulator.addresses[.elumenta] + path])
    }

    func generate(
        _ body: JSON = ["model": "flux-1.1-pro", "prompt": "a cat"], key: String = Client.elite, _ extra: [String] = []
    ) async throws -> Curl.Response {
        try await post(simulator.addresses[.elumenta] + "/generate", body, key: key, extra)
    }

    // MARK: Pollinations

    func image(_ query: String = "", prompt: String = "cat", key: String? = "sk_paid", _ extra: [String] = [])
        async throws
        -> Curl.Response
    {
        let url = simulator.addresses[.pollinations] + "/image/\(prompt)\(query)"
        return try await curl.run(extra + (key.map(bearer) ?? []) + [url])
    }

    func pollinations(
        _ body: JSON, route: String = "generations", key: String = "sk_paid", _ extra: [String] = []
    ) async throws -> Curl.Response {
        try await post(simulator.addresses[.pollinations] + "/v1/images/\(route)", body, key: key, extra)
    }

    // MARK: OpenAI-compatible

    func openAI(
        _ body: JSON = ["model": "gpt-image-1.5", "prompt": "a cat"], key: String = "sk-main", _ extra: [String] = []
    ) async throws -> Curl.Response {
        try await post(simulator.addresses[.openai] + "/images/generations", body, key: key, extra)
    }

    // MARK: Any

    /// Any provider's plainest paid request.
    func submit(to service: ServiceName, _ extra: [String] = []) async throws -> Curl.Response {
        switch service {
        case .elumenta: try await generate(extra)
        case .openai: try await openAI(extra)
        default: try await pollinations(["prompt": "a cat", "seed": 1], extra)
        }
    }

    func post(_ url: String, _ body: JSON, key: String, _ extra: [String] = []) async throws -> Curl.Response {
        try await curl.run(extra + bearer(key) + ["-H", "Content-Type: application/json", url], body: body.bytes)
    }

    func get(_ url: String, _ extra: [String] = []) async throws -> Curl.Response { try await curl.run(extra + [url]) }

    private func bearer(_ key: String) -> [String] { ["-H", "Authorization: Bearer \(key)"] }
}

extension Client {
    func generate(_ extra: [String]) async throws -> Curl.Response {
        try await generate(["model": "flux-1.1-pro", "prompt": "a cat"], extra)
    }

    func openAI(_ extra: [String]) async throws -> Curl.Response {
        try await openAI(["model": "gpt-image-1.5", "prompt": "a cat"], extra)
    }
}

extension ServiceName {
    /// The services that cost money.
    static let paid = [ServiceName.elumenta, .pollinations, .openai]
}

/// A value as JSON text.
func encoded(_ value: some Encodable) throws -> [UInt8] { Array(try JSONEncoder().encode(value)) }

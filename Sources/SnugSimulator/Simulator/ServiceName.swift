// SPDX-License-Identifier: Apache-2.0

/// The services that the simulator offers, each on a port of its own.
public enum ServiceName: String, Sendable, Hashable, Codable, CaseIterable {
    /// Elumenta's API, below `/api/v2`.
    case elumenta
    /// Pollinations' generation and account API.
    case pollinations
    /// Pollinations' file host.
    case media
    /// An OpenAI-compatible images API, below `/v1`.
    case openai
    /// The storage that result URLs point to.
    case downloads
}

/// The addresses of the services.
public struct Addresses: Sendable, Hashable, Encodable {
    /// The providers' base URLs for clients, by service: `http://127.0.0.1:40001/api/v2`.
    public var base: [ServiceName: String]
    /// The base URLs for HTTP/2 without TLS (prior knowledge).
    public var http2: [ServiceName: String]
    /// A port whose queue of connections is full: connecting never ends.
    public var neverAccepts: String
    /// A port without a listener: connecting is refused.
    public var refuses: String
    /// The endpoint that scripts and reports.
    public var admin: String

    /// The base URL of a service.
    public subscript(service: ServiceName) -> String { base[service] ?? "" }

    /// The JSON form, as the admin endpoint gives it.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: AnyKey.self)
        func plain(_ urls: [ServiceName: String]) -> [String: String] {
            Dictionary(urls.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        try values.encode(plain(base), forKey: AnyKey(stringValue: "base"))
        try values.encode(plain(http2), forKey: AnyKey(stringValue: "http2"))
        try values.encode(neverAccepts, forKey: AnyKey(stringValue: "never_accepts"))
        try values.encode(refuses, forKey: AnyKey(stringValue: "refuses"))
        try values.encode(admin, forKey: AnyKey(stringValue: "admin"))
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A fault and the requests that meet it.
public struct Rule: Sendable, Hashable {
    /// True when a connection has carried a request before.
    public enum Connection: String, Sendable, Hashable, Codable {
        /// The first request on its connection.
        case fresh
        /// Any later one.
        case reused
    }

    /// The service asked, or `nil` for any.
    public var service: ServiceName?
    /// The method, or `nil` for any.
    public var method: String?
    /// The path without the query, where `*` stands for any run of characters, or `nil` for any.
    public var path: String?
    /// The connection's history, or `nil` for any.
    public var connection: Connection?
    /// Matching requests let through before the fault applies.
    public var skip: Int
    /// Matching requests that meet the fault after those; `nil` for all.
    public var times: Int?
    /// The fault.
    public var fault: Fault

    /// A rule; by default for the next request, whatever it is.
    public init(
        _ fault: Fault, service: ServiceName? = nil, method: String? = nil, path: String? = nil,
        connection: Connection? = nil, skip: Int = 0, times: Int? = 1
    ) {
        self.service = service
        self.method = method
        self.path = path
        self.connection = connection
        self.skip = skip
        self.times = times
        self.fault = fault
    }

    func matches(service: ServiceName, method: String, path: String, connection: Connection) -> Bool {
        (self.service ?? service) == service && (self.method ?? method) == method
            && (self.connection ?? connection) == connection && (self.path.map { path.matches(glob: $0) } ?? true)
    }
}

extension Rule: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case service, method, path, connection, skip, times, fault
    }

    /// From JSON. `times` defaults to 1; `null` means every matching request.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownMembers(besides: Key.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Key.self)
        self.init(
            try values.decode(Fault.self, forKey: .fault),
            service: try values.decodeIfPresent(ServiceName.self, forKey: .service),
            method: try values.decodeIfPresent(String.self, forKey: .method),
            path: try values.decodeIfPresent(String.self, forKey: .path),
            connection: try values.decodeIfPresent(Connection.self, forKey: .connection),
            skip: try values.decodeIfPresent(Int.self, forKey: .skip) ?? 0,
            times: values.contains(.times) ? try values.decode(Int?.self, forKey: .times) : 1)
    }

    /// To JSON; `times` is written even when it is null, because leaving it out means 1.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encodeIfPresent(service, forKey: .service)
        try values.encodeIfPresent(method, forKey: .method)
        try values.encodeIfPresent(path, forKey: .path)
        try values.encodeIfPresent(connection, forKey: .connection)
        try values.encode(skip, forKey: .skip)
        try values.encode(times, forKey: .times)
        try values.encode(fault, forKey: .fault)
    }
}

extension String {
    /// True when the text fits a pattern in which `*` stands for any run of characters.
    func matches(glob pattern: String) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = pieces.first, let last = pieces.last else { return isEmpty }
        guard pieces.count > 1 else { return self == pattern }
        guard hasPrefix(first), hasSuffix(last), count >= first.count + last.count else { return false }
        var rest = dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let found = rest.firstRange(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Names and addresses of hosts, as in the header fields `Host` and `Origin` (RFC 3986 §3.2.2).
enum HostName {
    /// The parts of `host:port`, brackets removed; `nil` for anything else. A missing port is `nil`.
    static func split(_ text: String) -> (host: String, port: Int?)? {
        var rest = text[...]
        var host: Substring
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            guard isIPv6(String(host)) else { return nil }
            rest = rest[rest.index(after: end)...]
        } else {
            host = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(host.count)
        }
        if rest.isEmpty { return (String(host), nil) }
        guard rest.first == ":" else { return nil }
        let digits = rest.dropFirst()
        guard (1...5).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(digits),
            port <= 65_535
        else { return nil }
        return (String(host), port)
    }

    /// True for letters, digits, dots and hyphens, and for an address.
    static func isValid(_ host: String) -> Bool {
        if isIPv6(host) { return true }
        return !host.isEmpty && host.utf8.count <= 253
            && host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == "_") }
    }

    /// True for an address in numbers, which no name server can point elsewhere.
    static func isAddress(_ host: String) -> Bool {
        if isIPv6(host) { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.allSatisfy { $0.isASCII && $0.isNumber } && (Int(part).map { $0 <= 255 } ?? false)
            }
    }

    /// True for the names and addresses of this machine itself.
    static func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        if host == "localhost" || host == "::1" { return true }
        return isAddress(host) && host.hasPrefix("127.")
    }

    private static func isIPv6(_ host: String) -> Bool {
        host.contains(":") && host.count <= 45
            && host.allSatisfy { $0.isASCII && ($0.isHexDigit || $0 == ":" || $0 == ".") }
    }
}

// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP

/// The place of a bucket.
public struct BucketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The place of the bucket's name in addresses.
    public enum Style: String, Sendable, Hashable {
        /// `https://host/bucket/key`.
        case path
        /// `https://bucket.host/key`.
        case virtualHost = "virtual_host"
    }

    /// The name of the bucket.
    public let name: String
    /// The server; `nil` for Amazon's of the region.
    public let endpoint: HTTPURL?
    /// The style in use.
    public let style: Style

    /// Checks and combines the parts.
    /// - Parameters:
    ///   - name: The name of the bucket.
    ///   - endpoint: The server; `nil` for Amazon's of the region.
    ///   - style: `nil` is the path style at a given server, and the host style at Amazon's where the name allows it.
    /// - Throws: `invalid_address`.
    public init(name: String, endpoint: HTTPURL? = nil, style: Style? = nil) throws(BucketError) {
        guard (1...255).contains(name.utf8.count), name.utf8.allSatisfy(Self.isAllowed), name.first != ".",
            !name.contains("..")
        else {
            throw BucketError(
                .invalidAddress, "'\(name.prefix(60))' is no name of a bucket: it has letters, digits, '.', '-' and '_'"
            )
        }
        if let endpoint, endpoint.query != nil || endpoint.text.contains("#") {
            throw BucketError(
                .invalidAddress, "the endpoint \(endpoint) has a query; write it as https://host or https://host:port")
        }
        self.name = name
        self.endpoint = endpoint
        let isHostName = !name.contains(".") && !name.contains("_") && name == name.lowercased()
        self.style = style ?? (endpoint == nil && isHostName ? .virtualHost : .path)
    }

    /// The address as `s3://bucket`.
    public var description: String { "s3://\(name)" }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// The address of an object, or of the bucket itself.
    func url(of key: String?, region: String) throws(BucketError) -> HTTPURL {
        let base = endpoint?.text ?? "https://s3.\(region).\(Self.domain(of: region))"
        guard let mark = base.firstRange(of: "://") else { throw BucketError(.invalidAddress, "\(base) is no address") }
        let rest = base[mark.upperBound...]
        let host = rest.prefix { $0 != "/" }
        var folder = rest.dropFirst(host.count)
        while folder.last == "/" { folder.removeLast() }
        let path = key.map { SigV4.encoded($0, keepingSlashes: true) }
        let text: String
        switch style {
        case .path: text = "\(base[..<mark.upperBound])\(host)\(folder)/\(name)\(path.map { "/" + $0 } ?? "")"
        case .virtualHost: text = "\(base[..<mark.upperBound])\(name).\(host)\(folder)/\(path ?? "")"
        }
        do throws(HTTPError) { return try HTTPURL(text) } catch {
            throw BucketError(.invalidAddress, error.message, cause: error)
        }
    }

    private static func domain(of region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }
}

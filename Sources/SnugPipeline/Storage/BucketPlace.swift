// SPDX-License-Identifier: Apache-2.0
import Logging
package import SnugHTTP
import SnugSystem
import SnugUpload

/// A folder of a bucket, as an address names it.
package struct BucketPlace: Sendable, Hashable, CustomStringConvertible {
    /// The bucket.
    package let bucket: String
    /// The folder without slashes at its ends; empty for the whole bucket.
    package let prefix: String
    /// The server; `nil` for that of the environment, or Amazon's.
    package let endpoint: HTTPURL?
    /// The region; `nil` for that of the environment.
    package let region: String?
    /// True to name the bucket in the path of addresses, false to name it in their host; `nil` is as the server needs it.
    package let usesPathStyle: Bool?

    /// As Go CDK and Litestream call them.
    private static let names = ["endpoint", "region", "use_path_style"]

    /// Reads what follows `s3://`.
    /// - Throws: `refused`.
    init(_ text: some StringProtocol) throws(StorageError) {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = halves[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard !path[0].contains("@") else { throw Self.secret("a user name") }
        guard !path[0].contains(":"), path[0] != "localhost" else {
            let folder = path.dropFirst().first.map { String($0) } ?? ""
            let shown = folder.contains("@") || folder.isEmpty ? "BUCKET/PREFIX" : folder
            throw StorageError(
                .refused,
                "'s3://\(StorageAddress.shown(path[0]))' is a server, and not a bucket; write "
                    + "s3://\(shown)?endpoint=https://\(path[0])")
        }
        bucket = String(path[0])
        let names = path.dropFirst().first?.split(separator: "/") ?? []
        guard !names.contains("."), !names.contains("..") else {
            throw StorageError(.refused, "the folder in '\(StorageAddress.shown(text))' has '.' or '..' in it")
        }
        prefix = names.joined(separator: "/")
        guard prefix.utf8.count <= 512 else {
            throw StorageError(.refused, "the folder of a storage has \(prefix.utf8.count) bytes; 512 are allowed")
        }
        let items = try Self.items(halves.dropFirst().first.map { String($0) } ?? "")
        endpoint = try items["endpoint"].map(Self.endpoint)
        region = try items["region"].map(Self.region)
        usesPathStyle = try items["use_path_style"].map(Self.flag)
        do throws(BucketError) { _ = try BucketAddress(name: bucket, endpoint: endpoint) } catch {
            throw StorageError(.refused, error.message)
        }
    }

    package var description: String {
        let items = [
            endpoint.map { "endpoint=\($0.text.hasSuffix("/") ? String($0.text.dropLast()) : $0.text)" },
            region.map { "region=\($0)" }, usesPathStyle.map { "use_path_style=\($0)" },
        ].compactMap(\.self)
        return "s3://\(bucket)" + (prefix.isEmpty ? "" : "/\(prefix)")
            + (items.isEmpty ? "" : "?\(items.joined(separator: "&"))")
    }

    /// The storage. It may block, to read keys.
    func open(
        _ keys: StorageKeys, _ http: HTTPClient, _ logger: Logger, _ variable: (String) -> String?
    ) throws(StorageError) -> any ByteStorage {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap(variable).first { !$0.isEmpty }
        }
        let region = region ?? value("AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1"
        var server = endpoint
        if server == nil, let text = value("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") {
            server = try Self.endpoint(text)
        }
        let address: BucketAddress
        do throws(BucketError) {
            address = try BucketAddress(
                name: bucket, endpoint: server, style: usesPathStyle.map { $0 ? .path : .virtualHost })
        } catch {
            throw StorageError(.refused, error.message)
        }
        let client = BucketClient(address, settings: try keys.read(region: region), client: http, logger: logger)
        return S3Storage(client, prefix: prefix)
    }

    // MARK: The query

    private static func items(_ query: String) throws(StorageError) -> [String: String] {
        var items: [String: String] = [:]
        for item in query.split(separator: "&") {
            let halves = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(halves[0])
            let isSecret = ["key", "secret", "token", "password", "credential"].contains {
                name.lowercased().contains($0)
            }
            if isSecret { throw secret("'\(PrintableName.escaped(String(name.prefix(40))))'") }
            guard names.contains(name), let value = halves.dropFirst().first.flatMap({ decoded(String($0)) }),
                !value.isEmpty, items[name] == nil
            else { throw unknown(name) }
            items[name] = value
        }
        return items
    }

    private static func unknown(_ name: String) -> StorageError {
        if names.contains(name) {
            return StorageError(.refused, "'\(name)' of a storage's address needs a value, and one only")
        }
        let other = ["forcepathstyle", "s3forcepathstyle", "path_style", "force_path_style", "url_style"]
        let nearest = other.contains(name.lowercased()) ? "use_path_style" : NearestName.of(name, among: names)
        return StorageError(
            .refused,
            "'\(PrintableName.escaped(String(name.prefix(40))))' is not known in a storage's address. "
                + (nearest.map { "Did you mean '\($0)'?" } ?? "Write \(names.joined(separator: ", "))."))
    }

    private static func secret(_ name: String) -> StorageError {
        StorageError(
            .refused,
            "the address of the storage has \(name) in it, and everybody can read it there; set AWS_ACCESS_KEY_ID, "
                + "AWS_SECRET_ACCESS_KEY and, for temporary keys, AWS_SESSION_TOKEN")
    }

    private static func endpoint(_ text: String) throws(StorageError) -> HTTPURL {
        do throws(HTTPError) {
            return try HTTPURL(text)
        } catch {
            let isHost = !text.contains("/") && !text.contains("@") && !text.isEmpty
            throw StorageError(
                .refused,
                isHost
                    ? "the endpoint '\(StorageAddress.shown(text))' lacks its scheme; write https://\(text)"
                    : "the endpoint cannot be used: \(error.message)")
        }
    }

    private static func region(_ text: String) throws(StorageError) -> String {
        let isName =
            text.utf8.count <= 32 && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard isName else { throw StorageError(.refused, "'\(StorageAddress.shown(text))' is no region of S3") }
        return text
    }

    private static func flag(_ text: String) throws(StorageError) -> Bool {
        switch text {
        case "true": return true
        case "false": return false
        default: throw StorageError(.refused, "use_path_style is 'true' or 'false'")
        }
    }

    /// The text without percent-encoding; `nil` when it is none.
    private static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

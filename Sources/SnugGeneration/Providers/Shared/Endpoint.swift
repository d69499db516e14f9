// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// The base address of an API, and the addresses below it.
struct Endpoint: Sendable, Hashable {
    let base: HTTPURL

    /// - Throws: `invalid_request` naming `base_url`.
    init(_ text: String) throws(GenerationError) {
        do {
            base = try HTTPURL(text)
        } catch {
            throw .invalid("base_url", "is no address: \(error.message)")
        }
        guard base.query == nil else { throw .invalid("base_url", "must not have a query") }
    }

    /// An address below the base. Segments of the path and query items are percent-encoded here.
    func url(
        _ segments: [String], query: [(name: String, value: String)] = []
    ) throws(GenerationError) -> HTTPURL {
        let start = base.text.trimmingSuffix("/")
        let path = segments.map { "/" + Self.encoded($0) }.joined()
        let items = query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&")
        do {
            return try HTTPURL(start + path + (items.isEmpty ? "" : "?\(items)"))
        } catch {
            throw GenerationError(.invalidRequest, error.message, cause: error)
        }
    }

    /// The text with everything escaped that has a meaning in an address. RFC 3986 §2.3
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if unreserved.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let unreserved = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
}

extension String {
    /// Without so many of a character at the end.
    fileprivate func trimmingSuffix(_ character: Character) -> Substring {
        var rest = self[...]
        while rest.last == character { rest.removeLast() }
        return rest
    }
}

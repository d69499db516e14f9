// SPDX-License-Identifier: Apache-2.0
package import SnugSystem

/// A response as it came, read by a parser that shares nothing with the server.
package struct RawResponse: Sendable {
    package var status: Int
    /// Names in lower case.
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]

    package subscript(_ name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }
    package var text: String { String(decoding: body, as: UTF8.self) }
    package var json: JSONValue { JSONValue(parsing: body) ?? .null }
    /// The code of an error.
    package var code: String? { json["error"]?.text }

    /// The first response in some bytes, and its length; `nil` while it is not whole.
    package static func parse(_ bytes: [UInt8], hasBody: Bool) -> (RawResponse, Int)? {
        guard let end = position(of: [13, 10, 13, 10], in: bytes, from: 0) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let parts = lines.first?.split(separator: " ") ?? []
        guard parts.count >= 2, let status = Int(parts[1]) else { return nil }
        let fields = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        var response = RawResponse(status: status, fields: fields, body: [])
        if status < 200 || status == 204 || status == 304 || !hasBody { return (response, end + 4) }
        if response["transfer-encoding"] == "chunked" {
            guard let (body, length) = chunks(in: bytes, from: end + 4) else { return nil }
            response.body = body
            return (response, length)
        }
        let length = response["content-length"].flatMap { Int($0) } ?? 0
        guard bytes.count >= end + 4 + length else { return nil }
        response.body = Array(bytes[(end + 4)..<(end + 4 + length)])
        return (response, end + 4 + length)
    }

    private static func chunks(in bytes: [UInt8], from start: Int) -> ([UInt8], Int)? {
        var (body, position) = ([UInt8](), start)
        while true {
            guard let line = self.position(of: [13, 10], in: bytes, from: position),
                let size = Int(String(decoding: bytes[position..<line], as: UTF8.self), radix: 16),
                bytes.count >= line + 2 + size + 2
            else { return nil }
            if size == 0 { return (body, line + 4) }
            body += bytes[(line + 2)..<(line + 2 + size)]
            position = line + 2 + size + 2
        }
    }

    private static func position(of pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + pattern.count <= bytes.count {
            if bytes[index] == pattern[0], bytes[index..<(index + pattern.count)].elementsEqual(pattern) {
                return index
            }
            index += 1
        }
        return nil
    }
}

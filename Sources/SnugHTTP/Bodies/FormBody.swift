// SPDX-License-Identifier: Apache-2.0

/// A multipart/form-data body whose files stay where they are. RFC 7578, with browsers' escapes.
package struct FormBody {
    /// The text between the parts.
    package let boundary: String
    private var pieces: [HTTPBody] = []

    /// - Parameter boundary: A long, unpredictable text that does not occur in the data.
    package init(boundary: String) { self.boundary = boundary }

    /// A boundary long and random enough not to occur in any data.
    package static func randomBoundary() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let text = (0..<32).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] }
        return "snug" + String(decoding: text, as: UTF8.self)
    }

    /// For the `Content-Type` field.
    package var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// Adds a text.
    package mutating func add(field name: String, _ value: String) {
        append("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.escaped(name))\"\r\n\r\n\(value)\r\n")
    }

    /// Adds a file.
    package mutating func add(file name: String, filename: String, contentType: String, _ content: HTTPBody) {
        append(
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.escaped(name))\"; "
                + "filename=\"\(Self.escaped(filename))\"\r\nContent-Type: \(Self.escaped(contentType))\r\n\r\n")
        pieces.append(content)
        append("\r\n")
    }

    /// The complete body.
    /// - Throws: `invalid_request` when a file is a stream.
    package func finished() throws(HTTPError) -> HTTPBody {
        try HTTPBody(joining: pieces + [HTTPBody(bytes: Array("--\(boundary)--\r\n".utf8))])
    }

    private mutating func append(_ text: String) { pieces.append(HTTPBody(bytes: Array(text.utf8))) }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "%22"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

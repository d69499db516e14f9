// SPDX-License-Identifier: Apache-2.0
internal import SnugHTTP

/// A multipart/form-data body around a file that stays where it is. RFC 7578, with browsers' escapes.
struct FormBody {
    var settings: FormSettings
    var filename: String
    var contentType: String
    var boundary: String

    /// Long and random enough that it need not be looked for in the data.
    static func boundary() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let text = (0..<32).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] }
        return "snug" + String(decoding: text, as: UTF8.self)
    }

    func body(_ file: HTTPBody) throws(HTTPError) -> HTTPBody {
        var head = ""
        for field in settings.fields {
            head +=
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.escaped(field.name))\"\r\n\r\n\(field.value)\r\n"
        }
        head +=
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.escaped(settings.fileField))\"; "
            + "filename=\"\(Self.escaped(filename))\"\r\nContent-Type: \(contentType)\r\n\r\n"
        return try HTTPBody(joining: [
            HTTPBody(bytes: Array(head.utf8)), file, HTTPBody(bytes: Array("\r\n--\(boundary)--\r\n".utf8)),
        ])
    }

    static func escaped(_ text: String) -> String {
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

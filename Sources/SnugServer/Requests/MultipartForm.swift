// SPDX-License-Identifier: Apache-2.0

/// The parts of a body of the type `multipart/form-data` (RFC 7578, RFC 2046 §5.1).
struct MultipartForm: Sendable {
    /// One field or file.
    struct Part: Sendable {
        /// The field's name.
        var name: String
        /// The file's name as the client gave it; `nil` for a field.
        var fileName: String?
        /// The declared media type.
        var contentType: String?
        /// The place of its content in the body.
        var range: Range<Int>
    }

    /// The reasons why a body is refused.
    enum Fault: Error, Hashable {
        case missingBoundary, notClosed, badHeader, missingName, tooManyParts, headerTooLarge
    }

    /// Maximum parts of one form.
    static let maximumParts = 256
    /// Maximum bytes of the header of one part.
    static let maximumHeaderBytes = 8 << 10

    /// The parts in their order.
    var parts: [Part] = []

    /// Reads a whole body.
    /// - Parameter boundary: The parameter of the `Content-Type` field.
    init(_ body: [UInt8], boundary: String) throws(Fault) {
        // RFC 2046: at most 70 characters, none of them a control.
        guard (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .missingBoundary
        }
        let dashes = Array("--\(boundary)".utf8)
        let separator = [0x0D, 0x0A] + dashes
        var position: Int
        if body.starts(with: dashes) {
            position = dashes.count
        } else if let preamble = Self.find(separator, in: body, from: 0) {
            position = preamble + separator.count
        } else {
            throw .missingBoundary
        }
        while true {
            if body[position...].starts(with: [0x2D, 0x2D]) { return }
            // Spaces may follow a boundary.
            while position < body.count, body[position] == 0x20 || body[position] == 0x09 { position += 1 }
            guard body[position...].starts(with: [0x0D, 0x0A]) else { throw .notClosed }
            guard parts.count < Self.maximumParts else { throw .tooManyParts }
            var part = try Self.header(body, &position)
            guard let end = Self.find(separator, in: body, from: max(0, position - 2)) else { throw .notClosed }
            part.range = min(position, end)..<end
            // A part without content ends with the line break of its header.
            if end < position { part.range = end..<end }
            parts.append(part)
            position = end + separator.count
        }
    }

    /// Reads the header of a part, whose first line break `position` is at; leaves it at the content.
    private static func header(_ body: [UInt8], _ position: inout Int) throws(Fault) -> Part {
        let window = min(body.count, position + maximumHeaderBytes)
        guard let end = find([0x0D, 0x0A, 0x0D, 0x0A], in: body, from: position, to: window) else {
            throw window == body.count ? .notClosed : .headerTooLarge
        }
        var part = Part(name: "", fileName: nil, contentType: nil, range: 0..<0)
        var hasName = false
        if end > position {
            guard let text = String(validating: body[(position + 2)..<end], as: UTF8.self) else { throw .badHeader }
            for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
                guard let colon = line.firstIndex(of: ":"),
                    !line.contains(where: { $0 == "\n" || $0 == "\r" || $0 == "\0" })
                else { throw .badHeader }
                let value = line[line.index(after: colon)...].trimmed
                switch line[..<colon].trimmed.lowercased() {
                case "content-disposition":
                    guard let disposition = HeaderValue(value), disposition.value == "form-data",
                        let name = disposition.parameters["name"]
                    else { throw .missingName }
                    part.name = name
                    part.fileName = disposition.parameters["filename"]
                    hasName = true
                case "content-type": part.contentType = value
                default: break
                }
            }
        }
        guard hasName else { throw .missingName }
        position = end + 4
        return part
    }

    /// The first place of `pattern` that lies between `start` and `end`.
    private static func find(_ pattern: [UInt8], in body: [UInt8], from start: Int, to end: Int? = nil) -> Int? {
        let last = (end ?? body.count) - pattern.count
        var position = start
        let first = pattern[0]
        while position <= last {
            guard let next = body[position...last].firstIndex(of: first) else { return nil }
            var length = 1
            while length < pattern.count, body[next + length] == pattern[length] { length += 1 }
            if length == pattern.count { return next }
            position = next + 1
        }
        return nil
    }
}

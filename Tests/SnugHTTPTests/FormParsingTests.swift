// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugHTTP

/// Forms, read back by a parser that follows RFC 7578 and RFC 2046 and knows nothing of the writer.
@Suite struct FormParsingTests {
    private struct Part: Equatable {
        var name: String
        var filename: String?
        var type: String?
        var content: [UInt8]
    }

    /// Splits a body at its boundary, and each part at its empty line.
    private func parse(_ body: [UInt8], boundary: String) -> [Part]? {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        var rest = (Array("\r\n".utf8) + body)[...]
        var parts: [Part] = []
        guard rest.starts(with: delimiter) else { return nil }
        rest = rest.dropFirst(delimiter.count)
        while !rest.starts(with: Array("--".utf8)) {
            guard rest.starts(with: [13, 10]), let end = rest.firstRange(of: delimiter)?.lowerBound else { return nil }
            let part = rest[rest.startIndex + 2..<end]
            guard let split = part.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            guard let head = fields(part[..<split.lowerBound]) else { return nil }
            parts.append(
                Part(
                    name: head.name, filename: head.filename, type: head.type, content: Array(part[split.upperBound...])
                ))
            rest = rest[end...].dropFirst(delimiter.count)
        }
        return Array(rest) == Array("--\r\n".utf8) ? parts : nil
    }

    private func fields(_ head: ArraySlice<UInt8>) -> (name: String, filename: String?, type: String?)? {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        guard let first = lines.first, first.hasPrefix("Content-Disposition: form-data; ") else { return nil }
        // What browsers do (WHATWG HTML, multipart form data): quote and line breaks are percent-encoded, no others.
        func value(_ key: String) -> String? {
            guard let start = first.firstRange(of: " \(key)=\"") else { return nil }
            return String(first[start.upperBound...].prefix { $0 != "\"" })
                .replacing("%22", with: "\"").replacing("%0D", with: "\r").replacing("%0A", with: "\n")
        }
        let type = lines.dropFirst().first { $0.hasPrefix("Content-Type: ") }.map { String($0.dropFirst(14)) }
        return value("name").map { ($0, value("filename"), type) }
    }

    private func bytes(_ body: HTTPBody) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try body.forEachPiece { bytes += $0 }
        return bytes
    }

    @Test("What is written is what a server reads, whatever the names and contents", arguments: UInt64(0)..<20)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let letters = Array("ab \"\r\n;:=-\\%/\u{E9}\u{1F305}'<>--")
        func text() -> String {
            String(
                (0..<Int.random(in: 0...12, using: &random)).map { _ in
                    letters[Int.random(in: 0..<letters.count, using: &random)]
                })
        }
        var form = FormBody(boundary: FormBody.randomBoundary())
        var expected: [Part] = []
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let (name, filename) = (text(), text())
            if Bool.random(using: &random) {
                let value = text()
                form.add(field: name, value)
                expected.append(Part(name: name, filename: nil, type: nil, content: Array(value.utf8)))
            } else {
                let content = (0..<Int.random(in: 0...3000, using: &random)).map { _ in
                    [13, 10, 45, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
                }
                form.add(file: name, filename: filename, contentType: "image/png", HTTPBody(bytes: content))
                expected.append(Part(name: name, filename: filename, type: "image/png", content: content))
            }
        }
        let body = try form.finished()
        let sent = try bytes(body)
        #expect(body.byteCount == sent.count)
        #expect(form.contentType == "multipart/form-data; boundary=\(form.boundary)")
        #expect(parse(sent, boundary: form.boundary) == expected)
    }

    @Test("A boundary is at most 70 characters that need no quotes, and no two are alike")
    func boundaries() {
        let all = (0..<200).map { _ in FormBody.randomBoundary() }
        #expect(Set(all).count == 200)
        #expect(all.allSatisfy { $0.utf8.count <= 70 && $0.utf8.count >= 32 })
        #expect(all.joined().allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
    }
}

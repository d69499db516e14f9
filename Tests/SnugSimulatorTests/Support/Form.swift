// SPDX-License-Identifier: Apache-2.0
@testable import SnugSimulator

/// A `multipart/form-data` body with the boundary `X`, put together by hand.
struct Form {
    static let contentType = "multipart/form-data; boundary=X"

    private var parts: [UInt8] = []

    init(_ fields: KeyValuePairs<String, String> = [:]) {
        for (name, value) in fields { add(name, value) }
    }

    /// Adds a text field.
    mutating func add(_ name: String, _ value: String) {
        part("name=\"\(name)\"", type: nil, Array(value.utf8))
    }

    /// Adds a file.
    mutating func add(_ name: String, file: [UInt8], type: String?, filename: String = "a.png") {
        part("name=\"\(name)\"; filename=\"\(filename)\"", type: type, file)
    }

    func adding(_ name: String, _ value: String) -> Form {
        var copy = self
        copy.add(name, value)
        return copy
    }

    func adding(_ name: String, file: [UInt8], type: String? = "image/png", filename: String = "a.png") -> Form {
        var copy = self
        copy.add(name, file: file, type: type, filename: filename)
        return copy
    }

    var body: [UInt8] { parts + Array("--X--\r\n".utf8) }

    private mutating func part(_ disposition: String, type: String?, _ bytes: [UInt8]) {
        parts += Array("--X\r\nContent-Disposition: form-data; \(disposition)\r\n".utf8)
        if let type { parts += Array("Content-Type: \(type)\r\n".utf8) }
        parts += Array("\r\n".utf8) + bytes + Array("\r\n".utf8)
    }
}

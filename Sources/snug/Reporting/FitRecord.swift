// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SystemPackage

/// What became of one input.
struct FitRecord: Sendable {
    /// How it ended.
    enum Status: String, Sendable, CaseIterable {
        case fitted, copied, stripped, skipped, failed
    }

    var input: FilePath
    var output: FilePath?
    var status: Status
    var inputBytes: Int?
    var outputBytes: Int?
    var limitBytes: Int
    /// Upright size of the input.
    var size: PixelSize?
    var outputSize: PixelSize?
    var format: ImageFormat?
    var quality: Double?
    var scale: Double?
    var encodes: Int?
    var seconds: Double?
    var error: ImageError?
    /// Why it was skipped or what is planned, in words for a person.
    var reason: String?
    /// What is odd about it, in words for a person.
    var warnings: [String] = []

    /// A record of which only the beginning is known.
    init(input: FilePath, status: Status, limitBytes: Int, inputBytes: Int? = nil) {
        self.input = input
        self.status = status
        self.limitBytes = limitBytes
        self.inputBytes = inputBytes
    }

    /// The object that `--json` prints: every key is always there.
    var json: JSONText {
        var members: [JSONText.Member] = [
            .init("input", .string(Self.text(of: input))),
            .init("output", .optional(output.map(Self.text))),
            .init("status", .string(status.rawValue)),
            .init("input_bytes", .optional(inputBytes)),
            .init("output_bytes", .optional(outputBytes)),
            .init("limit_bytes", .integer(limitBytes)),
            .init("width", .optional(size?.width)),
            .init("height", .optional(size?.height)),
            .init("output_width", .optional(outputSize?.width)),
            .init("output_height", .optional(outputSize?.height)),
            .init("format", .optional(format?.rawValue)),
            .init("quality", .optional(quality)),
            .init("scale", .optional(scale)),
            .init("encodes", .optional(encodes)),
            .init("seconds", .optional(seconds)),
            .init("error", error.map(JSONText.error) ?? .null),
        ]
        // Text cannot carry every name: then the bytes go along.
        if let hex = Self.hex(of: input) { members.append(.init("input_hex", .string(hex))) }
        if let hex = output.flatMap(Self.hex) { members.append(.init("output_hex", .string(hex))) }
        return .object(members)
    }

    /// The path as text, bytes that are no UTF-8 replaced.
    static func text(of path: FilePath) -> String { String(decoding: path.bytes, as: UTF8.self) }

    /// The bytes of a path that ``text(of:)`` cannot carry.
    static func hex(of path: FilePath) -> String? {
        let bytes = path.bytes
        return String(validating: bytes, as: UTF8.self) == nil ? Hex.text(of: bytes) : nil
    }
}

/// Pixels across and down.
struct PixelSize: Sendable, Hashable, CustomStringConvertible {
    var width: Int
    var height: Int
    var description: String { "\(width)×\(height)" }
}

extension FitRecord {
    /// One line for a person.
    var line: String {
        let name = PrintableName.of(input)
        var text = name
        if let output { text += " → \(PrintableName.of(output))" }
        text += ": \(status.rawValue)"
        if let error { return text + ": \(PrintableName.escaped(error.message)) (\(error.code))" }
        if let inputBytes, let outputBytes {
            text += ", \(ByteCount(inputBytes)) → \(ByteCount(outputBytes))"
        }
        if let size, let outputSize {
            text += size == outputSize ? ", \(size)" : ", \(size) → \(outputSize)"
        }
        if let quality { text += ", quality \(Self.short(quality))" }
        if let reason { text += ", \(PrintableName.escaped(reason))" }
        for warning in warnings { text += "; \(PrintableName.escaped(warning))" }
        return text
    }

    /// A number with at most one decimal.
    static func short(_ value: Double) -> String {
        let tenths = (value * 10).rounded()
        guard tenths.magnitude < 1e15 else { return String(describing: value) }
        let whole = Int(tenths)
        return whole % 10 == 0 ? String(whole / 10) : "\(whole / 10).\(abs(whole % 10))"
    }
}

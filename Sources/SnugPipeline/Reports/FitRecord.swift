// SPDX-License-Identifier: Apache-2.0
public import SnugImage
import SnugSystem
public import SystemPackage

/// The result of one input.
public struct FitRecord: Sendable {
    /// The ways in which an input ends.
    public enum Status: String, Sendable, CaseIterable {
        case fitted, copied, stripped, skipped, failed
    }

    /// The reasons why an input is left alone.
    public enum SkipReason: String, Sendable, Hashable, CaseIterable {
        /// The output is there: of this content, made with these options.
        case done
        /// A file that Snug did not make has the output's name.
        case outputExists = "output_exists"
        case empty
        case notAnImage = "not_an_image"
        case symbolicLink = "symbolic_link"
        case notARegularFile = "not_a_regular_file"
    }

    /// The input as it was named or found.
    public var input: FilePath
    /// The output, where there is or would be one.
    public var output: FilePath?
    /// The end of the input.
    public var status: Status
    /// Bytes of the input.
    public var inputBytes: Int?
    /// Bytes of the output.
    public var outputBytes: Int?
    /// Maximum bytes of the output, headers included; ``noByteLimit`` where there is none.
    public var limitBytes: Int
    /// Upright size of the input.
    public var size: PixelSize?
    /// Size of the output.
    public var outputSize: PixelSize?
    /// Format of the output.
    public var format: ImageFormat?
    /// JPEG quality of the output.
    public var quality: Double?
    /// Sides of the output, relative to the input.
    public var scale: Double?
    /// Encodes that it took.
    public var encodes: Int?
    /// Time that it took.
    public var seconds: Double?
    /// Set for ``Status/failed``.
    public var error: ImageError?
    /// Set for ``Status/skipped``.
    public var skipReason: SkipReason?
    /// The reason of a plan, for a person.
    public var planReason: String?
    /// The outcomes that a plan cannot know without decoding, for a person.
    public var planUncertainty: String?
    /// Oddities of the input, for a person.
    public var warnings: [String] = []

    /// The number of bytes that says that there is no limit.
    public static let noByteLimit = 1 << 40

    /// A record of which only the beginning is known.
    public init(input: FilePath, status: Status, limitBytes: Int, inputBytes: Int? = nil) {
        self.input = input
        self.status = status
        self.limitBytes = limitBytes
        self.inputBytes = inputBytes
    }

    /// The record as one line of JSON: every key is always there.
    public var jsonLine: String { json.description }

    /// The record as JSON.
    package var json: JSONValue {
        var value: JSONValue = [
            "input": .text(Self.text(of: input)),
            "output": .optional(output.map(Self.text)),
            "status": .text(status.rawValue),
            "input_bytes": .optional(inputBytes),
            "output_bytes": .optional(outputBytes),
            "limit_bytes": .optional(limitBytes == Self.noByteLimit ? nil : limitBytes),
            "width": .optional(size?.width),
            "height": .optional(size?.height),
            "output_width": .optional(outputSize?.width),
            "output_height": .optional(outputSize?.height),
            "format": .optional(format?.rawValue),
            "quality": .optional(quality),
            "scale": .optional(scale),
            "encodes": .optional(encodes),
            "seconds": .optional(seconds),
            "skip_reason": .optional(skipReason?.rawValue),
            "plan": planReason.map { ["reason": .text($0), "uncertainty": .optional(planUncertainty)] } ?? .null,
            "error": error?.json ?? .null, "warnings": .array(warnings.map { .text($0) }),
        ]
        // Text cannot carry every name: then the bytes are added.
        if let hex = Self.hex(of: input) { value.append("input_hex", .text(hex)) }
        if let hex = output.flatMap(Self.hex) { value.append("output_hex", .text(hex)) }
        return value
    }

    /// The path as text, bytes that are no UTF-8 replaced.
    package static func text(of path: FilePath) -> String { String(decoding: path.bytes, as: UTF8.self) }

    /// The bytes of a path that ``text(of:)`` cannot carry.
    package static func hex(of path: FilePath) -> String? {
        let bytes = path.bytes
        return String(validating: bytes, as: UTF8.self) == nil ? bytes.hexadecimal : nil
    }
}

/// Pixels across and down.
public struct PixelSize: Sendable, Hashable, CustomStringConvertible {
    /// Pixels across.
    public var width: Int
    /// Pixels down.
    public var height: Int

    /// Sets both sides.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// The size as in "640×480".
    public var description: String { "\(width)×\(height)" }
}

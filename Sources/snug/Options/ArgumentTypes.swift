// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
public import SnugImage
public import SnugPipeline
import SnugSystem
import SystemPackage

/// A path, whatever its bytes.
struct PathArgument: ExpressibleByArgument, Hashable, Sendable {
    var path: FilePath

    /// `nil` for an empty name, which the system takes for the current folder here and there.
    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        path = FilePath(bytes: RawArguments.decode(argument))
    }

    static var defaultCompletionKind: CompletionKind { .file() }
}

/// Reports an error of the library as a faulty argument.
private func parsed<Value>(_ parse: () throws(ImageError) -> Value) throws -> Value {
    do throws(ImageError) { return try parse() } catch { throw ValidationError(error.message) }
}

/// The argument of `--limit`.
enum ByteLimit: Hashable, Sendable {
    case bytes(ByteCount)
    /// Of the input's bytes.
    case share(Double)
}

/// Turns arguments into values.
enum ArgumentParsing {
    /// `10MB`, `500k` …
    @Sendable static func byteCount(_ text: String) throws -> ByteCount {
        try parsed { () throws(ImageError) in try ByteCount(parsing: text) }
    }

    /// `10MB`, `500k` …, above zero.
    @Sendable static func positiveByteCount(_ text: String) throws -> ByteCount {
        let count = try byteCount(text)
        guard count.bytes > 0 else { throw ValidationError("'\(text)' leaves no room; give a size of at least 1 byte") }
        return count
    }

    /// `10MB`, or `50%` of the input.
    @Sendable static func byteLimit(_ text: String) throws -> ByteLimit {
        text.hasSuffix("%") ? .share(try share(text)) : .bytes(try positiveByteCount(text))
    }

    /// `50%`, or `0.5`: above nothing, and at most the whole.
    @Sendable static func share(_ text: String) throws -> Double {
        let isPercentage = text.hasSuffix("%")
        let number = Double(isPercentage ? text.dropLast() : text[...]).map { isPercentage ? $0 / 100 : $0 }
        guard let number, number > 0, number <= 1 else {
            throw ValidationError(
                "'\(PrintableName.escaped(text))' is no share; give a percentage up to 100%, such as 50%")
        }
        return number
    }

    /// `1024`, or `1024px`.
    @Sendable static func pixels(_ text: String) throws -> Int {
        let digits = text.lowercased().hasSuffix("px") ? text.dropLast(2) : text[...]
        guard let value = Int(digits), value > 0 else {
            throw ValidationError(
                "'\(PrintableName.escaped(text))' is no number of pixels; give a whole number above 0, such as 1024")
        }
        return value
    }

    /// `1000000`, `1MP`, or `2.5M`.
    @Sendable static func pixelCount(_ text: String) throws -> Int {
        let unit = text.lowercased().drop { $0.isNumber || $0 == "." || $0 == " " }
        let factors: [Substring: Int] = ["": 1, "px": 1, "k": 1000, "m": 1_000_000, "mp": 1_000_000, "mpx": 1_000_000]
        let number = text.prefix { $0.isNumber || $0 == "." }
        guard let factor = factors[unit], let value = Double(number), value * Double(factor) >= 1,
            value * Double(factor) < 1e15
        else {
            throw ValidationError(
                "'\(PrintableName.escaped(text))' is no number of pixels; give a number above 0, such as 12MP or 1000000"
            )
        }
        return Int(value * Double(factor))
    }

    /// `200x230`.
    @Sendable static func exactSize(_ text: String) throws -> ExactFrame {
        let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], width > 0, height > 0 else {
            throw ValidationError(
                "'\(PrintableName.escaped(text))' is no size; give width and height in pixels, such as 200x230")
        }
        return ExactFrame(width: width, height: height, filling: .pad)
    }

    @Sendable static func suffix(_ text: String) throws -> OutputNameTemplate {
        try parsed { () throws(ImageError) in try OutputNameTemplate(suffix: RawArguments.decode(text)) }
    }

    @Sendable static func namePattern(_ text: String) throws -> OutputNameTemplate {
        try parsed { () throws(ImageError) in try OutputNameTemplate(pattern: RawArguments.decode(text)) }
    }

    @Sendable static func report(_ text: String) throws -> ReportFile {
        let path = FilePath(bytes: RawArguments.decode(text))
        guard let format = path.extension.flatMap({ ReportFile.Format(rawValue: $0.lowercased()) }) else {
            throw ValidationError(
                "'\(PrintableName.escaped(text))' names no report; end its name with .csv, .json or .html")
        }
        return ReportFile(path: path, format: format)
    }

    @Sendable static func colour(_ text: String) throws -> RGBColour {
        try parsed { () throws(ImageError) in try RGBColour(parsing: text) }
    }

    @Sendable static func profile(_ text: String) throws -> TargetProfile {
        if let profile = TargetProfile.named(text) { return profile }
        let near = TargetProfile.names(near: text)
        let hint = near.isEmpty ? "" : "Did you mean \(near.joined(separator: ", "))? "
        throw ValidationError("no profile is named '\(PrintableName.escaped(text))'. \(hint)'snug profiles' lists all.")
    }

    @Sendable static func positive(_ text: String) throws -> Int {
        guard let value = Int(text), value > 0 else {
            throw ValidationError("'\(PrintableName.escaped(text))' is not a whole number above 0")
        }
        return value
    }

    @Sendable static func quality(_ text: String) throws -> Int {
        guard let value = Int(text), (1...100).contains(value) else {
            throw ValidationError(
                "'\(PrintableName.escaped(text))' is not a quality; give a whole number from 1 to 100")
        }
        return value
    }

    @Sendable static func page(_ text: String) throws -> Int {
        guard let value = Int(text), value > 0 else {
            throw ValidationError(
                "'\(PrintableName.escaped(text))' is no number of a frame; give a whole number from 1 on")
        }
        return value
    }

    @Sendable static func metadata(_ text: String) throws -> FitPolicy.Metadata {
        if let metadata = FitPolicy.Metadata(rawValue: text) { return metadata }
        let kinds = FitPolicy.Metadata.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError(
            "'\(PrintableName.escaped(text))' is no selection of metadata; give strip, keep, kinds to keep (\(kinds)), or "
                + "kinds to drop such as no-gps")
    }

    @Sendable static func format(_ text: String) throws -> FitPolicy.OutputFormat {
        let name = text.lowercased()
        if name == "jpg" { return .jpeg }
        if let format = FitPolicy.OutputFormat(rawValue: name) { return format }
        if ImageFormat.allCases.contains(where: { $0.rawValue == name || $0.fileExtension == name }) {
            throw ValidationError("JPEG, PNG and WebP are written, not \(name); give auto, jpeg, png, webp or keep")
        }
        throw ValidationError("'\(PrintableName.escaped(text))' is no format; give auto, jpeg, png, webp or keep")
    }
}

extension FitRequest.Overwriting: ExpressibleByArgument {}
extension FitPolicy.Strategy: ExpressibleByArgument {}
extension FitPolicy.Effort: ExpressibleByArgument {}
extension FitPolicy.ChromaChoice: ExpressibleByArgument {}
extension FitPolicy.Use: ExpressibleByArgument {}
extension ServiceConfiguration.Log.Level: ExpressibleByArgument {}
extension ServiceConfiguration.Log.Format: ExpressibleByArgument {}

// SPDX-License-Identifier: Apache-2.0
public import ArgumentParser
public import SnugImage
import SnugSystem
import SystemPackage

/// A path, whatever its bytes.
struct PathArgument: ExpressibleByArgument, Hashable, Sendable {
    var path: FilePath

    init(argument: String) { path = FilePath(bytes: RawArguments.decode(argument)) }

    static var defaultCompletionKind: CompletionKind { .file() }
}

/// Reports an error of the library as a faulty argument.
private func parsed<Value>(_ parse: () throws(ImageError) -> Value) throws -> Value {
    do throws(ImageError) { return try parse() } catch { throw ValidationError(error.message) }
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

    @Sendable static func format(_ text: String) throws -> FitPolicy.OutputFormat {
        let name = text.lowercased()
        if name == "jpg" { return .jpeg }
        if let format = FitPolicy.OutputFormat(rawValue: name) { return format }
        if ImageFormat.allCases.contains(where: { $0.rawValue == name || $0.fileExtension == name }) {
            throw ValidationError("this build writes JPEG and PNG, not \(name); give auto, jpeg, png or keep")
        }
        throw ValidationError("'\(PrintableName.escaped(text))' is no format; give auto, jpeg, png or keep")
    }
}

extension FitPolicy.Strategy: ExpressibleByArgument {}
extension FitPolicy.Effort: ExpressibleByArgument {}
extension FitPolicy.Metadata: ExpressibleByArgument {}
extension FitPolicy.ChromaChoice: ExpressibleByArgument {}

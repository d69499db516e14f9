// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem

/// Reads the values of parameters, as the command reads those of its options.
enum ParameterText {
    /// An empty value is yes, as in `?keep-size`.
    static func flag(_ text: String) throws(ParameterFault) -> Bool {
        switch text.lowercased() {
        case "", "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default: throw ParameterFault("\(quoted(text)) is no choice; give true or false")
        }
    }

    /// A whole number from 1.
    static func count(_ text: String) throws(ParameterFault) -> Int {
        guard let value = Int(text), value > 0 else {
            throw ParameterFault("\(quoted(text)) is not a whole number above 0")
        }
        return value
    }

    /// `10MB`, `500k` …, above zero.
    static func size(_ text: String) throws(ParameterFault) -> Int {
        let count: ByteCount
        do throws(ImageError) { count = try ByteCount(parsing: text) } catch { throw fault(error) }
        guard count.bytes > 0 else {
            throw ParameterFault("\(quoted(text)) leaves no room; give a size of at least 1 byte")
        }
        return count.bytes
    }

    /// `50%`, or `0.5`: above nothing, and at most the whole.
    static func share(_ text: String) throws(ParameterFault) -> Double {
        let isPercentage = text.hasSuffix("%")
        let number = Double(isPercentage ? text.dropLast() : text[...]).map { isPercentage ? $0 / 100 : $0 }
        guard let number, number > 0, number <= 1 else {
            throw ParameterFault("\(quoted(text)) is no share; give a percentage up to 100%, such as 50%")
        }
        return number
    }

    /// `1024`, or `1024px`.
    static func pixels(_ text: String) throws(ParameterFault) -> Int {
        let digits = text.lowercased().hasSuffix("px") ? text.dropLast(2) : text[...]
        guard let value = Int(digits), value > 0 else {
            throw ParameterFault(
                "\(quoted(text)) is no number of pixels; give a whole number above 0, such as 1024")
        }
        return value
    }

    /// `1000000`, `12MP` or `2.5M`.
    static func pixelCount(_ text: String) throws(ParameterFault) -> Int {
        let lower = text.lowercased()
        let number = lower.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let factors: [Substring: Double] = ["": 1, "px": 1, "k": 1e3, "m": 1e6, "mp": 1e6, "mpx": 1e6]
        guard let factor = factors[lower.dropFirst(number.count).drop { $0 == " " }], let value = Double(number),
            value * factor >= 1, value * factor < 1e15
        else {
            throw ParameterFault(
                "\(quoted(text)) is no number of pixels; give a number above 0, such as 12MP or 1000000")
        }
        return Int(value * factor)
    }

    /// `200x230`.
    static func frame(_ text: String) throws(ParameterFault) -> ExactFrame {
        let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], width > 0, height > 0 else {
            throw ParameterFault("\(quoted(text)) is no size; give width and height in pixels, such as 200x230")
        }
        return ExactFrame(width: width, height: height, filling: .pad)
    }

    static func quality(_ text: String) throws(ParameterFault) -> Int {
        guard let value = Int(text), (1...100).contains(value) else {
            throw ParameterFault("\(quoted(text)) is not a quality; give a whole number from 1 to 100")
        }
        return value
    }

    static func colour(_ text: String) throws(ParameterFault) -> RGBColour {
        do throws(ImageError) { return try RGBColour(parsing: text) } catch { throw fault(error) }
    }

    static func metadata(_ text: String) throws(ParameterFault) -> FitPolicy.Metadata {
        if let metadata = FitPolicy.Metadata(rawValue: text) { return metadata }
        let kinds = FitPolicy.Metadata.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw ParameterFault(
            "\(quoted(text)) is no selection of metadata; give strip, keep, kinds to keep (\(kinds)), or kinds to drop "
                + "such as no-gps")
    }

    static func profile(_ text: String) throws(ParameterFault) -> TargetProfile {
        if let profile = TargetProfile.named(text) { return profile }
        let near = TargetProfile.names(near: text)
        let hint = near.isEmpty ? "" : "Did you mean \(near.joined(separator: ", "))? "
        throw ParameterFault("no profile is named \(quoted(text)). \(hint)GET /v1/profiles lists all")
    }

    /// One of a few words.
    static func choice<Value: CaseIterable & RawRepresentable<String>>(
        _ text: String
    ) throws(ParameterFault) -> Value {
        if let value = Value(rawValue: text) { return value }
        let names = Value.allCases.map(\.rawValue)
        let nearest = NearestName.of(text, among: names).map { "Did you mean \($0)? " } ?? ""
        throw ParameterFault("\(quoted(text)) is not known. \(nearest)Give \(names.joined(separator: ", "))")
    }

    private static func quoted(_ text: String) -> String { "'\(PrintableName.escaped(String(text.prefix(64))))'" }

    private static func fault(_ error: ImageError) -> ParameterFault {
        ParameterFault(PrintableName.escaped(String(error.message.prefix(300))))
    }
}

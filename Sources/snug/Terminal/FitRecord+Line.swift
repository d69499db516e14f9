// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem

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
        if let reason = planReason ?? skipReason?.words { text += ", \(PrintableName.escaped(reason))" }
        if let planUncertainty { text += "; \(PrintableName.escaped(planUncertainty))" }
        for warning in warnings { text += "; \(PrintableName.escaped(warning))" }
        return text
    }

    /// The line, and how the result was reached.
    var verboseLine: String {
        var text = line
        if let encodes { text += "; \(encodes) \(encodes == 1 ? "encode" : "encodes")" }
        if let scale, scale < 1 { text += ", scale \(Self.short(scale * 100)) %" }
        if let seconds { text += ", \(Self.short(seconds * 1000)) ms" }
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

extension FitRecord.SkipReason {
    /// The reason for a person, with the option that changes it.
    var words: String {
        switch self {
        case .done: "done already, of the same file with the same options"
        case .outputExists: "a file that snug did not make has this name (--overwrite replaces it)"
        case .empty: "empty (0 bytes)"
        case .notAnImage: "not an image"
        case .symbolicLink: "a symbolic link (--follow-links follows it)"
        case .notARegularFile: "not a regular file"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem
import SystemPackage

/// Arguments as text from which the bytes of file names that are not UTF-8 can be recovered.
///
/// A file name is bytes, the argument parser takes strings, and Swift repairs broken UTF-8 for good. So each byte that
/// would be lost stands as one private scalar, U+10FF00 + byte, until a path is made of it.
enum RawArguments {
    private static let base: UInt32 = 0x10FF00

    /// The arguments of this process, without the program's name.
    static func ofThisProcess() -> [String] {
        guard CommandLine.argc > 1 else { return [] }
        return (1..<Int(CommandLine.argc)).compactMap { index in
            guard let text = unsafe CommandLine.unsafeArgv[index] else { return nil }
            return encode(unsafe bytes(of: text))
        }
    }

    /// Options whose value may be left out, with the value that stands for it and those that may follow.
    private static let optionalValues = ["--overwrite": (implied: "always", values: ["always", "never", "older"])]

    /// The arguments with what the parser cannot know about them: values that may be left out are filled in, and negative
    /// numbers are bound to their options, so that they are refused by name.
    /// - Parameter takesValue: True for an option, such as `--limit` or `-j`, that has a value after it. Asked for negative
    ///   numbers only.
    static func completed(_ arguments: [String], takesValue: (String) -> Bool) -> [String] {
        var completed: [String] = []
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            if argument == "--" { return completed + arguments[index...] }
            let next = index + 1 < arguments.count ? arguments[index + 1] : nil
            if arguments.first == "fit", let option = optionalValues[argument] {
                let isValue = next.map { option.values.contains($0) || isMistyped($0, among: option.values) } ?? false
                completed.append(isValue ? argument : "\(argument)=\(option.implied)")
            } else if argument.hasPrefix("-"), !argument.contains("="), let next, isNegative(next), takesValue(argument)
            {
                completed.append("\(argument)=\(next)")
                index += 1
            } else {
                completed.append(argument)
            }
            index += 1
        }
        return completed
    }

    /// True for a word that is nearly a value and names no file: taken for an input, it would replace everything.
    private static func isMistyped(_ text: String, among values: [String]) -> Bool {
        NearestName.of(text, among: values) != nil && !text.hasPrefix("-")
            && (try? FileIdentity(of: FilePath(text), followsLinks: false)) == nil
    }

    private static func isNegative(_ text: String) -> Bool {
        text.count > 1 && text != "-0" && text.first == "-" && text.dropFirst().first?.isNumber == true
    }

    /// Text from which ``decode(_:)`` makes the same bytes again.
    static func encode(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while !rest.isEmpty {
            // Scalars of our own range are escaped too: else a real name with one would come back as another.
            if let (scalar, length) = firstScalar(of: rest), scalar.value < base || scalar.value > base + 0xFF {
                text.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                text.append(escape(rest.removeFirst()))
            }
        }
        return String(text)
    }

    /// The bytes that ``encode(_:)`` was given.
    static func decode(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            if scalar.value >= base, scalar.value <= base + 0xFF {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value - base))
            } else {
                bytes.append(contentsOf: Array(String(scalar).utf8))
            }
        }
        return bytes
    }

    /// The bytes before the NUL. A path would not do: it drops slashes that are doubled, as in addresses.
    private static func bytes(of text: UnsafePointer<CChar>) -> [UInt8] {
        var bytes: [UInt8] = []
        while unsafe text[bytes.count] != 0 { bytes.append(UInt8(bitPattern: unsafe text[bytes.count])) }
        return bytes
    }

    private static func escape(_ byte: UInt8) -> Unicode.Scalar {
        Unicode.Scalar(base + UInt32(byte)) ?? "\u{FFFD}"
    }

    private static func firstScalar(of bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, Int)? {
        var decoder = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        guard case .valid(let encoded) = decoder.parseScalar(from: &iterator) else { return nil }
        return (Unicode.UTF8.decode(encoded), encoded.count)
    }
}

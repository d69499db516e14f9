// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// Carries file names that are not UTF-8 through text.
///
/// A file name is bytes, the argument parser takes strings, and Swift repairs broken UTF-8 for good. So each byte that
/// could not be had back stands as one private scalar, U+10FF00 + byte, until a path is made of it.
enum RawArguments {
    private static let base: UInt32 = 0x10FF00

    /// The arguments of this process, without the program's name.
    static func ofThisProcess() -> [String] {
        guard CommandLine.argc > 1 else { return [] }
        return (1..<Int(CommandLine.argc)).compactMap { index in
            guard let text = unsafe CommandLine.unsafeArgv[index] else { return nil }
            let bytes = unsafe UnsafeBufferPointer(start: text, count: CInterop.length(text)).map {
                UInt8(bitPattern: $0)
            }
            return encode(bytes)
        }
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

extension CInterop {
    /// Bytes before the NUL.
    static func length(_ text: UnsafePointer<PlatformChar>) -> Int {
        var count = 0
        while unsafe text[count] != 0 { count += 1 }
        return count
    }
}

extension FilePath {
    /// A path of one component.
    init(_ component: FilePath.Component) { self.init(root: nil, [component]) }

    /// The path of so many bytes, as they are.
    init(bytes: some Sequence<UInt8>) {
        var characters = bytes.prefix { $0 != 0 }.map { CInterop.PlatformChar(bitPattern: $0) }
        characters.append(0)
        self = unsafe characters.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return FilePath() }
            return unsafe FilePath(platformString: start)
        }
    }

    /// The path's bytes, without the NUL.
    var bytes: [UInt8] {
        unsafe withPlatformString { text in
            unsafe UnsafeBufferPointer(start: text, count: CInterop.length(text)).map { UInt8(bitPattern: $0) }
        }
    }

    /// The bytes of the last component; empty where there is none.
    var nameBytes: [UInt8] { lastComponent.map { FilePath($0).bytes } ?? [] }
}

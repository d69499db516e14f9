// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugSystem
import SystemPackage

/// The text form of a kind of value.
struct SettingFormat<Value: Sendable>: Sendable {
    let isList: Bool
    let parse: @Sendable (SettingText) throws(SettingFault) -> Value
    let show: @Sendable (Value) -> String

    init(
        isList: Bool = false, show: @escaping @Sendable (Value) -> String,
        parse: @escaping @Sendable (SettingText) throws(SettingFault) -> Value
    ) {
        self.isList = isList
        self.parse = parse
        self.show = show
    }

    /// A form that the type itself can read; `hint` completes "is no …".
    init(
        _ hint: String, show: @escaping @Sendable (Value) -> String,
        reading read: @escaping @Sendable (String) -> Value?
    ) {
        self.init(show: show) { text throws(SettingFault) in
            guard let value = read(text.text) else {
                throw SettingFault("'\(PrintableName.escaped(text.text))' is no \(hint)")
            }
            return value
        }
    }
}

extension SettingFormat where Value == String {
    static var text: Self {
        Self(show: { $0 }) { text throws(SettingFault) in
            guard !text.text.isEmpty else { throw SettingFault("is empty; give a value, or remove it") }
            return text.text
        }
    }
}

extension SettingFormat where Value == [String] {
    static var texts: Self {
        Self(isList: true, show: { $0.joined(separator: ", ") }) { text throws(SettingFault) in text.values }
    }
}

extension SettingFormat where Value == FilePath {
    /// A path; a relative one starts from the folder of the file that names it.
    static var path: Self {
        Self(show: { $0.string }) { text throws(SettingFault) in
            guard !text.text.isEmpty else { throw SettingFault("is empty; name a folder") }
            let path = FilePath(text.text)
            return path.isAbsolute ? path : text.folder.pushing(path).lexicallyNormalized()
        }
    }
}

extension SettingFormat where Value == Duration {
    static var duration: Self {
        Self("duration; write \(DurationText.examples)", show: DurationText.exact, reading: DurationText.parse)
    }
}

extension SettingFormat where Value == Duration? {
    /// An age, or never.
    static var age: Self {
        Self("age; write 30d or never", show: { $0.map(DurationText.exact) ?? "never" }) { text in
            text == "never" ? .some(nil) : DurationText.parse(text).map { .some($0) }
        }
    }
}

extension SettingFormat where Value == Int {
    /// Bytes, at least one.
    static var size: Self {
        Self(show: exactSize) { text throws(SettingFault) in
            let count: ByteCount
            do throws(ImageError) { count = try ByteCount(parsing: text.text) } catch {
                throw SettingFault(error.message)
            }
            guard count.bytes > 0 else { throw SettingFault("leaves no room; give a size of at least 1 byte") }
            return count.bytes
        }
    }

    /// The size in text that reads as the same number of bytes.
    static func exactSize(_ bytes: Int) -> String {
        let text = ByteCount(bytes).description
        if (try? ByteCount(parsing: text))?.bytes == bytes { return text }
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "")]
        return units.first { bytes % $0.0 == 0 }.map { "\(bytes / $0.0)\($0.1)" } ?? "\(bytes)"
    }

    /// A whole number from 1.
    static var count: Self {
        Self("whole number above 0", show: { String($0) }) { text in Int(text).flatMap { $0 > 0 ? $0 : nil } }
    }

    /// A whole number.
    static var number: Self { Self("whole number", show: { String($0) }) { Int($0) } }

    /// A quality of JPEG.
    static var quality: Self {
        Self("quality; give a whole number from 1 to 100", show: { String($0) }) { text in
            Int(text).flatMap { (1...100).contains($0) ? $0 : nil }
        }
    }
}

extension SettingFormat where Value == Bool {
    static var flag: Self {
        Self("choice; write true or false", show: { String($0) }) { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        }
    }
}

extension SettingFormat where Value: CaseIterable & RawRepresentable<String> {
    /// One of a few words.
    static var choice: Self {
        let names = Value.allCases.map(\.rawValue)
        return Self(show: { $0.rawValue }) { text throws(SettingFault) in
            guard let value = Value(rawValue: text.text) else {
                throw SettingFault.unknown(text.text, among: names)
            }
            return value
        }
    }
}

extension SettingFault {
    /// A word that is none of the known ones.
    static func unknown(_ text: String, among names: [String]) -> SettingFault {
        let nearest = NearestName.of(text, among: names).map { "Did you mean \($0)? " } ?? ""
        return SettingFault(
            "'\(PrintableName.escaped(text))' is not known. \(nearest)Write \(names.joined(separator: ", "))")
    }
}

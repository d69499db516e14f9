// SPDX-License-Identifier: Apache-2.0
package import SnugImage
import SnugSystem
package import SystemPackage

/// The names that an input's output can have, below the output folder.
package struct OutputNames: Sendable, Hashable {
    /// The formats that outputs can have, in the order in which names are given.
    static let formats: [ImageFormat] = [.jpeg, .png, .webp, .gif]

    private var names: [ImageFormat: FilePath] = [:]

    /// The name of a JPEG output; `nil` when the run writes none.
    package var jpeg: FilePath? { names[.jpeg] }
    /// The name of a PNG output; `nil` when the run writes none.
    package var png: FilePath? { names[.png] }

    /// The name for a format; `nil` when the run writes none of it.
    package func name(for format: ImageFormat) -> FilePath? { names[format] }

    /// The name that the input's own extension leads to.
    var own: FilePath?

    /// The name of an output that has one name, whatever its format.
    init(only name: FilePath) {
        for format in Self.formats { names[format] = name }
        own = name
    }

    init() {}

    /// Every name, to find outputs of an earlier run.
    package var all: [FilePath] {
        Self.formats.compactMap { names[$0] }.reduce(into: []) { all, name in
            if !all.contains(name) { all.append(name) }
        }
    }
}

/// Names all outputs of a run before it starts.
///
/// The format of an output may be known only once it is fitted, and files finish in any order. So every input gets one
/// name for each format that it could become, and no name is given twice:
/// - an output of the format that its input's extension says keeps the input's name as it is (`a.JPG` stays `a.JPG`);
/// - else it gets the stem and the new format's extension (`a.png` becomes `a.jpg`), unless another input of the folder
///   has the same stem;
/// - then it gets the whole name and the extension (`a.png.jpg`), and where that is taken as well, a number
///   (`a.png-2.jpg`).
///
/// Names that differ only by case or by Unicode normalization count as equal, as on many file systems. The result depends
/// on the set of inputs alone, not on their order or timing.
package enum OutputNaming {
    /// Most bytes of a file name on the usual file systems.
    package static let maximumNameBytes = 255

    /// Names for inputs, in the order of the inputs.
    /// - Parameters:
    ///   - inputs: Places below the output folder.
    ///   - formats: The formats that outputs can have.
    ///   - template: The pattern of names; `nil` keeps those of the inputs.
    ///   - established: Names that outputs of each input have already; they keep them.
    ///   - reserved: Names of outputs of other inputs, which no output of these gets.
    package static func names(
        for inputs: [FilePath], formats: Set<ImageFormat>, template: OutputNameTemplate? = nil,
        established: [[FilePath]] = [], reserved: [FilePath] = []
    ) -> [OutputNames] {
        var names = [OutputNames](repeating: OutputNames(), count: inputs.count)
        let parts = inputs.map { NameParts($0, template) }
        let order = inputs.indices.sorted {
            (parts[$0].bytes, $0) < (parts[$1].bytes, $1)
        }
        var taken = Set(
            reserved.map { name in
                let part = NameParts(name)
                return part.key(of: part.name)
            })
        for (index, known) in established.enumerated() {
            for name in known {
                let part = NameParts(name)
                guard let format = part.format, formats.contains(format), names[index].name(for: format) == nil,
                    taken.insert(part.key(of: part.name)).inserted
                else { continue }
                names[index].set(name, for: format)
            }
        }
        var stemCounts: [NameKey: Int] = [:]
        for part in parts { stemCounts[part.key(of: part.stem), default: 0] += 1 }

        // Own names first, so that no converted file takes the name of one that keeps it.
        for index in order {
            let part = parts[index]
            guard let format = part.format, formats.contains(format), part.name.count <= maximumNameBytes,
                names[index].name(for: format) == nil
            else { continue }
            if taken.insert(part.key(of: part.name)).inserted {
                names[index].set(part.path(of: part.name), for: format)
            }
        }
        for index in order {
            let part = parts[index]
            let isAlone = stemCounts[part.key(of: part.stem)] == 1
            for format in OutputNames.formats
            where formats.contains(format) && names[index].name(for: format) == nil {
                let name = part.firstFreeName(for: format, mayUseStem: isAlone) { taken.insert($0).inserted }
                names[index].set(part.path(of: name), for: format)
            }
            names[index].own = part.format.flatMap { $0 == .jpeg ? names[index].jpeg : nil }
        }
        return names
    }
}

extension OutputNames {
    fileprivate mutating func set(_ name: FilePath, for format: ImageFormat) {
        names[format] = name
    }
}

/// A name as file systems that fold case and normalization see it.
private struct NameKey: Hashable {
    /// Compares by canonical equivalence, as Swift's strings do; `nil` for names that are no UTF-8.
    private let text: String?
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        text = String(validating: bytes, as: UTF8.self)?.lowercased()
        self.bytes = text == nil ? bytes : []
    }
}

/// An input's place below the output folder, taken apart.
private struct NameParts {
    let folder: FilePath
    let name: [UInt8]
    let stem: [UInt8]
    /// The format that the extension stands for; the content may be of another.
    let format: ImageFormat?
    /// The whole place, for the order.
    let bytes: ComparableBytes
    private let folderBytes: [UInt8]

    init(_ path: FilePath, _ template: OutputNameTemplate? = nil) {
        folder = path.removingLastComponent()
        let given = path.nameBytes
        let givenDot = given.lastIndex(of: 0x2E).flatMap { $0 == 0 ? nil : $0 }
        let name =
            template.map {
                $0.stem(of: givenDot.map { Array(given[..<$0]) } ?? given) + (givenDot.map { given[$0...] } ?? [])
            }
            ?? given
        self.name = name
        bytes = ComparableBytes(path.bytes)
        folderBytes = folder.bytes + [0x2F]
        let dot = name.lastIndex(of: 0x2E).flatMap { $0 == 0 ? nil : $0 }
        stem = dot.map { Array(name[..<$0]) } ?? name
        switch dot.map({ String(decoding: name[($0 + 1)...], as: UTF8.self).lowercased() }) {
        case "jpg", "jpeg", "jpe", "jfif": format = .jpeg
        case "png": format = .png
        case "webp": format = .webp
        case "gif": format = .gif
        default: format = nil
        }
    }

    func key(of name: [UInt8]) -> NameKey { NameKey(folderBytes + name) }

    func path(of name: [UInt8]) -> FilePath { folder.appending(FilePath(bytes: name).components) }

    func firstFreeName(for format: ImageFormat, mayUseStem: Bool, take: (NameKey) -> Bool) -> [UInt8] {
        let suffix = Array(".\(format.fileExtension)".utf8)
        if mayUseStem {
            let plain = shortened(stem, suffix)
            if take(key(of: plain)) { return plain }
            // An output of an input elsewhere has it.
            if format == self.format {
                for number in 2...99 {
                    let numbered = shortened(stem, Array("-\(number)".utf8) + suffix)
                    if take(key(of: numbered)) { return numbered }
                }
            }
        }
        var number = 1
        while true {
            let ending = number == 1 ? suffix : Array("-\(number)".utf8) + suffix
            let candidate = shortened(name, ending)
            if take(key(of: candidate)) { return candidate }
            number += 1
        }
    }

    /// `base + ending`, cut to what a file system takes; a cut name carries a hash of the whole one.
    private func shortened(_ base: [UInt8], _ ending: [UInt8]) -> [UInt8] {
        guard base.count + ending.count > OutputNaming.maximumNameBytes else { return base + ending }
        let hash = Array("~\(String(fnv1a(name), radix: 36))".utf8)
        var kept = base.prefix(OutputNaming.maximumNameBytes - ending.count - hash.count)
        // Not in the middle of a character: bytes 10xxxxxx continue the one before.
        while let next = base.dropFirst(kept.count).first, next & 0xC0 == 0x80, !kept.isEmpty { kept.removeLast() }
        return Array(kept) + hash + ending
    }

    private func fnv1a(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

/// Bytes in dictionary order.
private struct ComparableBytes: Comparable {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    static func < (left: ComparableBytes, right: ComparableBytes) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

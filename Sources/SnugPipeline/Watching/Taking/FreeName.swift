// SPDX-License-Identifier: Apache-2.0

/// Names for files whose own name is taken.
enum FreeName {
    /// The most bytes that a file system allows for a name.
    static let maximumBytes = 255

    /// A name with a suffix before its extension, cut where it would be too long: `a~2.jpg`.
    static func variant(of name: [UInt8], suffix: String, maximumBytes: Int = maximumBytes) -> [UInt8] {
        let dot = UInt8(ascii: ".")
        var stem = name[...]
        var ending: ArraySlice<UInt8> = []
        if let last = name.lastIndex(of: dot), last > 0, name.count - last <= 12 {
            stem = name[..<last]
            ending = name[last...]
        }
        let room = maximumBytes - suffix.utf8.count - ending.count
        var kept = stem.prefix(room)
        // Not inside a letter of several bytes.
        if kept.count < stem.count {
            while let next = stem.dropFirst(kept.count).first, next & 0xC0 == 0x80, !kept.isEmpty { kept.removeLast() }
        }
        return Array(kept) + Array(suffix.utf8) + Array(ending)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Boxes of ISO media files, byte by byte (ISO/IEC 14496-12 §4.2, §8.11; ISO/IEC 23008-12 §9).
enum ISOBytes {
    static func big(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - $0))) }
    }

    static func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
        big(8 + content.count, 4) + Array(type.utf8) + content
    }

    /// A box whose length has 64 bits.
    static func longBox(_ type: String, _ content: [UInt8]) -> [UInt8] {
        big(1, 4) + Array(type.utf8) + big(16 + content.count, 8) + content
    }

    /// A box with version and flags.
    static func full(_ type: String, version: Int = 0, flags: Int = 0, _ content: [UInt8]) -> [UInt8] {
        box(type, big(version, 1) + big(flags, 3) + content)
    }

    /// Item types; entries of version 3 have wide numbers.
    static func information(_ items: [(id: Int, type: String)], version: Int = 0, entryVersion: Int = 2) -> [UInt8] {
        let entries = items.flatMap { item in
            full(
                "infe", version: entryVersion,
                big(item.id, entryVersion == 3 ? 4 : 2) + [0, 0] + Array(item.type.utf8) + [0])
        }
        return full("iinf", version: version, big(items.count, version == 0 ? 2 : 4) + entries)
    }

    static func primary(_ id: Int, version: Int = 0) -> [UInt8] {
        full("pitm", version: version, big(id, version == 0 ? 2 : 4))
    }

    struct Location {
        var id: Int
        var method = 0
        var base = 0
        var extents: [(offset: Int, length: Int)]
    }

    /// The widths of an `iloc` box's fields in bytes.
    struct Widths: Sendable, Hashable {
        var offset = 4
        var length = 4
        var base = 0
        var index = 0
    }

    static func locations(
        _ locations: [Location], version: Int = 0, widths: Widths = Widths(), count: Int? = nil
    ) -> [UInt8] {
        let identifier = version == 2 ? 4 : 2
        var content = [UInt8(widths.offset << 4 | widths.length), UInt8(widths.base << 4 | widths.index)]
        content += big(count ?? locations.count, identifier)
        for location in locations {
            content += big(location.id, identifier)
            if version > 0 { content += big(location.method, 2) }
            content += [0, 0] + big(location.base, widths.base) + big(location.extents.count, 2)
            for (index, extent) in location.extents.enumerated() {
                if version > 0 { content += big(index, widths.index) }
                content += big(extent.offset, widths.offset) + big(extent.length, widths.length)
            }
        }
        return full("iloc", version: version, content)
    }

    static func references(_ references: [(type: String, from: Int, to: [Int])], version: Int = 0) -> [UInt8] {
        let width = version == 0 ? 2 : 4
        return full(
            "iref", version: version,
            references.flatMap { reference in
                box(
                    reference.type,
                    big(reference.from, width) + big(reference.to.count, 2) + reference.to.flatMap { big($0, width) })
            })
    }

    /// Properties, and for each item their numbers, which count from 1.
    static func properties(
        _ properties: [[UInt8]], of items: [(id: Int, numbers: [Int])], version: Int = 0, isWide: Bool = false
    ) -> [UInt8] {
        let associations = items.flatMap { item in
            big(item.id, version == 0 ? 2 : 4) + big(item.numbers.count, 1)
                + item.numbers.flatMap { big($0 | (isWide ? 0x8000 : 0x80), isWide ? 2 : 1) }
        }
        return box(
            "iprp",
            box("ipco", properties.flatMap { $0 })
                + full("ipma", version: version, flags: isWide ? 1 : 0, big(items.count, 4) + associations))
    }

    static func size(_ width: Int, _ height: Int) -> [UInt8] { full("ispe", big(width, 4) + big(height, 4)) }

    /// A file whose description has these boxes.
    static func file(_ boxes: [UInt8], brand: String = "heic") -> [UInt8] {
        box("ftyp", Array(brand.utf8) + [0, 0, 0, 0] + Array(brand.utf8)) + full("meta", boxes)
            + box("mdat", [1, 2, 3, 4])
    }
}

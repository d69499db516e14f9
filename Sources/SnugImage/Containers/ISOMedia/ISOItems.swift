// SPDX-License-Identifier: Apache-2.0

/// The items of a `meta` box: images, metadata, and what they have to do with each other.
struct ISOItems {
    struct Item {
        var type: String
        /// Places in the file; empty where the item lies elsewhere.
        var extents: [Range<Int>] = []
        /// Indices into ``properties``, in the order in which they apply.
        var properties: [Int] = []
    }
    struct Reference: Hashable {
        var type: String
        var from: Int
        var to: [Int]
    }

    /// More than any image has; a grid of 268 megapixels in tiles of 512 × 512 has about a thousand.
    private static let maximumCount = 65_536

    let view: ByteView
    private(set) var primary: Int?
    private(set) var items: [Int: Item] = [:]
    private(set) var references: [Reference] = []
    private(set) var properties: [ISOBox] = []
    /// Extents and associations so far: both can be written in fewer bytes than they take in memory.
    private var entryCount = 0

    /// - Parameters:
    ///   - view: The content of the `meta` box.
    ///   - limits: The limit on metadata bounds the properties.
    init(_ view: ByteView) {
        self.view = view
        // Version and flags come first.
        for box in ISOBox.boxes(in: view, 4..<max(4, view.count)) {
            switch box.type {
            case "pitm": readPrimary(box)
            case "iinf": readInformation(box)
            case "iloc": readLocations(box)
            case "iref": readReferences(box)
            case "iprp": readProperties(box)
            default: break
            }
        }
    }

    /// The properties of an item.
    func properties(of item: Int) -> [ISOBox] { (items[item]?.properties ?? []).map { properties[$0] } }

    private func version(_ box: ISOBox) -> Int { view.u8(at: box.content.lowerBound) ?? 0 }

    private mutating func readPrimary(_ box: ISOBox) {
        let start = box.content.lowerBound + 4
        primary = version(box) == 0 ? view.u16(at: start) : view.u32(at: start)
    }

    private mutating func readInformation(_ box: ISOBox) {
        let start = box.content.lowerBound + (version(box) == 0 ? 6 : 8)
        guard start <= box.content.upperBound else { return }
        for entry in ISOBox.boxes(in: view, start..<box.content.upperBound) where entry.type == "infe" {
            let start = entry.content.lowerBound + 4
            let isWide = version(entry) == 3
            guard version(entry) >= 2, items.count < Self.maximumCount,
                let id = isWide ? view.u32(at: start) : view.u16(at: start)
            else { continue }
            // The number and two bytes of protection come before the type.
            items[id, default: Item(type: "")].type = view.latin1(at: start + (isWide ? 6 : 4), limit: 4)
        }
    }

    private mutating func readReferences(_ box: ISOBox) {
        let isWide = version(box) == 1
        let start = box.content.lowerBound + 4
        guard start <= box.content.upperBound else { return }
        for entry in ISOBox.boxes(in: view, start..<box.content.upperBound) {
            let width = isWide ? 4 : 2
            let start = entry.content.lowerBound
            guard let from = isWide ? view.u32(at: start) : view.u16(at: start),
                let count = view.u16(at: start + width), count * width <= entry.content.count,
                references.count < Self.maximumCount
            else { continue }
            let to = (0..<count).compactMap { index in
                let place = start + width + 2 + index * width
                return isWide ? view.u32(at: place) : view.u16(at: place)
            }
            references.append(Reference(type: entry.type, from: from, to: to))
        }
    }

    private mutating func readProperties(_ box: ISOBox) {
        let boxes = ISOBox.boxes(in: view, box.content)
        for container in boxes where container.type == "ipco" {
            properties = ISOBox.boxes(in: view, container.content)
        }
        for association in boxes where association.type == "ipma" { readAssociations(association) }
    }

    private mutating func readAssociations(_ box: ISOBox) {
        let isWide = (view.u8(at: box.content.lowerBound + 3) ?? 0) & 1 != 0
        var position = box.content.lowerBound + 8
        guard let count = view.u32(at: box.content.lowerBound + 4) else { return }
        for _ in 0..<min(count, Self.maximumCount) {
            guard let id = version(box) == 0 ? view.u16(at: position) : view.u32(at: position) else { return }
            position += version(box) == 0 ? 2 : 4
            guard let number = view.u8(at: position) else { return }
            position += 1
            for _ in 0..<number {
                entryCount += 1
                guard entryCount <= Self.maximumCount else { return }
                guard let value = isWide ? view.u16(at: position) : view.u8(at: position) else { return }
                position += isWide ? 2 : 1
                // The highest bit says that the property must be understood; numbers start at 1.
                let index = value & (isWide ? 0x7FFF : 0x7F) - 1
                if properties.indices.contains(index) { items[id, default: Item(type: "")].properties.append(index) }
            }
        }
    }
}

extension ISOItems {
    /// ISO/IEC 14496-12 §8.11.3.
    private mutating func readLocations(_ box: ISOBox) {
        let version = version(box)
        let start = box.content.lowerBound
        guard let sizes = view.u16(at: start + 4), version <= 2 else { return }
        let (offsetSize, lengthSize, baseSize) = (sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15)
        let indexSize = version == 0 ? 0 : sizes & 15
        var reader = NumberReader(view: view, position: start + 6)
        guard let count = reader.next(version == 2 ? 4 : 2) else { return }
        for _ in 0..<min(count, Self.maximumCount) {
            guard let id = reader.next(version == 2 ? 4 : 2),
                let method = version == 0 ? 0 : reader.next(2),
                reader.next(2) != nil, let base = reader.next(baseSize), let extents = reader.next(2)
            else { return }
            for _ in 0..<extents {
                entryCount += 1
                guard entryCount <= Self.maximumCount else { return }
                guard reader.next(indexSize) != nil, let offset = reader.next(offsetSize),
                    let length = reader.next(lengthSize)
                else { return }
                let (from, overflows) = base.addingReportingOverflow(offset)
                let (to, overflowsToo) = from.addingReportingOverflow(length)
                // Method 0 counts from the start of the file.
                guard method & 15 == 0, !overflows, !overflowsToo, from >= 0, length >= 0 else { continue }
                items[id, default: Item(type: "")].extents.append(from..<to)
            }
        }
    }

    /// Numbers of 0, 2, 4 or 8 bytes, one after the other.
    private struct NumberReader {
        let view: ByteView
        var position: Int

        mutating func next(_ width: Int) -> Int? {
            defer { position += width }
            switch width {
            case 0: return 0
            case 2: return view.u16(at: position)
            case 4: return view.u32(at: position)
            case 8:
                guard let high = view.u32(at: position), let low = view.u32(at: position + 4), high < 1 << 30 else {
                    return nil
                }
                return high << 32 | low
            default: return nil
            }
        }
    }
}

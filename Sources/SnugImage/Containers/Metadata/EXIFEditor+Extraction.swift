// SPDX-License-Identifier: Apache-2.0

extension EXIFEditor {
    /// A new block with the position, and artist and copyright, or one of them.
    /// - Parameter orientation: Stated beside them.
    /// - Returns: `nil` when there is nothing to keep.
    func extract(position: Bool, rights: Bool, orientation: Orientation? = nil) -> [UInt8]? {
        let names = rights ? values(of: firstDirectory) { $0.tag == Tag.artist || $0.tag == Tag.copyright } : []
        let place = position ? directory(Tag.gpsDirectory).map { values(of: $0) { _ in true } } ?? [] : []
        if names.isEmpty && place.isEmpty { return nil }
        let turn: [Value] = orientation.map { [(Tag.orientation, 3, 1, Self.number($0.rawValue, 2))] } ?? []
        return Self.block(turn + names, directories: place.isEmpty ? [] : [(Tag.gpsDirectory, place)])
    }

    /// A new block with names; `nil` without any.
    static func block(artist: String?, copyright: String?) -> [UInt8]? {
        let names = [(Tag.artist, artist), (Tag.copyright, copyright)].compactMap { tag, text -> Value? in
            guard let text, !text.isEmpty else { return nil }
            let bytes = Array(text.utf8) + [0]
            return (tag, 2, bytes.count, bytes)
        }
        return names.isEmpty ? nil : block(names, directories: [])
    }

    private func values(of directory: Int, where isWanted: (TIFFBlock.Entry) -> Bool) -> [Value] {
        entries(directory).filter(isWanted).sorted { $0.tag < $1.tag }.compactMap { entry in
            value(of: entry).map {
                (entry.tag, entry.type, entry.count, bigEndian(Array(bytes[$0]), type: entry.type))
            }
        }
    }

    /// An entry of a directory, its bytes the highest first.
    typealias Value = (tag: Int, type: Int, count: Int, bytes: [UInt8])

    private func bigEndian(_ value: [UInt8], type: Int) -> [UInt8] {
        order == .littleEndian ? Self.reversed(value, type: type) : value
    }

    /// The bytes of values in the other order.
    static func reversed(_ value: [UInt8], type: Int) -> [UInt8] {
        // Rationals are two numbers of four bytes.
        let width = [3: 2, 8: 2, 4: 4, 9: 4, 11: 4, 5: 4, 10: 4, 12: 8][type] ?? 1
        return stride(from: 0, to: value.count, by: width).flatMap {
            value[$0..<min($0 + width, value.count)].reversed()
        }
    }

    /// A block of a directory and those that it links to.
    static func block(_ values: [Value], directories: [(tag: Int, values: [Value])]) -> [UInt8] {
        var bytes: [UInt8] = [0x4D, 0x4D, 0, 0x2A, 0, 0, 0, 8]
        let end = 8 + directoryBytes(values, extra: directories.count)
        var links: [Value] = []
        var rest: [UInt8] = []
        for directory in directories {
            links.append((directory.tag, 4, 1, number(end + rest.count, 4)))
            rest += Self.directory(directory.values, at: end + rest.count)
        }
        bytes += directory(values + links, at: 8)
        return bytes + rest
    }

    private static func directoryBytes(_ values: [Value], extra: Int) -> Int {
        2 + 12 * (values.count + extra) + 4 + values.reduce(0) { $0 + ($1.bytes.count > 4 ? $1.bytes.count : 0) }
    }

    private static func directory(_ values: [Value], at offset: Int) -> [UInt8] {
        var head = number(values.count, 2)
        var tail: [UInt8] = []
        let tailStart = offset + 2 + 12 * values.count + 4
        for value in values {
            head += number(value.tag, 2) + number(value.type, 2) + number(value.count, 4)
            if value.bytes.count <= 4 {
                head += value.bytes + [UInt8](repeating: 0, count: 4 - value.bytes.count)
            } else {
                head += number(tailStart + tail.count, 4)
                tail += value.bytes
            }
        }
        return head + [0, 0, 0, 0] + tail
    }

    private static func number(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - $0))) }
    }
}

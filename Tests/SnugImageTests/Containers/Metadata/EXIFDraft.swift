// SPDX-License-Identifier: Apache-2.0

/// EXIF written and read by the TIFF specification alone: directories in directories, in either byte order.
struct EXIFDraft {
    enum Value: Equatable {
        case shorts([Int])
        case longs([Int])
        case rationals([Int])
        case text(String)
        case bytes([UInt8])
        case directory([Int: Value])
    }

    var isLittleEndian = false
    var fields: [Int: Value]

    init(_ fields: [Int: Value], isLittleEndian: Bool = false) {
        self.fields = fields
        self.isLittleEndian = isLittleEndian
    }

    var bytes: [UInt8] {
        Array((isLittleEndian ? "II*\0" : "MM\0*").utf8) + number(8, 4) + directory(fields, at: 8)
    }

    private func number(_ value: Int, _ width: Int) -> [UInt8] {
        let bytes = (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return isLittleEndian ? bytes : bytes.reversed()
    }

    /// Type and count of the standard, and the bytes.
    private func encoded(_ value: Value) -> (type: Int, count: Int, bytes: [UInt8])? {
        switch value {
        case .shorts(let values): (3, values.count, values.flatMap { number($0, 2) })
        case .longs(let values): (4, values.count, values.flatMap { number($0, 4) })
        case .rationals(let values): (5, values.count / 2, values.flatMap { number($0, 4) })
        case .text(let text): (2, text.utf8.count + 1, Array(text.utf8) + [0])
        case .bytes(let bytes): (7, bytes.count, bytes)
        case .directory: nil
        }
    }

    /// A directory with its values, and the directories below it behind them.
    private func directory(_ fields: [Int: Value], at offset: Int) -> [UInt8] {
        var head = number(fields.count, 2)
        var tail: [UInt8] = []
        let tailStart = offset + 2 + 12 * fields.count + 4
        for (tag, value) in fields.sorted(by: { $0.key < $1.key }) {
            head += number(tag, 2)
            if let (type, count, bytes) = encoded(value) {
                head += number(type, 2) + number(count, 4)
                if bytes.count <= 4 {
                    head += bytes + [UInt8](repeating: 0, count: 4 - bytes.count)
                } else {
                    head += number(tailStart + tail.count, 4)
                    tail += bytes
                }
            } else if case .directory(let below) = value {
                head += number(4, 2) + number(1, 4) + number(tailStart + tail.count, 4)
                tail += directory(below, at: tailStart + tail.count)
            }
        }
        return head + number(0, 4) + tail
    }

    /// Reads a block; `nil` when anything in it lies outside.
    init?(reading bytes: [UInt8]) {
        guard bytes.count >= 8 else { return nil }
        isLittleEndian = bytes[0] == UInt8(ascii: "I")
        fields = [:]
        guard let first = value(bytes, 4, 4), let read = read(bytes, at: first) else { return nil }
        fields = read
    }

    private func value(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> Int? {
        guard offset >= 0, offset + width <= bytes.count else { return nil }
        let part = bytes[offset..<offset + width]
        return (isLittleEndian ? part.reversed() : Array(part)).reduce(0) { $0 << 8 | Int($1) }
    }

    private func read(_ bytes: [UInt8], at offset: Int) -> [Int: Value]? {
        guard let count = value(bytes, offset, 2) else { return nil }
        var fields: [Int: Value] = [:]
        for entry in stride(from: offset + 2, to: offset + 2 + 12 * count, by: 12) {
            guard let tag = value(bytes, entry, 2), let type = value(bytes, entry + 2, 2),
                let count = value(bytes, entry + 4, 4)
            else { return nil }
            let width = [2: 1, 3: 2, 4: 4, 5: 8, 7: 1][type] ?? 1
            guard let place = count * width <= 4 ? entry + 8 : value(bytes, entry + 8, 4),
                place + count * width <= bytes.count
            else { return nil }
            func numbers(_ width: Int, _ count: Int) -> [Int] {
                (0..<count).compactMap { value(bytes, place + $0 * width, width) }
            }
            switch type {
            case 2: fields[tag] = .text(String(decoding: bytes[place..<place + max(count - 1, 0)], as: UTF8.self))
            case 3: fields[tag] = .shorts(numbers(2, count))
            case 4 where [0x8769, 0x8825, 0xA005].contains(tag):
                guard let start = numbers(4, 1).first, let below = read(bytes, at: start) else { return nil }
                fields[tag] = .directory(below)
            case 4: fields[tag] = .longs(numbers(4, count))
            case 5: fields[tag] = .rationals(numbers(4, 2 * count))
            default: fields[tag] = .bytes(Array(bytes[place..<place + count]))
            }
        }
        return fields
    }
}

/// EXIF of a camera and a person, in which each kind of metadata has words of its own.
extension EXIFDraft {
    static let gps = "N47-SECRET-PLACE"
    static let serial = "SERIAL-SECRET-1"
    static let artist = "ARTIST-SECRET"
    static let rights = "RIGHTS-SECRET"

    static func camera(_ orientation: Int = 1, isLittleEndian: Bool = false) -> EXIFDraft {
        EXIFDraft(
            [
                0x0100: .shorts([96]), 0x0101: .longs([64]), 0x010F: .text("Maker"), 0x0112: .shorts([orientation]),
                0x011A: .rationals([72, 1]), 0x013B: .text(artist), 0x8298: .text(rights),
                0x8769: .directory([
                    0x829A: .rationals([1, 125]), 0x9000: .bytes(Array("0232".utf8)), 0xA001: .shorts([65_535]),
                    0xA002: .shorts([96]), 0xA003: .longs([64]), 0xA431: .text(serial), 0xA500: .rationals([22, 10]),
                    0xA005: .directory([1: .text("R03"), 2: .bytes(Array("0100".utf8))]),
                ]),
                0x8825: .directory([
                    0: .bytes([2, 3, 0, 0]), 1: .text("N"), 2: .rationals([47, 1, 22, 1, 3_141, 100]), 29: .text(gps),
                ]),
            ], isLittleEndian: isLittleEndian)
    }
}

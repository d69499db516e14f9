// SPDX-License-Identifier: Apache-2.0

extension XMPPacket {
    private static let widths: [StaticString] = ["tiff:ImageWidth", "exif:PixelXDimension"]
    private static let heights: [StaticString] = ["tiff:ImageLength", "exif:PixelYDimension"]

    /// The packet for upright pixels of a size, without the thumbnails of the image that was.
    func describing(width: Int, height: Int) -> XMPPacket {
        var packet = XMPPacket(upright()).blanking(prefix: "xmp:Thumbnails")
        for (names, value) in [(Self.widths, width), (Self.heights, height)] {
            for name in names {
                guard let range = packet.value(of: name, in: 0..<packet.bytes.count), packet.number(range) != nil else {
                    continue
                }
                var bytes = packet.bytes
                bytes.replaceSubrange(range, with: Array(String(value).utf8))
                packet = XMPPacket(bytes)
            }
        }
        return packet
    }

    /// Beginnings of the names of positions, whatever their prefix: those of EXIF, and those of drones and phones.
    private static let positions = ["gps", "latitude", "longitude"].map { Array($0.utf8) }
    /// Those of the W3C's vocabulary with the prefix `geo`.
    private static let geoPositions = ["lat", "long", "alt"].map { Array($0.utf8) }

    /// The packet without positions, as long as it was; `nil` for one that is no UTF-8, whose properties cannot be found.
    func withoutPosition() -> XMPPacket? {
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var blanked = bytes
        var from = 0
        while let colon = bytes[from...].firstIndex(of: UInt8(ascii: ":")) {
            from = colon + 1
            guard let start = positionName(around: colon), let range = property(named: start..<colon + 1) else {
                continue
            }
            for index in range { blanked[index] = UInt8(ascii: " ") }
            from = range.upperBound
        }
        return XMPPacket(blanked)
    }

    /// The start of the name of a position whose prefix ends at `colon`.
    private func positionName(around colon: Int) -> Int? {
        func lowercase(_ name: ArraySlice<UInt8>) -> [UInt8] { name.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 } }
        var start = colon
        while start > 0, colon - start < 64, Self.isNameByte(bytes[start - 1]), bytes[start - 1] != UInt8(ascii: ":") {
            start -= 1
        }
        let prefix = lowercase(bytes[start..<colon])
        guard start < colon, prefix != Array("xmlns".utf8) else { return nil }
        let local = lowercase(bytes[(colon + 1)...].prefix(9))
        let isGeo = prefix == Array("geo".utf8)
        return (Self.positions + (isGeo ? Self.geoPositions : [])).contains { local.starts(with: $0) } ? start : nil
    }

    /// Replaces properties whose names begin so by spaces: attributes, and elements with all that is in them.
    private func blanking(prefix: StaticString) -> XMPPacket {
        // The search goes on in what was: hostile packets have a hundred thousand properties.
        var blanked = bytes
        var from = 0
        while let found = find(prefix, in: from..<bytes.count) {
            from = found.upperBound
            guard let range = property(named: found) else { continue }
            for index in range { blanked[index] = UInt8(ascii: " ") }
            from = range.upperBound
        }
        return XMPPacket(blanked)
    }

    /// The extent of the property whose name begins at `start`.
    private func property(named start: Range<Int>) -> Range<Int>? {
        var nameEnd = start.upperBound
        while nameEnd < bytes.count, Self.isNameByte(bytes[nameEnd]) { nameEnd += 1 }
        guard start.lowerBound > 0 else { return nil }
        if bytes[start.lowerBound - 1] == UInt8(ascii: "<") {
            return element(from: start.lowerBound - 1, name: Array(bytes[start.lowerBound..<nameEnd]), nameEnd)
        }
        // An attribute: a name, =, and a quoted value.
        var index = nameEnd
        func skipBlanks() { while index < bytes.count, bytes[index] <= 0x20 { index += 1 } }
        skipBlanks()
        guard index < bytes.count, bytes[index] == UInt8(ascii: "=") else { return nil }
        index += 1
        skipBlanks()
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'"),
            let end = bytes[(index + 1)...].firstIndex(of: bytes[index])
        else { return nil }
        return start.lowerBound..<end + 1
    }

    /// One without an end reaches to that of the packet: what is in it must not stay.
    private func element(from start: Int, name: [UInt8], _ nameEnd: Int) -> Range<Int> {
        let rest = start..<bytes.count
        guard let close = bytes[nameEnd...].firstIndex(of: UInt8(ascii: ">")) else { return rest }
        if bytes[close - 1] == UInt8(ascii: "/") { return start..<close + 1 }
        let ending = Array("</".utf8) + name
        var index = close + 1
        while let candidate = bytes[index...].firstIndex(of: UInt8(ascii: "<")) {
            if bytes[candidate...].starts(with: ending) {
                return bytes[candidate...].firstIndex(of: UInt8(ascii: ">")).map { start..<$0 + 1 } ?? rest
            }
            index = candidate + 1
        }
        return rest
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: byte >= 0x80
        }
    }
}

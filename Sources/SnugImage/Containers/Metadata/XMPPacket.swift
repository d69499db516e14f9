// SPDX-License-Identifier: Apache-2.0

/// The few XMP properties that matter here, found by searching the packet's text.
///
/// No XML parser: one more parser on strangers' bytes is a risk, and writers put these properties as attributes or as
/// plain elements, which a search finds both.
struct XMPPacket {
    /// A longer packet is searched up to here.
    static let maximumBytes = 1 << 20

    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// `tiff:Orientation`, said once and valid.
    var orientation: Orientation? {
        guard let range = value(of: "tiff:Orientation", in: searchable) else { return nil }
        return number(range).flatMap(Orientation.init(rawValue:))
    }

    /// Bytes of the video at the end of a motion photo, `nil` when none is announced.
    ///
    /// Google's Motion Photo format 1.0 lists items with a length; its forerunner, MicroVideo, gives the offset from the
    /// end of the file.
    var motionPhotoByteCount: Int? {
        if let range = value(of: "GCamera:MicroVideoOffset", in: searchable), let count = number(range), count > 0 {
            return count
        }
        var from = 0
        while let found = find("Item:Semantic", in: from..<searchable.upperBound) {
            from = found.upperBound
            guard let semantic = value(of: "Item:Semantic", in: found.lowerBound..<searchable.upperBound),
                text(semantic) == "MotionPhoto"
            else { continue }
            // The item's own tag: other items have lengths too.
            let start = bytes[..<found.lowerBound].lastIndex(of: UInt8(ascii: "<")) ?? 0
            let end = bytes[found.upperBound..<searchable.upperBound].firstIndex(of: UInt8(ascii: ">"))
            if let length = value(of: "Item:Length", in: start..<(end ?? searchable.upperBound)).flatMap(number),
                length > 0
            {
                return length
            }
        }
        return nil
    }

    /// The packet with `tiff:Orientation` set to 1, for an image that was turned.
    func upright() -> [UInt8] {
        var result = bytes
        if let range = value(of: "tiff:Orientation", in: 0..<bytes.count), range.count == 1 {
            result[range.lowerBound] = UInt8(ascii: "1")
        }
        return result
    }

    private var searchable: Range<Int> { 0..<min(bytes.count, Self.maximumBytes) }

    /// The range of the value in `name="value"` or `<name>value</name>`.
    func value(of name: StaticString, in range: Range<Int>) -> Range<Int>? {
        guard let found = find(name, in: range) else { return nil }
        var index = found.upperBound
        func skipBlanks() { while index < range.upperBound && bytes[index] <= 0x20 { index += 1 } }
        skipBlanks()
        guard index < range.upperBound else { return nil }
        var closing = UInt8(ascii: "<")
        if bytes[index] == UInt8(ascii: "=") {
            index += 1
            skipBlanks()
            guard index < range.upperBound, bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'")
            else {
                return nil
            }
            closing = bytes[index]
        } else if bytes[index] != UInt8(ascii: ">") {
            return nil
        }
        index += 1
        skipBlanks()
        var end = index
        while end < range.upperBound && bytes[end] != closing && bytes[end] > 0x20 { end += 1 }
        return index..<end
    }

    func find(_ name: StaticString, in range: Range<Int>) -> Range<Int>? {
        let wanted = name.withUTF8Buffer { unsafe Array($0) }
        guard let first = wanted.first, range.count >= wanted.count else { return nil }
        let text = bytes.span
        for start in range.lowerBound...(range.upperBound - wanted.count) where text[start] == first {
            var length = 1
            while length < wanted.count && text[start + length] == wanted[length] { length += 1 }
            if length == wanted.count { return start..<start + length }
        }
        return nil
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    func number(_ range: Range<Int>) -> Int? { Int(text(range)) }
}

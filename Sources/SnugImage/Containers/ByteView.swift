// SPDX-License-Identifier: Apache-2.0

/// The bytes of a file, read at offsets that the file itself gives.
///
/// Offsets in a file cannot be trusted, and in Swift a bad index ends the process. So each read returns `nil` when
/// any of its bytes is missing.
struct ByteView {
    /// Which byte of a number comes first.
    enum Order { case bigEndian, littleEndian }

    let bytes: [UInt8]
    var order: Order

    init(_ bytes: [UInt8], order: Order = .bigEndian) {
        self.bytes = bytes
        self.order = order
    }

    var count: Int { bytes.count }

    func u8(at offset: Int) -> Int? {
        guard holds(offset, 1) else { return nil }
        return Int(bytes[offset])
    }

    func u16(at offset: Int) -> Int? {
        guard holds(offset, 2) else { return nil }
        let (first, second) = (Int(bytes[offset]), Int(bytes[offset + 1]))
        return order == .bigEndian ? first << 8 | second : second << 8 | first
    }

    func u24(at offset: Int) -> Int? {
        guard holds(offset, 3) else { return nil }
        let (a, b, c) = (Int(bytes[offset]), Int(bytes[offset + 1]), Int(bytes[offset + 2]))
        return order == .bigEndian ? a << 16 | b << 8 | c : c << 16 | b << 8 | a
    }

    func u32(at offset: Int) -> Int? {
        guard let first = u16(at: offset), let second = u16(at: offset + 2) else { return nil }
        return order == .bigEndian ? first << 16 | second : second << 16 | first
    }

    /// `count` bytes, or `nil` when they are not all there.
    func slice(at offset: Int, count: Int) -> [UInt8]? {
        guard count >= 0, holds(offset, count) else { return nil }
        return Array(bytes[offset..<offset + count])
    }

    /// True when the ASCII characters of `text` are at `offset`.
    func has(_ text: StaticString, at offset: Int = 0) -> Bool {
        text.withUTF8Buffer { wanted in
            guard holds(offset, wanted.count) else { return false }
            return unsafe bytes[offset..<offset + wanted.count].elementsEqual(wanted)
        }
    }

    /// Bytes up to the next NUL or `limit` bytes, as ISO 8859-1 text.
    func latin1(at offset: Int, limit: Int) -> String {
        guard offset >= 0, offset < bytes.count, limit > 0 else { return "" }
        let end = offset + min(limit, bytes.count - offset)
        return String(String.UnicodeScalarView(bytes[offset..<end].prefix { $0 != 0 }.map { Unicode.Scalar($0) }))
    }

    private func holds(_ offset: Int, _ width: Int) -> Bool {
        offset >= 0 && width <= bytes.count && offset <= bytes.count - width
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Numbers of a TIFF or BigTIFF file, in its byte order.
struct TIFFFile {
    private var reader: SourceReader
    private let order: ByteView.Order
    /// BigTIFF: places and counts have 64 bits.
    let isBig: Bool
    /// The place of the first directory.
    private(set) var first = 0

    /// - Throws: `corrupt_input`, `truncated_input`, `io_failed`, `input_changed`.
    init(_ source: ImageSource, start: ByteView) throws(ImageError) {
        order = start.has("II") ? .littleEndian : .bigEndian
        reader = SourceReader(source)
        var head = start
        head.order = order
        isBig = head.u16(at: 2) == 43
        guard let place = try isBig ? u64(at: 8) : u32(at: 4) else {
            throw InputFault.truncated("TIFF ends inside its header", at: start.count)
        }
        first = place
    }

    var byteCount: Int { reader.byteCount }

    mutating func u8(at offset: Int) throws(ImageError) -> Int? { try view(at: offset, count: 1).u8(at: 0) }
    mutating func u16(at offset: Int) throws(ImageError) -> Int? { try view(at: offset, count: 2).u16(at: 0) }
    mutating func u32(at offset: Int) throws(ImageError) -> Int? { try view(at: offset, count: 4).u32(at: 0) }

    /// `nil` also for numbers that no place in a file has.
    mutating func u64(at offset: Int) throws(ImageError) -> Int? {
        let view = try view(at: offset, count: 8)
        guard let first = view.u32(at: 0), let second = view.u32(at: 4) else { return nil }
        let (high, low) = order == .bigEndian ? (first, second) : (second, first)
        return high < 1 << 30 ? high << 32 | low : nil
    }

    /// The bytes of a tag's values as they are in the file; `nil` when there are none, not all of them, or too many.
    mutating func bytes(of entry: TIFFDirectory.Entry, limit: Int) throws(ImageError) -> [UInt8]? {
        let (count, overflows) = entry.count.multipliedReportingOverflow(by: TIFFDirectory.width(of: entry.type))
        guard !overflows, count > 0, count <= limit, entry.values <= byteCount - count else { return nil }
        let bytes = try reader.view(at: entry.values, count: count).bytes
        return bytes.count == count ? bytes : nil
    }

    /// The bytes of values of a type, the highest first.
    func bigEndian(_ bytes: [UInt8], type: Int) -> [UInt8] {
        order == .bigEndian ? bytes : EXIFEditor.reversed(bytes, type: type)
    }

    private mutating func view(at offset: Int, count: Int) throws(ImageError) -> ByteView {
        var view = try reader.view(at: offset, count: count)
        view.order = order
        return view
    }
}

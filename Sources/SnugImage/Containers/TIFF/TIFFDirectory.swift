// SPDX-License-Identifier: Apache-2.0

/// A directory of a TIFF or BigTIFF file: one of its images, by its tags (TIFF 6.0 §2).
struct TIFFDirectory {
    struct Entry {
        var type: Int
        var count: Int
        /// The place in the file where its values are.
        var values: Int
    }

    /// Tags of a directory that are read.
    private static let maximumEntries = 4096

    private(set) var entries: [Int: Entry] = [:]

    /// Reads the directory at a place in the file.
    /// - Throws: `truncated_input`, `io_failed`, `input_changed`.
    init(at offset: Int, in file: inout TIFFFile) throws(ImageError) {
        let (head, size, isBig) = file.isBig ? (8, 20, true) : (2, 12, false)
        guard let count = try isBig ? file.u64(at: offset) : file.u16(at: offset) else {
            throw InputFault.truncated("TIFF ends before its directory", at: offset)
        }
        let kept = min(count, Self.maximumEntries)
        for index in 0..<kept {
            let place = offset + head + index * size
            guard let tag = try file.u16(at: place), let type = try file.u16(at: place + 2),
                let count = try isBig ? file.u64(at: place + 4) : file.u32(at: place + 4)
            else { throw InputFault.truncated("TIFF ends inside its directory", at: place) }
            let field = place + (isBig ? 12 : 8)
            let bytes = count.multipliedReportingOverflow(by: Self.width(of: type))
            guard !bytes.overflow else { continue }
            var values = field
            if bytes.partialValue > (isBig ? 8 : 4) {
                guard let pointed = try isBig ? file.u64(at: field) : file.u32(at: field) else { continue }
                values = pointed
            }
            // The first one counts, as in libtiff.
            if entries[tag] == nil { entries[tag] = Entry(type: type, count: count, values: values) }
        }
    }

    /// The place of the directory that follows the one at a place, whose entries are not read; 0 after the last one.
    /// - Throws: `truncated_input` where a directory is not whole, `io_failed`, `input_changed`.
    static func next(after offset: Int, in file: inout TIFFFile) throws(ImageError) -> Int {
        guard let count = try file.isBig ? file.u64(at: offset) : file.u16(at: offset) else {
            throw InputFault.truncated("TIFF ends before its directory", at: offset)
        }
        let (entries, overflows) = count.multipliedReportingOverflow(by: file.isBig ? 20 : 12)
        let start = offset + (file.isBig ? 8 : 2)
        guard !overflows, entries <= file.byteCount - start else {
            throw InputFault.truncated("TIFF ends inside its directory", at: offset)
        }
        return try (file.isBig ? file.u64(at: start + entries) : file.u32(at: start + entries)) ?? 0
    }

    /// The first value of a tag that is a whole number.
    func number(_ tag: Int, in file: inout TIFFFile) throws(ImageError) -> Int? {
        guard let entry = entries[tag], entry.count > 0 else { return nil }
        switch entry.type {
        case 1: return try file.u8(at: entry.values)
        case 3: return try file.u16(at: entry.values)
        case 4, 13: return try file.u32(at: entry.values)
        case 16, 18: return try file.u64(at: entry.values)
        default: return nil
        }
    }

    /// The place of a tag's bytes.
    func bytes(_ tag: Int) -> Range<Int>? {
        guard let entry = entries[tag], entry.count > 0, [1, 2, 7].contains(entry.type) else { return nil }
        let (end, overflows) = entry.values.addingReportingOverflow(entry.count)
        return overflows ? nil : entry.values..<end
    }

    /// Bytes of one value of a type.
    static func width(of type: Int) -> Int {
        switch type {
        case 3, 8: 2
        case 4, 9, 11, 13: 4
        case 5, 10, 12, 16, 17, 18: 8
        default: 1
        }
    }
}

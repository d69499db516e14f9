// SPDX-License-Identifier: Apache-2.0

/// The structure that TIFF, EXIF and MPF share: a header, and directories (IFDs) of tagged entries.
///
/// Offsets in it may loop, overlap and point outside. So nothing here follows a chain: a caller reads the one directory
/// it wants, of at most ``maximumEntries`` entries.
struct TIFFBlock {
    /// Cameras write fewer than a hundred.
    static let maximumEntries = 1000

    struct Entry {
        var tag: Int
        var type: Int
        var count: Int
        /// The entry's offset; its value, or the offset of the value, is 8 bytes further.
        var offset: Int
    }

    let view: ByteView
    /// The offset of the first directory.
    let firstDirectory: Int

    /// Reads the header; `nil` when the bytes are no TIFF block.
    init?(_ bytes: [UInt8]) {
        var view = ByteView(bytes)
        if view.has("II*\0") {
            view.order = .littleEndian
        } else if !view.has("MM\0*") {
            return nil
        }
        guard let offset = view.u32(at: 4) else { return nil }
        self.view = view
        firstDirectory = offset
    }

    /// The entries of the directory at `offset`, those that are there.
    func entries(at offset: Int) -> [Entry] { Self.entries(in: view, at: offset) }

    /// The entries of a directory in bytes that need not be a whole block.
    static func entries(in view: ByteView, at offset: Int) -> [Entry] {
        guard let count = view.u16(at: offset) else { return [] }
        var entries: [Entry] = []
        for index in 0..<min(count, maximumEntries) {
            let place = offset + 2 + 12 * index
            guard let tag = view.u16(at: place), let type = view.u16(at: place + 2),
                let count = view.u32(at: place + 4), view.u32(at: place + 8) != nil
            else { break }
            entries.append(Entry(tag: tag, type: type, count: count, offset: place))
        }
        return entries
    }

    /// The value of a single SHORT, LONG or IFD.
    static func number(_ entry: Entry, in view: ByteView) -> Int? {
        guard entry.count == 1 else { return nil }
        switch entry.type {
        case 3: return view.u16(at: entry.offset + 8)
        case 4, 13: return view.u32(at: entry.offset + 8)
        default: return nil
        }
    }

    /// The offset of a directory's link to the next one.
    func nextDirectoryField(of offset: Int) -> Int? {
        view.u16(at: offset).map { offset + 2 + 12 * $0 }
    }
}

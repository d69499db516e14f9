// SPDX-License-Identifier: Apache-2.0

/// Makes TIFF blocks, as EXIF and MPF are, right or wrong in any field.
public struct TIFFBuilder: Sendable {
    /// One entry with an inline value.
    public struct Entry: Sendable {
        /// Tag, type (3 SHORT, 4 LONG) and count as they are written.
        public var tag: Int, type: Int, count: Int
        /// The value, or the offset of it.
        public var value: Int

        /// Makes an entry.
        public init(_ tag: Int, type: Int = 3, count: Int = 1, value: Int) {
            self.tag = tag
            self.type = type
            self.count = count
            self.value = value
        }

        /// EXIF orientation.
        public static func orientation(_ value: Int) -> Entry { Entry(0x0112, value: value) }
    }

    /// Whether numbers have their lowest byte first.
    public var isLittleEndian = false
    /// The first directory.
    public var entries: [Entry]
    /// Entries that the directory claims; the real number unless set.
    public var claimedCount: Int?
    /// Where the header says that the directory is.
    public var directoryOffset = 8
    /// Where the directory says that the next one is.
    public var nextDirectory = 0
    /// Bytes after the directory.
    public var trailer: [UInt8] = []

    /// Starts a block.
    public init(_ entries: [Entry]) { self.entries = entries }

    /// The block.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = Array(isLittleEndian ? "II*\0".utf8 : "MM\0*".utf8) + number(directoryOffset, 4)
        bytes += directory
        return bytes + trailer
    }

    /// The directory alone, to be put into a trailer.
    public var directory: [UInt8] {
        number(claimedCount ?? entries.count, 2)
            + entries.flatMap { entry in
                let value =
                    entry.type == 3 ? number(entry.value, 2) + [0, 0] : number(entry.value, 4)
                return number(entry.tag, 2) + number(entry.type, 2) + number(entry.count, 4) + value
            } + number(nextDirectory, 4)
    }

    private func number(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * (isLittleEndian ? $0 : width - 1 - $0))) }
    }
}

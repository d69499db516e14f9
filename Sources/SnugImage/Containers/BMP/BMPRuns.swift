// SPDX-License-Identifier: Apache-2.0

/// Decodes the runs of a BMP of 4 or 8 bits (BI_RLE4, BI_RLE8) to colour indexes.
///
/// Pixels that are skipped have the first colour.
struct BMPRuns {
    private let width: Int
    private let height: Int
    private let isFourBit: Bool
    private var reader: SourceReader
    private var position: Int
    private var x = 0
    private var y = 0
    /// The indexes, the first row stored first.
    private(set) var indexes: [UInt8]
    /// Rows before the one in which the file ended; `nil` where it did not end early.
    private(set) var wholeRows: Int?

    /// Decodes all of it.
    /// - Throws: `io_failed`, `input_changed`.
    init(_ header: BMPHeader, of source: ImageSource) throws(ImageError) {
        width = header.width
        height = header.height
        isFourBit = header.compression == .runs4
        reader = SourceReader(source, windowSize: StructureWalk.windowSize)
        position = header.pixels
        indexes = [UInt8](repeating: 0, count: width * height)
        while y < height {
            guard let count = try next(), let value = try next() else {
                wholeRows = y
                return
            }
            if count > 0 {
                for index in 0..<Int(count) {
                    put(isFourBit ? (index.isMultiple(of: 2) ? value >> 4 : value & 15) : value)
                }
            } else if try !escape(value) {
                return
            }
        }
    }

    /// - Returns: False at the end of the image, by its mark or because the file ends.
    private mutating func escape(_ code: UInt8) throws(ImageError) -> Bool {
        switch code {
        case 0:
            x = 0
            y += 1
        case 1: return false
        case 2:
            guard let right = try next(), let up = try next() else {
                wholeRows = y
                return false
            }
            x += Int(right)
            y += Int(up)
        default: return try copy(Int(code))
        }
        return true
    }

    /// Pixels that are not runs, padded to two bytes.
    private mutating func copy(_ count: Int) throws(ImageError) -> Bool {
        let byteCount = isFourBit ? (count + 1) / 2 : count
        for index in 0..<byteCount {
            guard let byte = try next() else {
                wholeRows = y
                return false
            }
            if isFourBit {
                put(byte >> 4)
                if index * 2 + 1 < count { put(byte & 15) }
            } else {
                put(byte)
            }
        }
        position += byteCount & 1
        return true
    }

    private mutating func next() throws(ImageError) -> UInt8? {
        defer { position += 1 }
        return try reader.byte(at: position)
    }

    /// Pixels of a run beyond the end of its row are dropped.
    private mutating func put(_ index: UInt8) {
        if x < width, y < height { indexes[y * width + x] = index }
        x += 1
    }
}

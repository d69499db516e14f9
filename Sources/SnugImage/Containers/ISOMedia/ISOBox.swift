// SPDX-License-Identifier: Apache-2.0

/// A box of the ISO base media file format (ISO/IEC 14496-12 §4.2): a type and the bytes inside.
struct ISOBox {
    let type: String
    /// The content, in the view that the box was found in.
    let content: Range<Int>

    /// More than any file has in one place.
    private static let maximumCount = 10_000

    /// The boxes that follow each other in a stretch of a view; those that reach beyond it are left out.
    static func boxes(in view: ByteView, _ range: Range<Int>) -> [ISOBox] {
        var boxes: [ISOBox] = []
        var position = range.lowerBound
        while position + 8 <= range.upperBound, boxes.count < maximumCount {
            guard let extent = extent(at: position, in: view, end: range.upperBound),
                extent.end <= range.upperBound
            else { break }
            let content = position + extent.header..<extent.end
            boxes.append(ISOBox(type: view.latin1(at: position + 4, limit: 4), content: content))
            position = extent.end
        }
        return boxes
    }

    /// The lengths of the box's header and where it ends, by its own words.
    static func extent(at position: Int, in view: ByteView, end: Int) -> (header: Int, end: Int)? {
        guard let length = view.u32(at: position) else { return nil }
        switch length {
        // Up to the end of what it lies in.
        case 0: return (8, end)
        case 1:
            guard let high = view.u32(at: position + 8), let low = view.u32(at: position + 12), high < 1 << 30 else {
                return nil
            }
            let (long, overflows) = position.addingReportingOverflow(high << 32 | low)
            return overflows || long < position + 16 ? nil : (16, long)
        case 2..<8: return nil
        default: return (8, position + length)
        }
    }
}

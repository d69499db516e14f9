// SPDX-License-Identifier: Apache-2.0

/// Formats that announce their length.
extension ContainerEnd {
    /// The length in a RIFF header, as WebP has it.
    static func riffEnd(_ source: ImageSource) throws(ImageError) -> ContainerEnd {
        let head = ByteView(try source.bytes(at: 0, count: 12), order: .littleEndian)
        guard let length = head.u32(at: 4), head.count == 12 else { return .missing("ends inside its RIFF header") }
        // Writers that do not know the length yet put 0 or the largest number there, and come back to it.
        guard length > 12, length < 0xFFFF_FFF0 else { return .missing("has no length in its RIFF header yet") }
        return try announcedEnd(8 + length, in: source, what: "RIFF header")
    }

    /// The length in a BMP header; some writers leave it out.
    static func bmpEnd(_ source: ImageSource, start: [UInt8]) throws(ImageError) -> ContainerEnd {
        guard let length = ByteView(start, order: .littleEndian).u32(at: 2), length > 54 else {
            return .unknown("is a BMP without a length in its header")
        }
        return try announcedEnd(length, in: source, what: "BMP header")
    }

    /// ISO boxes up to the end of the file, one of them with the image's data (ISO/IEC 14496-12 §4.2).
    static func boxEnd(_ source: ImageSource) throws(ImageError) -> ContainerEnd {
        let mostBoxes = 10_000
        var position = 0
        var hasData = false
        for _ in 0..<mostBoxes where position < source.byteCount {
            let head = ByteView(try source.bytes(at: position, count: 16))
            guard let length = head.u32(at: 0), head.count >= 8 else {
                return .missing("ends inside a box header at byte \(position)")
            }
            let type = head.latin1(at: 4, limit: 4)
            if length == 0, !type.isEmpty { return .unknown("has a last box without a length (\(type))") }
            guard let end = boxEnd(length, head, at: position) else {
                throw InputFault.corrupt("box \(type) has the impossible length \(length)", at: position)
            }
            if end > source.byteCount {
                return .missing("has \(source.byteCount) of the \(end) bytes that its box \(type) announces")
            }
            hasData = hasData || ["mdat", "jxlc", "jxlp"].contains(type)
            position = end
        }
        guard position == source.byteCount else { return .unknown("has more than \(mostBoxes) boxes") }
        // Where one box ends and the next is not begun, a file looks finished.
        guard hasData else { return .unknown("ends with a box, but none has the image's data") }
        return try endsInZeros(source, at: position)
            ? .unknown("is as long as its boxes announce, but ends in zero bytes") : .reached
    }

    private static func boxEnd(_ length: Int, _ head: ByteView, at position: Int) -> Int? {
        if length >= 8 { return position + length }
        guard length == 1, let high = head.u32(at: 8), let low = head.u32(at: 12), high < 1 << 30 else { return nil }
        let long = high << 32 | low
        let (end, overflows) = position.addingReportingOverflow(long)
        return long >= 16 && !overflows ? end : nil
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The image resources of Photoshop in an APP13 segment (Adobe Photoshop File Formats, "Image Resource Blocks").
enum PhotoshopResources {
    /// The segment that they are in.
    static let marker: UInt8 = 0xED
    private static let header = Array("Photoshop 3.0\0".utf8)
    /// IPTC-NAA records, the copyright flag and the address of the owner; thumbnails and paths describe other pixels.
    private static let kept: Set<Int> = [0x0404, 0x040A, 0x040B]

    /// The payload with the records that describe the content, not the pixels.
    /// - Returns: `nil` when there are none, or the payload is of another kind.
    static func iptcAlone(_ payload: [UInt8]) -> [UInt8]? {
        guard payload.starts(with: header) else { return nil }
        let view = ByteView(payload)
        var result = header
        var offset = header.count
        while view.has("8BIM", at: offset), let identifier = view.u16(at: offset + 4),
            let nameLength = view.u8(at: offset + 6)
        {
            // Name and data are each padded to an even length.
            let data = offset + 6 + (nameLength + 2) / 2 * 2
            guard let length = view.u32(at: data) else { break }
            let end = data + 4 + (length + 1) / 2 * 2
            guard data + 4 + length <= payload.count else { break }
            if kept.contains(identifier) { result += payload[offset..<min(end, payload.count)] }
            offset = end
        }
        return result.count > header.count ? result : nil
    }

    /// The resources of a PNG text profile: with or without the header of a segment, or IPTC records alone.
    static func resources(ofProfile profile: [UInt8]) -> [UInt8]? {
        var payload = profile.starts(with: header) ? profile : header + profile
        if profile.first == 0x1C {
            let length = PNGChunk.bigEndian(UInt32(truncatingIfNeeded: profile.count))
            payload = header + Array("8BIM".utf8) + [4, 4, 0, 0] + length + profile
            if !profile.count.isMultiple(of: 2) { payload.append(0) }
        }
        return iptcAlone(payload).map { Array($0.dropFirst(header.count)) }
    }

    /// The payload of a segment with resources.
    static func payload(_ resources: [UInt8]) -> [UInt8] { header + resources }
}

// SPDX-License-Identifier: Apache-2.0

/// The image resources of Photoshop in an APP13 segment (Adobe Photoshop File Formats, "Image Resource Blocks").
enum PhotoshopResources {
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
}

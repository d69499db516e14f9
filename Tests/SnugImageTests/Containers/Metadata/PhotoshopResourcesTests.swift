// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// IPTC taken out of Photoshop's image resources (Adobe Photoshop File Formats, "Image Resource Blocks").
@Suite struct PhotoshopResourcesTests {
    private static let header = Array("Photoshop 3.0\0".utf8)

    /// A resource: signature, identifier, Pascal name padded to even, length, data padded to even.
    private func resource(_ identifier: Int, name: String = "", _ data: [UInt8]) -> [UInt8] {
        var bytes = Array("8BIM".utf8) + [UInt8(identifier >> 8), UInt8(identifier & 255)]
        bytes += [UInt8(name.utf8.count)] + Array(name.utf8)
        if name.utf8.count.isMultiple(of: 2) { bytes.append(0) }
        bytes += [0, 0, UInt8(data.count >> 8), UInt8(data.count & 255)] + data
        if !data.count.isMultiple(of: 2) { bytes.append(0) }
        return bytes
    }

    @Test("IPTC, its digest's rights and URL stay; thumbnails and the rest go", arguments: ["", "a", "ab", "names"])
    func kept(name: String) {
        let iptc = resource(0x0404, name: name, [28, 2, 80, 0, 4] + Array("Jane".utf8))
        let rights = resource(0x040A, name: name, [1])
        let url = resource(0x040B, name: name, Array("http://x.y".utf8))
        let thumbnail = resource(0x040C, name: name, [UInt8](repeating: 3, count: 301))
        let resolution = resource(0x03ED, name: name, [UInt8](repeating: 1, count: 16))
        let payload = Self.header + thumbnail + iptc + resolution + rights + url
        #expect(PhotoshopResources.iptcAlone(payload) == Self.header + iptc + rights + url)
    }

    @Test("Without anything to keep there is nothing, and neither is there of other content")
    func nothing() {
        #expect(PhotoshopResources.iptcAlone(Self.header) == nil)
        #expect(PhotoshopResources.iptcAlone(Self.header + resource(0x040C, [1, 2, 3])) == nil)
        #expect(PhotoshopResources.iptcAlone(resource(0x0404, [1, 2])) == nil)
        #expect(PhotoshopResources.iptcAlone([]) == nil)
        #expect(PhotoshopResources.iptcAlone(Array("Photoshop 2.5\0".utf8) + resource(0x0404, [1])) == nil)
    }

    @Test("Cut anywhere, the whole resources before the cut are kept and no part of one")
    func cut() {
        let first = resource(0x0404, name: "first", [1, 2, 3])
        let second = resource(0x0404, [UInt8](repeating: 7, count: 40))
        let whole = Self.header + first + second
        for end in 0...whole.count {
            let kept = PhotoshopResources.iptcAlone(Array(whole[..<end]))
            switch end {
            case whole.count: #expect(kept == whole)
            // The padding of the first may be missing at the end of the payload.
            case (Self.header.count + first.count)...: #expect(kept == Self.header + first)
            case Self.header.count + first.count - 1: #expect(kept == Self.header + first.dropLast())
            default: #expect(kept == nil, "\(end)")
            }
        }
    }
}

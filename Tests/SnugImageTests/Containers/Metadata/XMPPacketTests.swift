// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct XMPPacketTests {
    private func packet(_ text: String) -> XMPPacket { XMPPacket(Array(text.utf8)) }

    @Test(
        "The orientation is found as attribute and as element",
        arguments: [
            "<a tiff:Orientation=\"6\"/>", "<a tiff:Orientation = '6' />",
            "<tiff:Orientation>6</tiff:Orientation>", "<tiff:Orientation> 6 </tiff:Orientation>",
        ])
    func orientation(text: String) {
        #expect(packet(text).orientation == .rotated90)
        let upright = XMPPacket(packet(text).upright())
        #expect(upright.orientation == .upright)
        #expect(packet(text).upright().count == text.utf8.count)
    }

    @Test(
        "Values that are none are ignored",
        arguments: [
            "", "tiff:Orientation", "tiff:Orientation=", "tiff:Orientation=6", "tiff:Orientation=\"0\"",
            "tiff:Orientation=\"9\"", "tiff:Orientation=\"six\"", "tiff:Orientation >", "tiff:Orientation=\"",
            "exif:Orientation=\"6\"",
        ])
    func ignored(text: String) {
        #expect(packet(text).orientation == nil)
        #expect(packet(text).motionPhotoByteCount == nil)
    }

    @Test("A motion photo announces the bytes of its video in either format")
    func motionPhoto() {
        #expect(packet("<x GCamera:MicroVideoOffset=\"1234\"/>").motionPhotoByteCount == 1234)
        let items = """
            <li Item:Semantic="Primary" Item:Length="0"/>
            <li Item:Semantic="GainMap" Item:Length="77"/>
            <li Item:Length="4321" Item:Semantic="MotionPhoto"/>
            """
        #expect(packet(items).motionPhotoByteCount == 4321)
        #expect(packet("<li Item:Semantic=\"GainMap\" Item:Length=\"77\"/>").motionPhotoByteCount == nil)
        #expect(packet("<x GCamera:MicroVideoOffset=\"-5\"/>").motionPhotoByteCount == nil)
    }

    @Test("A packet cut anywhere never traps")
    func truncation() {
        let text = Array("<a tiff:Orientation=\"6\" Item:Semantic=\"MotionPhoto\" Item:Length=\"9\"/>".utf8)
        for count in 0...text.count {
            let packet = XMPPacket(Array(text.prefix(count)))
            _ = packet.orientation
            _ = packet.motionPhotoByteCount
            #expect(packet.upright().count == count)
        }
    }
}

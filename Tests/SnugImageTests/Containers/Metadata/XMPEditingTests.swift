// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugImage

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Changes to XMP packets, read back by an XML parser.
@Suite struct XMPEditingTests {
    /// A packet with properties as attributes and as elements.
    private static let packet = """
        <?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
        <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description rdf:about="" xmlns:tiff="t" xmlns:exif="e" xmlns:dc="d" xmlns:xmp="m"
         tiff:Orientation="6" tiff:ImageWidth = '4000' exif:PixelYDimension="3000"
         exif:GPSLatitude="47,22.5N" exif:GPSLongitude='8,32.3E' dc:source="kept &quot;as is&quot;">
        <tiff:ImageLength>3000</tiff:ImageLength><exif:PixelXDimension> 4000 </exif:PixelXDimension>
        <exif:GPSAltitude>408/1</exif:GPSAltitude><exif:GPSVersionID/>
        <exif:GPSDestination rdf:parseType="Resource"><exif:name>SECRET</exif:name></exif:GPSDestination>
        <xmp:Thumbnails><rdf:Alt><rdf:li>THUMBNAIL</rdf:li></rdf:Alt></xmp:Thumbnails>
        <dc:creator><rdf:Seq><rdf:li>Someone</rdf:li></rdf:Seq></dc:creator>
        </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>
        """

    /// The properties of a packet by name; `nil` when it is no XML any more.
    private func properties(_ bytes: [UInt8]) -> [String: String]? {
        let parser = XMLParser(data: Data(bytes))
        let reader = PropertyReader()
        parser.delegate = reader
        return parser.parse() ? reader.found : nil
    }

    @Test("Sizes and orientation are replaced in both forms, thumbnails are blanked, the rest stays")
    func describing() throws {
        let before = try #require(properties(Array(Self.packet.utf8)))
        let after = try #require(
            properties(XMPPacket(Array(Self.packet.utf8)).describing(width: 80, height: 6_001).bytes))
        var expected = before
        expected["tiff:Orientation"] = "1"
        expected["tiff:ImageWidth"] = "80"
        expected["exif:PixelXDimension"] = "80"
        expected["tiff:ImageLength"] = "6001"
        expected["exif:PixelYDimension"] = "6001"
        for name in ["xmp:Thumbnails", "rdf:Alt"] { expected[name] = nil }
        #expect(before["rdf:li"] == "Someone" && before["xmp:Thumbnails"] != nil)
        #expect(after == expected)
        let text = String(
            decoding: XMPPacket(Array(Self.packet.utf8)).describing(width: 1, height: 1).bytes, as: UTF8.self)
        #expect(!text.contains("THUMBNAIL"))
    }

    @Test("A packet without its positions has all else, byte for byte in its place")
    func positions() throws {
        let before = Array(Self.packet.utf8)
        let after = try #require(XMPPacket(before).withoutPosition()).bytes
        #expect(after.count == before.count)
        for (old, new) in zip(before, after) { #expect(new == old || new == UInt8(ascii: " ")) }
        let text = String(decoding: after, as: UTF8.self)
        #expect(!text.contains("GPS") && !text.contains("SECRET") && !text.contains("47,22") && !text.contains("408/1"))
        var expected = try #require(properties(before))
        for name in expected.keys where name.contains("GPS") || ["exif:name", "rdf:parseType"].contains(name) {
            expected[name] = nil
        }
        #expect(properties(after) == expected)
    }

    @Test(
        "Positions go whatever their prefix and writing",
        arguments: [
            "drone-dji:GpsLatitude=\"+52.50833\"", "e:GPSLatitude='52,30N'", "drone-dji:Longitude=\"13.4\"",
            "geo:lat=\"52.5\"", "geo:long = '13.4'",
        ])
    func otherPrefixes(attribute: String) throws {
        let text = "<a b:c='1' \(attribute) xmlns:gps='urn:x' geo:name='y'/>"
        let after = String(
            decoding: try #require(XMPPacket(Array(text.utf8)).withoutPosition()).bytes, as: UTF8.self)
        #expect(after == text.replacing(attribute, with: String(repeating: " ", count: attribute.utf8.count)))
    }

    @Test("A packet that is no UTF-8 goes whole: its positions cannot be found")
    func otherEncodings() {
        let text = "<a exif:GPSLatitude='1'/>"
        #expect(XMPPacket(text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }).withoutPosition() == nil)
        #expect(XMPPacket([0xFF, 0xFE] + Array(text.utf8)).withoutPosition() == nil)
    }

    @Test("Values that are no numbers, and names that only begin alike, stay")
    func others() {
        for text in [
            "<a tiff:ImageWidth=\"wide\"/>", "<a tiff:ImageWidth=\"\"/>", "<a tiff:ImageWidth>", "<a tiff:ImageWidth",
            "<a tiff:ImageWidth=12/>", "<a xtiff:Image=\"1\"/>", "",
        ] {
            #expect(XMPPacket(Array(text.utf8)).describing(width: 5, height: 5).bytes == Array(text.utf8))
        }
        for text in ["<a exif:GPSx>", "<a exif:GPSx=", "<a exif:GPSx=\"1", "<a exif:GPSx=1 />", "exif:GPS"] {
            #expect(XMPPacket(Array(text.utf8)).withoutPosition()?.bytes == Array(text.utf8))
        }
    }

    @Test(
        "An element without an end loses all that follows: a position is never left behind",
        arguments: ["<exif:GPSLatitude>47,22.5N", "<exif:GPSLatitude>47</exif:GPSLongitude>", "<exif:GPSLatitude 47"])
    func unclosed(text: String) throws {
        let before = "<a exif:GPSAltitude=\"408\" b='1'>"
        let packet = try #require(XMPPacket(Array((before + text).utf8)).withoutPosition())
        let after = String(decoding: packet.bytes, as: UTF8.self)
        #expect(
            after == "<a " + String(repeating: " ", count: 22) + " b='1'>" + String(repeating: " ", count: text.count))
    }

    @Test("Many thousands of positions are removed one by one, in a time that does not grow with their square")
    func countless() throws {
        let attributes = (0..<20_000).map { "exif:GPS\($0)='\($0)' " }.joined()
        let elements = (0..<20_000).map { "<exif:GPS\($0)>\($0)</exif:GPS\($0)>" }.joined()
        let open = String(repeating: "<exif:GPSx>", count: 20_000)
        for text in [attributes, elements, open] {
            let after = try #require(XMPPacket(Array("<a>".utf8) + Array(text.utf8)).withoutPosition()).bytes
            #expect(after.count == text.utf8.count + 3 && after.dropFirst(3).allSatisfy { $0 == UInt8(ascii: " ") })
        }
    }

    @Test("A packet cut anywhere is edited without a trap, and never grows by more than its sizes")
    func cut() {
        let whole = Array(Self.packet.utf8)
        for end in stride(from: 0, through: whole.count, by: 7) {
            let packet = XMPPacket(Array(whole[..<end]))
            #expect(packet.withoutPosition()?.bytes.count == end)
            #expect(packet.describing(width: 123_456, height: 123_456).bytes.count <= end + 4 * 6)
        }
    }
}

/// Collects attributes, and the text of elements, by qualified name.
private final class PropertyReader: NSObject, XMLParserDelegate {
    var found: [String: String] = [:]
    private var open: [String] = []

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        open.append(name)
        found[name] = ""
        for (attribute, value) in attributes where !attribute.hasPrefix("xmlns") { found[attribute] = value }
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        guard let name = open.last else { return }
        found[name, default: ""] += text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        open.removeLast()
    }
}

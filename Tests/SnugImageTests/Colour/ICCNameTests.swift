// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// The name and the frame of a profile, as the probe reads them.
@Suite struct ICCNameTests {
    @Test(
        "A name is one line without control characters",
        arguments: [
            ("sRGB IEC61966-2.1", "sRGB IEC61966-2.1"), ("  Display   P3 ", "Display P3"), ("a\u{1B}[2Jb", "a[2Jb"),
            ("a\nb", "ab"), (String(repeating: "x", count: 300), String(repeating: "x", count: 120)),
        ])
    func names(text: String, expected: String) {
        let short = String(text.prefix(200))
        #expect(
            ICCProfile(profile(space: "RGB ", description: textDescription(short))).name == String(expected.prefix(120))
        )
    }

    @Test("A name in UTF-16 is read as such", arguments: ["Écran", "表示", "🎨 P3"])
    func localised(text: String) {
        #expect(ICCProfile(profile(space: "RGB ", description: localisedDescription(text))).name == text)
    }

    @Test("Without a description, with an empty one, or a cut one, there is no name")
    func none() {
        #expect(ICCProfile(profile(space: "RGB ", description: textDescription(""))).name == nil)
        #expect(
            ICCProfile(profile(space: "RGB ", description: Array("text".utf8) + [0, 0, 0, 0, 65, 66, 67, 68])).name
                == nil)
        #expect(ICCProfile([]).name == nil && ICCProfile([UInt8](repeating: 0, count: 132)).name == nil)
        let whole = profile(space: "RGB ", description: localisedDescription("Display P3"))
        for count in 0..<whole.count { _ = ICCProfile(Array(whole[..<count])).name }
    }

    @Test(
        "A profile suits the images of its own colour space and no others",
        arguments: ["GRAY", "RGB ", "CMYK", "Lab ", "XYZ "], ColourModel.allCases)
    func spaces(space: String, model: ColourModel) {
        let wanted =
            switch model {
            case .gray, .grayAlpha: "GRAY"
            case .rgb, .rgba, .palette, .ycbcr: "RGB "
            case .cmyk, .ycck: "CMYK"
            }
        let defect = ICCProfile(profile(space: space, description: textDescription("p"))).defect(
            for: model.profileSpace)
        #expect((defect == nil) == (space == wanted))
        if let defect { #expect(defect == "is for '\(space)' and the image is '\(wanted)'") }
    }

    @Test("A frame that is broken is named", arguments: [0, 4, 36, 131])
    func frames(count: Int) {
        let whole = profile(space: "RGB ", description: textDescription("p"))
        #expect(ICCProfile(Array(whole[..<count])).defect(for: .rgb) == "is cut short at \(count) bytes")
    }

    @Test("A size that is not there, too small, or a missing signature is named")
    func sizes() {
        let whole = profile(space: "RGB ", description: textDescription("p"))
        func changed(_ offset: Int, _ bytes: [UInt8]) -> String? {
            var profile = whole
            profile.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            return ICCProfile(profile).defect(for: .rgb)
        }
        #expect(changed(0, [0, 1, 0, 0]) == "says it has 65536 bytes, of which \(whole.count) are there")
        #expect(changed(0, [0, 0, 0, 131]) == "says it has only 131 bytes")
        #expect(changed(36, [0, 0, 0, 0]) == "lacks the signature of one")
        #expect(changed(16, [27, 91, 50, 74]) == "is for '.[2J' and the image is 'RGB '")
        #expect(changed(40, [1]) == nil)
    }

    @Test("The probe warns of a profile that it ignores, with the reason")
    func warning() throws {
        let gray = profile(space: "GRAY", description: textDescription("p"))
        let header = try probe(JPEGBuilder(segments: [JPEGBuilder.icc(1, of: 1, gray)]).bytes)
        #expect(header.colourSpace == .undeclared && header.iccProfileName == nil)
        #expect(header.warnings == ["the ICC profile is ignored: it is for 'GRAY' and the image is 'RGB '"])
    }
}

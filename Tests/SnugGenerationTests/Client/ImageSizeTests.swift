// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import Testing

@Suite("Image sizes")
struct ImageSizeTests {
    @Test("A size is read in the form in which it is written", arguments: ["1024x768", "64X2048"])
    func reads(text: String) {
        #expect(ImageSize(text)?.description == text.lowercased())
    }

    @Test("Nothing else is a size", arguments: ["", "x", "1024", "1024x", "0x5", "-1x5", "1x2x3", "1e3x5"])
    func refuses(text: String) {
        #expect(ImageSize(text) == nil)
    }
}

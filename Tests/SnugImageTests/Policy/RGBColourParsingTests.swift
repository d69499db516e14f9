// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Testing

@Suite struct RGBColourParsingTests {
    @Test(
        "Colours are read as in CSS",
        arguments: [
            ("#ff8000", RGBColour(red: 255, green: 128, blue: 0)), ("#F80", RGBColour(red: 255, green: 136, blue: 0)),
            ("White", .white), ("black", RGBColour(red: 0, green: 0, blue: 0)),
            ("00ff00", RGBColour(red: 0, green: 255, blue: 0)),
        ])
    func reads(text: String, colour: RGBColour) throws {
        #expect(try RGBColour(parsing: text) == colour)
    }

    @Test(
        "Everything else is refused with an example",
        arguments: ["", "#", "#12", "#12345", "#gggggg", "blurple", "#１２３"])
    func refuses(text: String) {
        #expect { try RGBColour(parsing: text) } throws: { error in
            (error as? ImageError)?.code == .invalidArgument && "\(error)".contains("#rrggbb")
        }
    }
}

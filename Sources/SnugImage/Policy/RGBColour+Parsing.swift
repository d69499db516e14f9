// SPDX-License-Identifier: Apache-2.0

extension RGBColour {
    /// Reads `#rrggbb`, `#rgb` or one of a few names (`white`, `black`, `gray`, `red`, `green`, `blue` …).
    /// - Throws: `invalid_argument`.
    public init(parsing text: String) throws(ImageError) {
        if let named = Self.names[text.lowercased()] {
            self = named
            return
        }
        let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
        let nibbles = digits.compactMap { $0.isASCII ? $0.hexDigitValue : nil }
        guard nibbles.count == digits.count, nibbles.count == 3 || nibbles.count == 6 else {
            throw ImageError(
                .invalidArgument,
                "'\(text)' is not a colour; write #rrggbb, #rgb or one of \(Self.names.keys.sorted().joined(separator: ", "))"
            )
        }
        let short = nibbles.count == 3
        func component(_ index: Int) -> UInt8 {
            let value: Int = short ? nibbles[index] * 17 : nibbles[2 * index] * 16 + nibbles[2 * index + 1]
            return UInt8(clamping: value)
        }
        self.init(red: component(0), green: component(1), blue: component(2))
    }

    /// The names that ``init(parsing:)`` reads.
    package static var knownNames: [String] { names.keys.sorted() }

    // The CSS values of these names.
    private static let names: [String: RGBColour] = [
        "white": RGBColour(red: 255, green: 255, blue: 255),
        "black": RGBColour(red: 0, green: 0, blue: 0),
        "gray": RGBColour(red: 128, green: 128, blue: 128),
        "grey": RGBColour(red: 128, green: 128, blue: 128),
        "silver": RGBColour(red: 192, green: 192, blue: 192),
        "red": RGBColour(red: 255, green: 0, blue: 0),
        "green": RGBColour(red: 0, green: 128, blue: 0),
        "blue": RGBColour(red: 0, green: 0, blue: 255),
        "yellow": RGBColour(red: 255, green: 255, blue: 0),
    ]
}

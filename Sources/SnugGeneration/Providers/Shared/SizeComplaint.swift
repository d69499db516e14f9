// SPDX-License-Identifier: Apache-2.0

/// The input limit that an error message names.
struct SizeComplaint: Sendable, Hashable {
    /// The most bytes of one encoded image, counted raw; `nil` when no limit can be made out.
    var byteLimit: Int?
    /// Pixels.
    var maximumSide: Int?

    /// Reads the limit out of a complaint.
    ///
    /// Servers count the file, its base64 form or the whole request, and rarely say which. Of the numbers named one may be
    /// what they counted: what it equals shows how. The limit is a number below that.
    /// - Parameter sent: The raw bytes of each image in the request, as far as they are known.
    init(_ text: String, sent: [Int], prompt: String) {
        let quantities = Self.quantities(in: text)
        maximumSide = quantities.filter { $0.isSide && $0.value >= 64 }.map(\.value).min()
        var sizes = quantities.filter { !$0.isSide && $0.value >= 10_000 }.map(\.value)
        // `5 MB maximum: 6275800 bytes > 5242880 bytes`: what is rounded for people is said exactly beside it.
        let exact = sizes.filter { $0 % 10_000 != 0 }
        if exact.count > 1 { sizes = exact }
        guard let limit = sizes.min(), let most = sizes.max() else { return }
        guard let largest = sent.max(), largest > 0 else {
            byteLimit = limit
            return
        }
        let raw = Self.raw(limit, counted: most > limit ? most : nil, text, sent, largest, prompt)
        // A limit that we kept to is not the one that was meant.
        byteLimit = raw > 0 && raw < largest ? raw : nil
    }

    private static func raw(
        _ limit: Int, counted: Int?, _ text: String, _ sent: [Int], _ largest: Int, _ prompt: String
    ) -> Int {
        let total = sent.reduce(0, +)
        let overhead = RequestOverhead.bytes(prompt: prompt, images: sent.count)
        let isRequest: Bool
        if let counted {
            if sent.contains(where: { abs(counted - base64($0)) <= 64 }) { return limit / 4 * 3 }
            if sent.contains(where: { abs(counted - $0) <= 64 }) { return limit }
            isRequest = (total...total + overhead).contains(counted)
        } else {
            isRequest = meansRequest(text)
        }
        if isRequest { return (limit - overhead) / sent.count }
        if limit < largest { return limit }
        return limit < base64(largest) ? limit / 4 * 3 : 0
    }

    private static func base64(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    private static func meansRequest(_ text: String) -> Bool {
        let lowered = text.lowercased()
        return ["request body", "request entity", "body size", "payload", "content length"].contains {
            lowered.contains($0)
        }
    }

    private struct Quantity {
        var value: Int
        /// True for a length in pixels.
        var isSide: Bool
    }

    /// The numbers in a text that stand alone, with their units counted in.
    private static func quantities(in text: String) -> [Quantity] {
        var found: [Quantity] = []
        var rest = text[...]
        while let start = rest.firstIndex(where: isDigit) {
            let before = start == text.startIndex ? " " : text[text.index(before: start)]
            let digits = rest[start...].prefix { isDigit($0) || $0 == "," || $0 == "." }
            rest = rest[digits.endIndex...]
            let unit = rest.drop { $0 == " " || $0 == "-" }.prefix { $0.isASCII && $0.isLetter }.lowercased()
            let plain = digits.filter { $0 != "," }.split(separator: ".").prefix(2).joined(separator: ".")
            guard !before.isLetter, before != "_", let number = Double(plain) else { continue }
            let isSide = unit == "px" || unit.hasPrefix("pixel")
            let value = number * (isSide ? 1 : units[unit] ?? 1)
            guard value < 1e12 else { continue }
            found.append(Quantity(value: Int(value), isSide: isSide))
        }
        return found
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

    // Of two readings the smaller, which is safe under both.
    private static let units: [String: Double] = [
        "kb": 1e3, "k": 1e3, "kib": 1024, "kilobytes": 1e3, "mb": 1e6, "m": 1e6, "mib": 1_048_576, "megabytes": 1e6,
        "gb": 1e9, "gib": 1_073_741_824,
    ]
}

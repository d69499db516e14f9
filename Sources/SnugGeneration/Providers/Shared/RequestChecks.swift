// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem

/// Collects what is wrong with a request, field by field, so that all of it is said at once.
struct RequestChecks {
    private(set) var fields: [GenerationError.Field] = []
    private let request: GenerationRequest

    /// The longest prompt, in Unicode scalars.
    static let longestPrompt = 5000
    /// Pixels of a side, where a model has no sizes of its own.
    static let sides = 64...2048
    /// Most images of one call.
    static let largestCount = 100

    /// Checks what holds for every provider.
    init(_ request: GenerationRequest, _ traits: ProviderTraits) {
        self.request = request
        checkPrompt()
        if !(1...Self.largestCount).contains(request.count) {
            fail("count", "is \(request.count); it must be 1 to \(Self.largestCount)")
        }
        for name in [request.model].compactMap({ $0 }) + request.fallbackModels where name.isBlank {
            fail("model", "is empty; leave it out for the default")
        }
        checkImages(traits)
        if !(0...3).contains(request.partialImages) {
            fail("partial_images", "is \(request.partialImages); it must be 0 to 3")
        }
    }

    /// Several models may have the same to complain of.
    mutating func fail(_ name: String, _ message: String) {
        let field = GenerationError.Field(name, message)
        if !fields.contains(field) { fields.append(field) }
    }

    /// - Throws: `invalid_request` with all fields, when there is one.
    func finish() throws(GenerationError) {
        guard fields.isEmpty else { throw .invalid(fields) }
    }

    // MARK: Every provider

    private mutating func checkPrompt() {
        if request.prompt.isBlank { fail("prompt", "is blank") }
        let length = request.prompt.unicodeScalars.count
        if length > Self.longestPrompt {
            fail("prompt", "has \(length) characters; at most \(Self.longestPrompt) are allowed")
        }
    }

    private mutating func checkImages(_ traits: ProviderTraits) {
        let most = traits.inputLimits.maximumCount
        if request.images.count > most { fail("images", "are \(request.images.count); at most \(most) are taken") }
        for (index, image) in request.images.enumerated() { checkAddress("images[\(index)]", image) }
        guard let mask = request.mask else { return }
        checkAddress("mask", mask)
        if traits.maskLimits == nil {
            fail("mask", "is not taken by \(traits.name)")
        } else if request.images.isEmpty {
            fail("mask", "needs an image that it belongs to")
        }
    }

    private mutating func checkAddress(_ name: String, _ image: ImageInput) {
        switch image {
        case .url(let text):
            if (try? HTTPURL(text)) == nil { fail(name, "is no http or https address") }
        case .bytes(let bytes, _):
            if bytes.isEmpty { fail(name, "is empty") }
        case .file: break
        }
    }

    // MARK: As providers need them

    /// 64–2048 pixels a side.
    mutating func checkSides() {
        guard let size = request.size else { return }
        for (name, side) in [("width", size.width), ("height", size.height)] where !Self.sides.contains(side) {
            fail(name, "is \(side); it must be \(Self.sides.lowerBound) to \(Self.sides.upperBound)")
        }
    }

    /// One of a model's own sizes.
    mutating func checkSize(among sizes: [String], of model: String) {
        guard let size = request.size, !sizes.contains(size.description) else { return }
        fail("size", "is \(size); \(model) makes \(sizes.joined(separator: ", "))")
    }

    mutating func checkFormat(among formats: [String]) {
        guard let format = request.format, !formats.contains(Self.format(format)) else { return }
        fail("format", "is \"\(format)\"; possible are \(formats.joined(separator: ", "))")
    }

    /// A parameter that has to be one of some words.
    mutating func checkWord(_ name: String, among words: [String]) {
        guard let value = request.parameters[name] else { return }
        guard case .text(let text) = value, words.contains(text) else {
            return fail(name, "is \"\(JSONValue(value).plain)\"; possible are \(words.joined(separator: ", "))")
        }
    }

    mutating func checkInteger(_ name: String, in range: ClosedRange<Int>) {
        guard let value = request.parameters[name] else { return }
        guard case .integer(let number) = value, range.contains(number) else {
            return fail(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    mutating func checkFlag(_ name: String) {
        guard let value = request.parameters[name] else { return }
        if case .flag = value { return }
        fail(name, "must be true or false")
    }

    mutating func checkText(_ name: String) {
        guard let value = request.parameters[name] else { return }
        if case .text = value { return }
        fail(name, "must be a text")
    }

    mutating func checkSeed(in range: ClosedRange<Int>) {
        guard let seed = request.seed, !range.contains(seed) else { return }
        fail("seed", "is \(seed); it must be \(range.lowerBound) to \(range.upperBound)")
    }

    /// Parameters that the request has fields for, or that would break what the client promises.
    mutating func refuse(_ names: [String: String]) {
        for name in request.parameters.keys.sorted() {
            if let reason = names[name] { fail(name, reason) }
        }
    }

    /// The name that requests use for a format.
    static func format(_ name: String) -> String {
        let plain = name.lowercased().hasPrefix("image/") ? String(name.dropFirst(6)) : name
        return plain.lowercased() == "jpg" ? "jpeg" : plain.lowercased()
    }
}

extension String {
    /// True for text without visible characters.
    fileprivate var isBlank: Bool {
        unicodeScalars.allSatisfy {
            $0.properties.isWhitespace || [.control, .format].contains($0.properties.generalCategory)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The documented properties of OpenAI's own image models, by the beginning of their names. Of other vendors' models nothing is
/// known, and little is checked.
enum OpenAIModelFamily: Sendable, Hashable {
    /// `gpt-image-1`, `gpt-image-1.5`, `gpt-image-1-mini`.
    case gptImage1
    /// `gpt-image-2` and later.
    case gptImage2
    case dallE2, dallE3
    case other

    init(_ model: String?) {
        let name = model?.lowercased().split(separator: "/").last ?? ""
        if name.hasPrefix("gpt-image-1") {
            self = .gptImage1
        } else if name.hasPrefix("gpt-image-") || name.hasPrefix("chatgpt-image") {
            self = .gptImage2
        } else if name.hasPrefix("dall-e-2") {
            self = .dallE2
        } else if name.hasPrefix("dall-e") {
            self = .dallE3
        } else {
            self = .other
        }
    }

    var isGPTImage: Bool { self == .gptImage1 || self == .gptImage2 }

    /// `nil` when sizes follow a rule.
    var sizes: [String]? {
        switch self {
        case .gptImage1: ["1024x1024", "1536x1024", "1024x1536"]
        case .dallE2: ["256x256", "512x512", "1024x1024"]
        case .dallE3: ["1024x1024", "1792x1024", "1024x1792"]
        case .gptImage2, .other: nil
        }
    }

    var qualities: [String] {
        switch self {
        case .gptImage1: ["low", "medium", "high", "auto"]
        case .gptImage2: ["low", "medium", "high", "xhigh", "max", "auto"]
        case .dallE2: ["standard"]
        case .dallE3: ["standard", "hd"]
        case .other: ["low", "medium", "high", "xhigh", "max", "auto", "standard", "hd"]
        }
    }

    var formats: [String] {
        switch self {
        case .gptImage1: ["png", "webp", "jpeg"]
        case .dallE2, .dallE3: ["png"]
        case .gptImage2, .other: ["png", "webp", "jpeg", "gif"]
        }
    }

    func check(_ request: GenerationRequest, _ checks: inout RequestChecks, model: String) {
        if let sizes {
            checks.checkSize(among: sizes, of: model)
        } else if self == .gptImage2, let size = request.size {
            checkRule(size, &checks)
        } else {
            checks.checkSides()
        }
        checks.checkWord("quality", among: qualities)
        checks.checkFormat(among: formats)
        if isGPTImage {
            for name in ["response_format", "style"] where request.parameters[name] != nil {
                checks.fail(name, "is not taken by \(model)")
            }
        }
        if self != .other, request.seed != nil { checks.fail("seed", "is not taken by \(model)") }
        let isDallE = self == .dallE2 || self == .dallE3
        if isDallE, request.partialImages > 0 { checks.fail("partial_images", "are not made by \(model)") }
        if self == .dallE3, request.count > 1 {
            checks.fail("count", "is \(request.count); \(model) makes one at a time")
        }
    }

    /// Multiples of 16, at most 3 to 1, at most 3840 by 2160 either way.
    private func checkRule(_ size: ImageSize, _ checks: inout RequestChecks) {
        let (long, short) = (max(size.width, size.height), min(size.width, size.height))
        if long > 3840 || short > 2160 || short < 16 {
            checks.fail("size", "is \(size); at most 3840x2160 or 2160x3840 are made")
        } else if size.width % 16 != 0 || size.height % 16 != 0 {
            checks.fail("size", "is \(size); both sides must be multiples of 16")
        } else if long > 3 * short {
            checks.fail("size", "is \(size); one side may be three times the other at most")
        }
    }
}

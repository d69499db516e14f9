// SPDX-License-Identifier: Apache-2.0

/// A request in the words that all providers share.
public struct GenerationRequest: Sendable, Hashable {
    /// The prompt: not blank, at most 5000 characters unless the provider says otherwise.
    public var prompt: String
    /// The model; `nil` takes the provider's default.
    public var model: String?
    /// Models to ask when the one before has no capacity, in order. Never asked after a failure of what was asked for.
    public var fallbackModels: [String]
    /// Width and height; `nil` leaves them to the model.
    public var size: ImageSize?
    /// Images wanted, from 1 on.
    public var count: Int
    /// Images to start from: an edit when there are any.
    public var images: [ImageInput]
    /// The area of the first image that an edit may change: transparent pixels of a PNG of the same size.
    public var mask: ImageInput?
    /// Makes a generation repeatable where the model can. Chosen at random, and reported, when the provider's contract for
    /// repeats rests on it and none is given.
    public var seed: Int?
    /// The media type wanted, such as `png`, `jpeg` or `webp`; `nil` leaves it to the provider.
    public var format: String?
    /// Unfinished images to show on the way, where the provider streams; 0 for none.
    public var partialImages: Int
    /// Further parameters of the provider's own, passed as they are, for example `quality` or `negative_prompt`.
    public var parameters: [String: Parameter]

    /// A value of a provider's own parameter.
    public enum Parameter: Sendable, Hashable, Codable {
        case text(String)
        case integer(Int)
        case number(Double)
        case flag(Bool)
    }

    /// Asks for one image, or as many as `count` says.
    public init(
        prompt: String, model: String? = nil, fallbackModels: [String] = [], size: ImageSize? = nil, count: Int = 1,
        images: [ImageInput] = [], mask: ImageInput? = nil, seed: Int? = nil, format: String? = nil,
        partialImages: Int = 0, parameters: [String: Parameter] = [:]
    ) {
        self.prompt = prompt
        self.model = model
        self.fallbackModels = fallbackModels
        self.size = size
        self.count = count
        self.images = images
        self.mask = mask
        self.seed = seed
        self.format = format
        self.partialImages = partialImages
        self.parameters = parameters
    }
}

/// Width and height in pixels.
public struct ImageSize: Sendable, Hashable, CustomStringConvertible {
    /// Pixels from left to right.
    public var width: Int
    /// Pixels from top to bottom.
    public var height: Int

    /// Names a size.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Reads `1024x768`; `nil` when the text is nothing of the kind.
    public init?(_ text: String) {
        let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
        guard sides.count == 2, let width = Int(sides[0]), let height = Int(sides[1]), width > 0, height > 0 else {
            return nil
        }
        self.init(width: width, height: height)
    }

    /// The text in requests, `WxH`.
    public var description: String { "\(width)x\(height)" }
}

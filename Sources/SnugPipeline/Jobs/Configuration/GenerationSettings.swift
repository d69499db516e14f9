// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration

/// The generation that is requested for each image of a folder. A sidecar may set any of it for its own image.
public struct GenerationSettings: Sendable, Hashable {
    /// The name of the account that pays.
    public var account: String
    /// The prompt; `nil` when each image brings its own in a sidecar.
    public var prompt: String?
    /// The model; `nil` takes the provider's default.
    public var model: String?
    /// Models to ask when the one before has no capacity, in order.
    public var fallbackModels: [String]
    /// Width and height; `nil` leaves them to the model.
    public var size: ImageSize?
    /// Images wanted for each input. Default 1.
    public var count: Int
    /// Makes a generation repeatable where the model can.
    public var seed: Int?
    /// The media type wanted; `nil` leaves it to the provider.
    public var format: String?
    /// Further parameters of the provider's own.
    public var parameters: [String: GenerationRequest.Parameter]

    /// Requests one image with an account.
    public init(account: String, prompt: String? = nil, model: String? = nil) {
        self.account = account
        self.prompt = prompt
        self.model = model
        fallbackModels = []
        count = 1
        parameters = [:]
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A model of the simulated vendor.
struct OpenAIModel {
    let name: String
    /// The sizes it draws, besides `auto`; `nil` for any multiple of 16 within its bounds.
    var sizes: [String]? = ["1024x1024", "1536x1024", "1024x1536"]
    var qualities = ["low", "medium", "high", "auto"]
    /// True when it is of the older kind, with `response_format` and `style` and without streams.
    var isLegacy = false

    static let all = [
        OpenAIModel(name: "gpt-image-1.5"), OpenAIModel(name: "gpt-image-1-mini"),
        OpenAIModel(name: "gpt-image-2", sizes: nil, qualities: ["low", "medium", "high", "xhigh", "max", "auto"]),
        OpenAIModel(
            name: "vendor-diffusion", sizes: ["512x512", "1024x1024"], qualities: ["standard", "hd"], isLegacy: true),
    ]

    static func named(_ name: String) throws(OpenAIError) -> OpenAIModel {
        guard let model = all.first(where: { $0.name == name }) else { throw .modelNotFound(name) }
        return model
    }

    /// The sides that a `size` means, or `nil` when the model does not draw it.
    func sides(_ size: String) -> (width: Int, height: Int)? {
        if size == "auto" { return (1024, 1024) }
        if let sizes, !sizes.contains(size) { return nil }
        let sides = size.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sides.count == 2, let width = sides.first, let height = sides.last, width > 0, height > 0 else {
            return nil
        }
        guard sizes == nil else { return (width, height) }
        let isRegular = width % 16 == 0 && height % 16 == 0 && width <= 3 * height && height <= 3 * width
        return isRegular && max(width, height) <= 3840 && min(width, height) <= 2160 ? (width, height) : nil
    }
}

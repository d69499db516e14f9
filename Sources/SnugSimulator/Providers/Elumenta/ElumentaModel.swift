// SPDX-License-Identifier: Apache-2.0

/// A model of the simulated Elumenta, with the documented sizes and prices.
struct ElumentaModel {
    let slug: String
    let name: String
    var category = "image"
    var minimumPlan = ElumentaAccount.Plan.free
    let cost: ClosedRange<Int>
    var sizes: [String] = ["1024x1024"]
    var ratios: [String] = []
    var takesImage = false
    var styles: [String] = []
    /// True when the first response is always `pending`.
    var isSlow = false

    static let all = [
        ElumentaModel(slug: "photon-flash", name: "Photon Flash", cost: 1...1),
        ElumentaModel(slug: "photon", name: "Photon", cost: 1...2),
        ElumentaModel(slug: "flux-kontext-pro", name: "Flux Kontext Pro", cost: 3...3, takesImage: true),
        ElumentaModel(
            slug: "flux-1.1-pro", name: "Flux 1.1 Pro", cost: 4...4,
            sizes: ["1024x1024", "768x1344", "1344x768", "1024x1536", "1536x1024"]),
        ElumentaModel(slug: "recraft-v3", name: "Recraft V3", cost: 4...4),
        ElumentaModel(
            slug: "dall-e-3", name: "DALL-E 3", cost: 5...13, sizes: ["1024x1024", "1024x1792", "1792x1024"],
            styles: ["vivid", "natural"]),
        ElumentaModel(
            slug: "sd-3.5-large", name: "Stable Diffusion 3.5 Large", cost: 7...7,
            sizes: ["1024x1024", "768x1344", "1344x768"], takesImage: true),
        ElumentaModel(slug: "gpt-image-1.5", name: "GPT Image 1.5", cost: 1...21, takesImage: true),
        ElumentaModel(
            slug: "midjourney-v6", name: "Midjourney V6", cost: 2...35, ratios: ["1:1", "2:3", "3:2", "9:16", "16:9"],
            isSlow: true),
        ElumentaModel(
            slug: "midjourney-turbo", name: "Midjourney Turbo", cost: 2...35,
            ratios: ["1:1", "2:3", "3:2", "9:16", "16:9"], isSlow: true),
        ElumentaModel(
            slug: "nano-banana-pro", name: "Nano Banana Pro", minimumPlan: .basic, cost: 16...32, takesImage: true),
    ]

    static func named(_ slug: String) -> ElumentaModel? { all.first { $0.slug == slug } }

    var json: JSON {
        [
            "slug": .text(slug), "name": .text(name), "category": .text(category), "provider": "simulator",
            "min_plan": .text(minimumPlan.rawValue), "token_cost": .integer(cost.lowerBound),
            "min_token_cost": .integer(cost.lowerBound), "max_token_cost": .integer(cost.upperBound),
            "description_en": .text("\(name), simulated"), "supports_streaming": false,
            "config": [
                "sizes": .array(sizes.map(JSON.text)), "formats": ["webp", "png", "jpeg"],
                "quality_options": ["standard", "hd"],
            ],
        ]
    }
}

extension ElumentaAccount.Plan {
    /// True when this plan includes what `other` includes.
    func covers(_ other: ElumentaAccount.Plan) -> Bool {
        let order = Self.allCases
        return (order.firstIndex(of: self) ?? 0) >= (order.firstIndex(of: other) ?? 0)
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A `POST /generate` that passed validation.
struct ElumentaSubmission {
    let model: ElumentaModel
    let prompt: String
    let seed: Int?
    let format: FlatImage.Format
    let width: Int
    let height: Int
    let cost: Int

    private static let options = [
        "size", "format", "quality", "style", "negative_prompt", "seed", "aspect_ratio", "image_url", "duration",
    ]

    /// Checks every field by name and type; options may stand in `params` or, as on older pages, beside it.
    init(_ request: Request, world: World) throws(ElumentaError) {
        guard request.contentType == "application/json", let body = JSON.parse(request.body)?.object else {
            throw .badRequest
        }
        var faults: [(field: String, message: String)] = []
        var options = body.filter { Self.options.contains($0.key) }
        if let params = body["params"] {
            if let params = params.object {
                options.merge(params) { _, inner in inner }
            } else {
                faults.append(("params", "Input should be an object"))
            }
        }
        for field in body.keys.sorted()
        where !(["model", "prompt", "params", "messages"] + Self.options).contains(field) {
            faults.append((field, "Unknown field"))
        }
        for field in options.keys.sorted() where !Self.options.contains(field) {
            faults.append(("params.\(field)", "Unknown field"))
        }
        let prompt = body["prompt"]?.text ?? ""
        if prompt.trimmedBlanks.isEmpty { faults.append(("prompt", "Field required")) }
        guard let slug = body["model"]?.text else {
            throw .validation(faults + [("model", "Field required")])
        }
        guard let model = ElumentaModel.named(slug) else {
            throw ElumentaError(status: 404, code: "not_found", message: "Model '\(slug)' not found")
        }
        faults += Self.faults(in: options, model: model, world: world)
        guard faults.isEmpty else { throw .validation(faults) }
        self.model = model
        self.prompt = prompt
        seed = options["seed"]?.integer
        format = FlatImage.Format(rawValue: options["format"]?.text ?? "webp") ?? .webp
        let sides = (options["size"]?.text ?? "1024x1024").split(separator: "x").compactMap { Int($0) }
        width = sides.first ?? 1024
        height = sides.last ?? 1024
        cost = options["quality"]?.text == "hd" ? model.cost.upperBound : model.cost.lowerBound
    }

    private static func faults(
        in options: [String: JSON], model: ElumentaModel, world: World
    ) -> [(field: String, message: String)] {
        var faults: [(field: String, message: String)] = []
        func check(_ field: String, oneOf allowed: [String]) {
            guard let value = options[field] else { return }
            if !allowed.contains(value.text ?? "") {
                faults.append(("params.\(field)", "Unsupported \(field); valid: \(allowed.joined(separator: ", "))"))
            }
        }
        check("size", oneOf: model.sizes)
        check("format", oneOf: ["webp", "png", "jpeg"])
        check("quality", oneOf: ["standard", "hd"])
        check("style", oneOf: model.styles)
        check("aspect_ratio", oneOf: model.ratios)
        if let text = options["negative_prompt"], text.text == nil {
            faults.append(("params.negative_prompt", "Input should be a string"))
        }
        for field in ["seed", "duration"] where options[field].map({ $0.integer == nil }) ?? false {
            faults.append(("params.\(field)", "Input should be an integer"))
        }
        if let seconds = options["duration"]?.integer, seconds != 5, seconds != 10 {
            faults.append(("params.duration", "Input should be 5 or 10"))
        }
        if let image = options["image_url"] {
            if !model.takesImage {
                faults.append(("params.image_url", "\(model.slug) takes no image"))
            } else if !world.isFetchable(image.text ?? "") {
                faults.append(("params.image_url", "The image could not be fetched: not a URL of an image"))
            }
        }
        return faults
    }
}

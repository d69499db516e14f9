// SPDX-License-Identifier: Apache-2.0

/// A request for images that passed validation.
struct OpenAIOrder {
    var prompt: String
    var model: OpenAIModel
    var count = 1
    var size: String
    var width: Int
    var height: Int
    var quality: String
    var background: String
    var format: FlatImage.Format
    var isStream = false
    var partialImages = 0
    var wantsURL = false
    var isEdit = false

    // MARK: /images/generations

    static func generation(_ request: Request) throws(OpenAIError) -> OpenAIOrder {
        guard request.contentType == "application/json" else {
            throw OpenAIError(
                status: 415, message: "Unsupported content type: '\(request.contentType)'",
                type: "invalid_request_error")
        }
        guard let body = JSON.parse(request.body)?.object else {
            throw .invalid(nil, "We could not parse the JSON body of your request.", code: nil)
        }
        return try OpenAIOrder(OpenAIFields(json: body), isEdit: false)
    }

    // MARK: /images/edits

    static func edit(_ request: Request) throws(OpenAIError) -> OpenAIOrder {
        guard let form = Multipart(request) else {
            throw .invalid(nil, "Could not parse multipart form", code: nil)
        }
        let images = form.all("image") + form.all("image[]")
        guard (1...16).contains(images.count) else { throw .invalid("image", "Expected 1 to 16 images") }
        for image in images {
            guard image.filename != nil else { throw .invalid("image", "Expected a file, got a text field") }
            let format = ImageSniffer(bytes: image.bytes).format ?? ""
            guard ["png", "webp", "jpeg"].contains(format) else {
                throw .invalid("image", "Invalid image file or mode for image", code: "invalid_image_file")
            }
            guard image.contentType == "image/\(format)" else {
                throw .invalid(
                    "image", "Unsupported mimetype ('\(image.contentType ?? "none")') for a \(format) file",
                    code: "unsupported_file_mimetype")
            }
            guard image.bytes.count < 50_000_000 else {
                throw OpenAIError(
                    status: 413, message: "Image too large: \(image.bytes.count) bytes > 50000000 bytes",
                    type: "invalid_request_error", parameter: "image")
            }
        }
        if let mask = form.all("mask").first { try check(mask, against: images[0]) }
        let texts = form.parts.filter { !["image", "image[]", "mask"].contains($0.name) }
        return try OpenAIOrder(OpenAIFields(form: texts), isEdit: true)
    }

    private static func check(_ mask: Multipart.Part, against image: Multipart.Part) throws(OpenAIError) {
        let maskImage = ImageSniffer(bytes: mask.bytes)
        guard maskImage.format == "png", maskImage.hasAlpha else {
            throw .invalid("mask", "The mask must be a PNG with an alpha channel")
        }
        guard mask.bytes.count < 4_000_000 else { throw .invalid("mask", "The mask must be less than 4MB") }
        if let expected = ImageSniffer(bytes: image.bytes).size, let size = maskImage.size, expected != size {
            throw .invalid("mask", "Invalid mask image format - mask size does not match image size")
        }
    }

    // MARK: What both have

    private static let shared = [
        "prompt", "model", "n", "size", "quality", "background", "output_format", "output_compression", "stream",
        "partial_images", "user", "safety_identifier", "response_format",
    ]

    private init(_ fields: OpenAIFields, isEdit: Bool) throws(OpenAIError) {
        let known = Self.shared + (isEdit ? ["input_fidelity"] : ["moderation", "style"])
        if let stranger = fields.names.first(where: { !known.contains($0) }) {
            throw .invalid(stranger, "Unknown parameter: '\(stranger)'.", code: "unknown_parameter")
        }
        guard let prompt = try fields.text("prompt") else {
            throw .invalid("prompt", "Missing required parameter: 'prompt'.", code: "missing_required_parameter")
        }
        guard (1...32_000).contains(prompt.count) else { throw .invalid("prompt", "Expected 1 to 32000 characters") }
        self.prompt = prompt
        model = try .named(try fields.text("model") ?? "gpt-image-1.5")
        size = try fields.text("size") ?? (model.isLegacy ? "1024x1024" : "auto")
        guard let sides = model.sides(size) else { throw .invalid("size", "Invalid size '\(size)' for \(model.name)") }
        (width, height) = sides
        let normal = model.isLegacy ? "standard" : "auto"
        quality = try fields.text("quality", oneOf: model.qualities) ?? normal
        background = try fields.text("background", oneOf: ["transparent", "opaque", "auto"]) ?? "auto"
        let output = try fields.text("output_format", oneOf: ["png", "webp", "jpeg"]) ?? "png"
        format = FlatImage.Format(rawValue: output) ?? .png
        count = try fields.integer("n", in: 1...10) ?? 1
        _ = try fields.integer("output_compression", in: 0...100)
        partialImages = try fields.integer("partial_images", in: 0...3) ?? 0
        isStream = try fields.bool("stream") ?? false
        _ = try fields.text("moderation", oneOf: ["low", "auto"])
        _ = try fields.text("input_fidelity", oneOf: ["high", "low"])
        let style = try fields.text("style", oneOf: ["vivid", "natural"])
        let response = try fields.text("response_format", oneOf: ["url", "b64_json"])
        guard model.isLegacy || (style == nil && response == nil) else {
            let field = style == nil ? "response_format" : "style"
            throw .invalid(field, "Unknown parameter: '\(field)'.", code: "unknown_parameter")
        }
        guard !model.isLegacy || !isStream else { throw .invalid("stream", "\(model.name) does not stream") }
        guard background != "transparent" || format != .jpeg else {
            throw .invalid("background", "Transparent backgrounds need png or webp")
        }
        wantsURL = model.isLegacy && response != "b64_json"
        self.isEdit = isEdit
    }
}

/// The fields of a request, of JSON types or as the text of form fields.
struct OpenAIFields {
    private let values: [String: JSON]
    private let isForm: Bool

    init(json: [String: JSON]) {
        values = json.filter { $0.value != .null }
        isForm = false
    }

    init(form: [Multipart.Part]) throws(OpenAIError) {
        var values: [String: JSON] = [:]
        for part in form {
            guard let text = part.text else { throw .invalid(part.name, "Expected text") }
            values[part.name] = .text(text)
        }
        self.values = values
        isForm = true
    }

    var names: [String] { values.keys.sorted() }

    func text(_ name: String) throws(OpenAIError) -> String? {
        guard let value = values[name] else { return nil }
        guard let text = value.text else { throw wrongType(name, "a string") }
        return text
    }

    func text(_ name: String, oneOf allowed: [String]) throws(OpenAIError) -> String? {
        guard let text = try text(name) else { return nil }
        guard allowed.contains(text) else {
            throw .invalid(name, "Invalid value: '\(text)'. Supported values are: \(allowed.joined(separator: ", ")).")
        }
        return text
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(OpenAIError) -> Int? {
        guard let value = values[name] else { return nil }
        guard let number = isForm ? value.text.flatMap({ Int($0) }) : value.integer else {
            throw wrongType(name, "an integer")
        }
        guard range.contains(number) else {
            throw .invalid(name, "Expected \(range.lowerBound) to \(range.upperBound), got \(number).")
        }
        return number
    }

    func bool(_ name: String) throws(OpenAIError) -> Bool? {
        guard let value = values[name] else { return nil }
        guard let bool = isForm ? ["true": true, "false": false][value.text] : value.bool else {
            throw wrongType(name, "a boolean")
        }
        return bool
    }

    private func wrongType(_ name: String, _ type: String) -> OpenAIError {
        .invalid(name, "Invalid type for '\(name)': expected \(type).", code: "invalid_type")
    }
}

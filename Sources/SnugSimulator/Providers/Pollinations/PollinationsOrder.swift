// SPDX-License-Identifier: Apache-2.0

/// An image as asked for, whichever endpoint it came by.
struct PollinationsOrder {
    var prompt: String
    var model: PollinationsModel
    var width = 1024
    var height = 1024
    /// `nil` when the provider picks one.
    var seed: Int?
    var isTransparent = false
    var isFresh = false
    var wantsURL = false

    var format: FlatImage.Format { isTransparent ? .png : .jpeg }

    /// True when an identical request joins this one.
    var isJoinable: Bool { seed != nil && !isFresh }

    // MARK: GET /image/{prompt}

    static func query(_ request: Request, prompt: String, world: World) throws(PollinationsError) -> PollinationsOrder {
        var faults: [String: String] = [:]
        let known = [
            "key", "model", "width", "height", "seed", "enhance", "safe", "transparent", "quality", "image", "duration",
            "aspectRatio", "audio", "no-cache",
        ]
        for (name, value) in request.query {
            switch name {
            case "width", "height": if (Int(value) ?? -1) < 0 { faults[name] = "Expected an integer of at least 0" }
            case "seed":
                if !(-1...2_147_483_647).contains(Int(value) ?? -2) { faults[name] = "Expected -1 to 2147483647" }
            case "enhance", "safe", "transparent", "no-cache", "audio":
                if value != "true", value != "false" { faults[name] = "Expected a boolean" }
            case "quality":
                if !["low", "medium", "high", "hd"].contains(value) {
                    faults[name] = "Expected low, medium, high or hd"
                }
            case "image":
                let urls = value.split(separator: value.contains("|") ? "|" : ",").map(String.init)
                if urls.isEmpty || !urls.allSatisfy(world.isFetchable) { faults[name] = "Not the URL of an image" }
            default: if !known.contains(name) { faults[name] = "Unknown parameter" }
            }
        }
        guard faults.isEmpty else { throw .validation(faults) }
        var order = PollinationsOrder(prompt: prompt, model: try .named(request.value("model") ?? "flux"))
        func side(_ name: String) -> Int { request.value(name).flatMap { Int($0) }.map { $0 == 0 ? 1024 : $0 } ?? 1024 }
        order.width = side("width")
        order.height = side("height")
        let seed = request.value("seed").flatMap { Int($0) } ?? 0
        order.seed = seed == -1 ? nil : seed
        order.isTransparent = request.value("transparent") == "true"
        order.isFresh = request.value("no-cache") == "true"
        return order
    }

    // MARK: POST /v1/images/generations, and /v1/images/edits as JSON

    static func json(_ request: Request, isEdit: Bool, world: World) throws(PollinationsError) -> PollinationsOrder {
        guard request.contentType == "application/json", let body = JSON.parse(request.body)?.object else {
            throw PollinationsError(400, "Invalid JSON body")
        }
        var faults: [String: String] = [:]
        let known = [
            "prompt", "model", "n", "size", "quality", "response_format", "user", "image", "seed", "safe",
            "transparent",
            "guidance_scale", "resolution",
        ]
        for (name, value) in body {
            switch name {
            case "n": if value.integer != 1 { faults[name] = "Only 1 is supported" }
            case "seed": if value.integer == nil { faults[name] = "Expected an integer" }
            case "safe", "transparent": if value.bool == nil { faults[name] = "Expected a boolean" }
            case "prompt", "model", "size", "quality", "user", "resolution":
                if value.text == nil { faults[name] = "Expected a string" }
            case "response_format":
                if !["b64_json", "url"].contains(value.text) { faults[name] = "Expected b64_json or url" }
            case "image":
                if !images(value, isEdit: isEdit).contains(where: { !$0.isEmpty }) {
                    faults[name] = "Expected URLs"
                } else if !images(value, isEdit: isEdit).allSatisfy({ isImage($0, isEdit: isEdit, world: world) }) {
                    faults[name] = "Not the URL of an image"
                }
            default: if !known.contains(name) { faults[name] = "Unknown parameter" }
            }
        }
        if isEdit, body["image"] == nil { faults["image"] = "Required" }
        return try checked(
            faults, prompt: body["prompt"]?.text, model: body["model"]?.text ?? (isEdit ? "kontext" : "flux"),
            size: body["size"]?.text, quality: body["quality"]?.text, isTransparent: body["transparent"]?.bool ?? false,
            seed: body["seed"]?.integer, wantsURL: body["response_format"]?.text == "url" && !isEdit)
    }

    private static func images(_ value: JSON, isEdit: Bool) -> [String] {
        if let text = value.text { return [text] }
        return (value.array ?? []).map { (isEdit ? $0["image_url"]?.text : $0.text) ?? "" }
    }

    private static func isImage(_ url: String, isEdit: Bool, world: World) -> Bool {
        world.isFetchable(url) || (isEdit && url.hasPrefix("data:image/") && url.contains(";base64,"))
    }

    // MARK: POST /v1/images/edits as a form

    static func form(_ request: Request, world: World) throws(PollinationsError) -> PollinationsOrder {
        guard let form = Multipart(request) else { throw PollinationsError(400, "Malformed multipart body") }
        var faults: [String: String] = [:]
        let known = ["prompt", "image", "image[]", "model", "size", "quality", "safe", "resolution", "seed"]
        for part in form.parts where !known.contains(part.name) { faults[part.name] = "Unknown parameter" }
        let images = form.all("image") + form.all("image[]")
        if images.isEmpty { faults["image"] = "Required" }
        for image in images {
            guard image.filename != nil else {
                if !world.isFetchable(image.text ?? "") { faults["image"] = "Not the URL of an image" }
                continue
            }
            guard ["png", "jpeg", "webp"].contains(ImageSniffer(bytes: image.bytes).format ?? "") else {
                throw .upstream(415, body: "unsupported image type")
            }
        }
        if let seed = form.text("seed"), Int(seed) == nil { faults["seed"] = "Expected an integer" }
        return try checked(
            faults, prompt: form.text("prompt"), model: form.text("model") ?? "kontext", size: form.text("size"),
            quality: form.text("quality"), isTransparent: false, seed: form.text("seed").flatMap { Int($0) },
            wantsURL: false)
    }

    private static func checked(
        _ found: [String: String], prompt: String?, model: String, size: String?, quality: String?, isTransparent: Bool,
        seed: Int?, wantsURL: Bool
    ) throws(PollinationsError) -> PollinationsOrder {
        var faults = found
        let prompt = prompt ?? ""
        if !(1...32_000).contains(prompt.count) { faults["prompt"] = "Expected 1 to 32000 characters" }
        let sides = (size ?? "1024x1024").split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        if sides.count != 2 || sides.contains(where: { $0 < 1 }) { faults["size"] = "Expected WIDTHxHEIGHT" }
        if let quality, !["standard", "hd", "low", "medium", "high"].contains(quality) {
            faults["quality"] = "Expected standard, hd, low, medium or high"
        }
        guard faults.isEmpty else { throw .validation(faults) }
        var order = PollinationsOrder(prompt: prompt, model: try .named(model))
        order.width = sides.first ?? 1024
        order.height = sides.last ?? 1024
        order.seed = seed == -1 ? nil : seed
        order.isTransparent = isTransparent
        order.wantsURL = wantsURL
        return order
    }
}

// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import OrderedCollections
import SnugImage
import SnugSystem

/// The options of a request in the Tinify convention, as a fit.
enum ShrinkOrder {
    /// The orders of a plain request: half of the bytes at the full size; where that is out of reach, all that can be
    /// saved without loss.
    static var usual: [FitOrder] { get throws(ServiceError) { try orders([:]) } }

    private static let known = ["resize", "convert", "transform", "preserve"]

    /// The JSON's names of parameters.
    private static let origins = [
        "max-width": "resize", "max-height": "resize", "size": "resize", "crop": "resize", "format": "convert",
        "background": "transform", "metadata": "preserve",
    ]

    /// Reads the JSON of a request for another form of a result.
    /// - Returns: The orders to try, one after the other.
    /// - Throws: `invalid_parameter`, `unknown_parameter`.
    static func orders(_ value: JSONValue) throws(ServiceError) -> [FitOrder] {
        guard case .object(let members) = value else {
            throw ServiceError(
                .badRequest, "bad_json", "the body is no JSON object; send one such as {\"resize\": {…}}")
        }
        if let unknown = members.keys.first(where: { !known.contains($0) }) {
            let name = PrintableName.escaped(String(unknown.prefix(64)))
            throw ServiceError(
                .badRequest, "unknown_parameter",
                "'\(name)' is not supported; known are \(known.joined(separator: ", "))",
                details: ["parameter": .text(name)])
        }
        var fields: [(name: String, value: String)] = []
        if let resize = value["resize"] { fields += try Self.resize(resize) }
        if let convert = value["convert"] { fields.append(("format", try format(convert))) }
        if let colour = value["transform"]?["background"]?.text { fields.append(("background", colour)) }
        if let preserve = value["preserve"] { fields.append(("metadata", try metadata(preserve))) }
        let names = fields.map { $0.name }
        if names.contains("size"), names.contains("metadata") {
            throw .invalidParameter(
                "resize", "'cover' and 'thumb' make a new image, which keeps no metadata; leave out 'preserve'")
        }
        if value["resize"] != nil { return [try order(fields)] }
        // Another format or background is no change without loss.
        let isSame = !names.contains("format") && !names.contains("background")
        return [
            try order(fields + [(name: "limit", value: "50%"), (name: "keep-size", value: "")]),
            try order(isSame ? fields + [(name: "lossless", value: "")] : fields),
        ]
    }

    /// The order of parameters; what is wrong with them is said by the JSON's names.
    private static func order(_ fields: [(name: String, value: String)]) throws(ServiceError) -> FitOrder {
        do throws(ServiceError) { return try FitOrder(fields) } catch {
            guard let name = error.details["parameter"]?.text, let origin = origins[name] else { throw error }
            let problem = error.message.dropFirst(error.message.hasPrefix("'\(name)': ") ? name.count + 4 : 0)
            throw .invalidParameter(origin, String(problem))
        }
    }

    private static func resize(_ value: JSONValue) throws(ServiceError) -> [(name: String, value: String)] {
        let (width, height) = (try side(value, "width"), try side(value, "height"))
        switch (value["method"]?.text, width, height) {
        case ("scale", let width?, nil): return [("max-width", String(width))]
        case ("scale", nil, let height?): return [("max-height", String(height))]
        case ("scale", _, _): throw .invalidParameter("resize", "'scale' takes width or height, one of them")
        case ("fit", let width?, let height?): return [("max-width", String(width)), ("max-height", String(height))]
        case ("cover", let width?, let height?), ("thumb", let width?, let height?):
            return [("size", "\(width)x\(height)"), ("crop", "")]
        case ("fit", _, _), ("cover", _, _), ("thumb", _, _):
            throw .invalidParameter("resize", "this method takes width and height")
        default: throw .invalidParameter("resize", "needs 'method': scale, fit, cover or thumb")
        }
    }

    private static func side(_ value: JSONValue, _ name: String) throws(ServiceError) -> Int? {
        guard let member = value[name] else { return nil }
        guard case .integer(let side) = member, side > 0 else {
            throw .invalidParameter("resize", "'\(name)' is not a whole number above 0")
        }
        return side
    }

    /// The first of the wanted formats that is written here.
    private static func format(_ value: JSONValue) throws(ServiceError) -> String {
        let wanted = value["type"]
        let types = wanted?.elements.compactMap(\.text) ?? []
        for type in types + [wanted?.text].compactMap({ $0 }) {
            switch type.lowercased() {
            case "image/jpeg", "image/jpg": return "jpeg"
            case "image/png": return "png"
            case "image/webp": return "webp"
            case "*/*": return "auto"
            default: continue
            }
        }
        throw .invalidParameter(
            "convert",
            "names no format that this server writes; give image/jpeg, image/png, "
                + "image/webp or */*")
    }

    private static func metadata(_ value: JSONValue) throws(ServiceError) -> String {
        let kinds = ["copyright": "copyright", "creation": "exif", "location": "gps"]
        let wanted = value.elements.compactMap(\.text)
        guard !wanted.isEmpty, wanted.allSatisfy({ kinds[$0] != nil }) else {
            throw .invalidParameter("preserve", "takes a list of copyright, creation and location")
        }
        return wanted.compactMap { kinds[$0] }.joined(separator: ",")
    }
}

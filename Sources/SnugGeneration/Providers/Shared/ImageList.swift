// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugHTTP
import SnugSystem

/// The response that OpenAI's API has made common: `{data: [{b64_json | url, revised_prompt}]}`.
enum ImageList {
    /// The images of a response, in order; `nil` when it is of another shape or has none.
    static func read(_ response: ProviderResponse, _ json: JSONValue, base: HTTPURL) -> [ImageReference]? {
        // The event that ends a stream is itself the one element.
        let isEvent = json["data"] == nil && json.members["b64_json"] != nil
        let entries = isEvent ? [json] : json["data"]?.elements ?? []
        var spooled = response.images[...]
        var found: [ImageReference] = []
        for entry in entries {
            let revised = entry["revised_prompt"]?.text.map(response.scrubber.hide)
            // An image in base64, and one in a data URI, left an empty string behind.
            var image: SpooledImage?
            if entry.members["b64_json"] == .text("") || entry.members["url"] == .text("") {
                guard let next = spooled.popFirst() else { return nil }
                image = next.byteCount > 0 ? next : nil
            }
            if let image {
                found.append(.spooled(image, revisedPrompt: revised))
            } else if let address = entry["url"]?.text, !address.isEmpty, let url = try? base.resolving(address) {
                found.append(.url(url.text, revisedPrompt: revised))
            }
            // An entry without an image, as of one that was filtered out, does not take the others with it.
        }
        return found.isEmpty ? nil : found
    }

    /// The failure of a success without an image. Where its images are at addresses that are never fetched, the same
    /// request brings them again.
    static func failure(_ response: ProviderResponse, _ json: JSONValue, base: HTTPURL) -> ProviderFailure {
        let addresses = (json["data"]?.elements ?? []).lazy.compactMap { $0["url"]?.text }
        guard let fault = addresses.compactMap({ fault(of: $0, base: base) }).first else {
            return ResponseClassification.badResponse(response, ResponseClassification.described(response))
        }
        return ResponseClassification.badResponse(response, fault).with(.giveUp)
    }

    /// The fault of an address that is never fetched: a file's, one of another scheme, one with a password.
    static func fault(of address: String, base: HTTPURL) -> String? {
        guard !address.isEmpty, (try? base.resolving(address)) == nil else { return nil }
        if address.lowercased().hasPrefix("data:") {
            let type = address.dropFirst(5).prefix { $0 != "," && $0 != ";" }
            guard address.contains(",") else { return "the result is a data URL without data" }
            let words = type.isEmpty ? "text/plain" : PrintableName.escaped(String(type.prefix(80)))
            return "the result is no image but a data URL of \(words)"
        }
        // Whatever stands before the host may be a secret.
        let shown = address.split(separator: "@").count > 1 ? "\(address.prefix { $0 != ":" })://***" : address
        return "the image's address is none that is fetched: \(PrintableName.escaped(String(shown.prefix(200))))"
    }
}

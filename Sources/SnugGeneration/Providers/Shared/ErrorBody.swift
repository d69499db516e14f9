// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugHTTP
import SnugSystem

/// The body of a failure, read from any of the providers' shapes.
///
/// Elumenta: `{error, message, details}`. Pollinations: `{status, success, error: {code, message, details}}`, and flat.
/// OpenAI: `{error: {message, type, param, code}}`, or `error` as a text. Proxies: HTML or plain text. Everything is
/// scrubbed here, so that nothing else has to think of it.
struct ErrorBody: Sendable {
    /// The provider's word for it.
    private(set) var code: String?
    /// The provider's word for the kind of it.
    private(set) var type: String?
    /// For a person.
    private(set) var message: String?
    private(set) var fields: [GenerationError.Field] = []
    private(set) var required: Double?
    private(set) var available: Double?
    private(set) var suggestions: [String] = []
    private(set) var requestID: String?
    /// The status that the service behind the provider failed with.
    private(set) var upstreamStatus: Int?
    /// True when the provider itself responds, in JSON, and not a proxy before it.
    private(set) var isEnvelope = false
    /// The field or resource it names.
    private(set) var wording = Wording()
    /// Everything said in sentences, also by the service behind the provider, to look for limits in.
    private(set) var complaint = ""
    /// True when it names the requested model.
    var isAboutModel: Bool { code?.lowercased() == "model_not_found" || fields.contains { $0.name == "model" } }

    init(_ response: ProviderResponse) {
        let scrubber = response.scrubber
        var upstreamBody: String?
        let json = JSONValue(parsing: response.text)
        // Google sends a list with the one error in it.
        if let json = json?.elements.first ?? json, case .object = json {
            upstreamBody = read(json, scrubber)
        } else {
            message = Self.plainText(response.text).map { scrubber.clean($0, limit: 300) }
        }
        wording = Wording(code, type, message, upstreamBody)
        complaint = [message, upstreamBody].compactMap { $0 }.joined(separator: "\n")
    }

    /// - Returns: What the service behind the provider said, for judging only.
    private mutating func read(_ json: JSONValue, _ scrubber: Scrubber) -> String? {
        // Some send a list of errors.
        let error = json["error"] ?? json["errors"]?.elements.first ?? json["detail"]
        let object = error.map { $0.members.isEmpty ? json : $0 } ?? json
        isEnvelope = error != nil || json["message"] != nil
        let word = error?.text
        var text = object["message"]?.text ?? object["msg"]?.text
        code = object["code"]?.identifier
        // `error` beside a `message` is a word for the failure, alone it is the message.
        if text == nil { text = word } else { code = code ?? word }
        code = code.map { scrubber.clean($0, limit: 100) }
        type = object["type"]?.text.map { scrubber.clean($0, limit: 100) }
        message = text.map { scrubber.clean($0) }
        requestID = (object["requestId"] ?? object["request_id"] ?? json["request_id"])?.identifier
            .map { scrubber.clean($0, limit: 100) }
        let details = object["details"] ?? json["details"]
        readFields(object, details, json["detail"], scrubber)
        required = (details?["required"] ?? object["required"])?.amount
        available = (details?["available"] ?? object["available"])?.amount
        let lists = [details?["models"], details?["available_models"], details?["valid"], object["available_models"]]
        let named = lists.compactMap { $0 }.flatMap(\.elements).compactMap(\.text)
        suggestions = scrubber.clean(named.isEmpty ? Wording.listed(in: text ?? "") : Array(named.prefix(50)))
        if suggestions.isEmpty, let complaint = fields.first { suggestions = Wording.listed(in: complaint.message) }
        upstreamStatus = (details?["upstreamStatus"]?.amount).flatMap { Int(exactly: $0) }
        guard let upstream = details?["upstreamBody"] else { return nil }
        return (upstream.text ?? upstream.described).map { scrubber.clean($0) }
    }

    private mutating func readFields(
        _ object: JSONValue, _ details: JSONValue?, _ list: JSONValue?, _ scrubber: Scrubber
    ) {
        func add(_ name: String, _ text: String) {
            guard fields.count < 50 else { return }
            fields.append(GenerationError.Field(scrubber.clean(name, limit: 100), scrubber.clean(text, limit: 300)))
        }
        for field in details?["fields"]?.elements ?? [] {
            add(field["field"]?.text ?? field["name"]?.text ?? "", field["message"]?.text ?? "is refused")
        }
        for (name, texts) in (details?["fieldErrors"]?.members ?? [:]).sorted(by: { $0.key < $1.key }) {
            for text in texts.elements.compactMap(\.text) { add(name, text) }
        }
        for text in (details?["formErrors"]?.elements ?? []).compactMap(\.text) { add("request", text) }
        // FastAPI's form, which some compatible vendors have.
        for entry in list?.elements ?? [] {
            add(entry["loc"]?.elements.compactMap(\.identifier).joined(separator: ".") ?? "", entry["msg"]?.text ?? "")
        }
        if fields.isEmpty, let name = object["param"]?.text { add(name, object["message"]?.text ?? "is refused") }
    }

    /// The title of a page, or the beginning of a text.
    private static func plainText(_ bytes: [UInt8]) -> String? {
        // More than the scrubber looks at, so that only it cuts.
        let text = String(decoding: bytes.prefix(300 * 1024), as: UTF8.self)
        switch ContentSignature(bytes) {
        case .html, .svg:
            guard let start = text.firstRange(of: "<title>")?.upperBound,
                let end = text[start...].firstRange(of: "</title>")?.lowerBound
            else { return "an HTML page" }
            return String(text[start..<end])
        case .text: return text.contains { !$0.isWhitespace } ? text : nil
        case .json: return "JSON that cannot be read"
        default: return nil
        }
    }
}

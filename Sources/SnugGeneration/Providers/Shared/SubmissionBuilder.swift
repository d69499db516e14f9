// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import OrderedCollections
import SnugHTTP
import SnugSystem

/// Puts a submission together: always the same bytes for the same job, with a digest, and with lines for people.
struct SubmissionBuilder {
    /// A parameter of the request, in the provider's words.
    struct Field {
        var name: String
        var value: JSONValue
    }
    private let job: PreparedJob
    private let limits: InputLimits
    private(set) var fields: [Field] = []
    private var lines: [(name: String, value: String)] = []
    private var files: [(name: String, input: FittedInput)] = []

    init(_ job: PreparedJob, limits: InputLimits) {
        self.job = job
        self.limits = limits
    }

    // MARK: Content

    mutating func add(_ name: String, _ value: JSONValue?) {
        guard let value else { return }
        fields.append(Field(name: name, value: value))
        lines.append((name, value.plain))
    }

    /// Adds addresses, whose queries are not for people: signatures are in them.
    mutating func add(_ name: String, addresses: [String], as value: JSONValue) {
        fields.append(Field(name: name, value: value))
        lines += addresses.map { (name, Self.shown($0)) }
    }

    /// Shows what is sent in another place than the fields.
    mutating func note(_ name: String, _ value: String) { lines.append((name, value)) }

    mutating func add(_ name: String, address: String) { add(name, addresses: [address], as: .text(address)) }

    /// Adds an image, which has to be within the limits: the provider would refuse it after all of it was sent.
    mutating func add(_ name: String, _ input: FittedInput, within limits: InputLimits? = nil) throws(GenerationError) {
        let limits = limits ?? self.limits
        guard !input.bytes.isEmpty else { throw .invalid(name, "is empty") }
        guard input.bytes.count <= limits.byteLimit else {
            throw .invalid(name, "has \(input.bytes.count) bytes; at most \(limits.byteLimit) are taken")
        }
        guard limits.mediaTypes.contains(input.mediaType) else {
            throw .invalid(name, "is \(input.mediaType); taken are \(limits.mediaTypes.joined(separator: ", "))")
        }
        files.append((name, input))
        let digest = MessageDigest.sha256(input.bytes).hexadecimal.prefix(16)
        lines.append((name, "\(input.mediaType), \(input.bytes.count) bytes, SHA-256 \(digest)…"))
    }

    /// Adds the caller's own parameters.
    mutating func add(_ parameters: [String: GenerationRequest.Parameter]) {
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) { add(name, JSONValue(value)) }
    }

    // MARK: Requests

    func get(_ url: HTTPURL, clocks: ClientRequest.Clocks) throws(GenerationError) -> Submission {
        var request = ClientRequest(.get, url, clocks: clocks)
        // One request for each attempt, as with POST: an idle connection that died would bring a duplicate request.
        request.connectionUse = .fresh
        return try finish(request)
    }

    /// A value as JSON, or all fields as one object.
    func json(
        _ url: HTTPURL, _ value: JSONValue? = nil, clocks: ClientRequest.Clocks
    ) throws(GenerationError) -> Submission {
        let bytes = try (value ?? object).encoded()
        return try finish(
            ClientRequest(
                .post, url, headerFields: [.contentType: "application/json"], body: HTTPBody(bytes: bytes),
                clocks: clocks
            ))
    }

    /// All fields as one object.
    var object: JSONValue {
        .object(OrderedDictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last }))
    }

    /// All fields, and behind them the images.
    func form(_ url: HTTPURL, clocks: ClientRequest.Clocks) throws(GenerationError) -> Submission {
        // The key is secret, so no image can contain this line.
        let boundary = "snug" + MessageDigest.sha256(Array("boundary \(job.key)".utf8)).hexadecimal.prefix(40)
        var form = FormBody(boundary: boundary)
        for field in fields {
            for value in field.value.elements.isEmpty ? [field.value] : field.value.elements {
                form.add(field: field.name, value.plain)
            }
        }
        for (name, input) in files {
            form.add(file: name, filename: input.name, contentType: input.mediaType, HTTPBody(bytes: input.bytes))
        }
        let body: HTTPBody
        do {
            body = try form.finished()
        } catch {
            throw GenerationError(.invalidRequest, error.message, cause: error)
        }
        return try finish(
            ClientRequest(.post, url, headerFields: [.contentType: form.contentType], body: body, clocks: clocks))
    }

    private func finish(_ request: ClientRequest) throws(GenerationError) -> Submission {
        var request = request
        // Our name for the request, for the provider's support: the same with each attempt.
        try request.headerFields.set(.clientRequestID, outside: job.key)
        var hash = MessageDigest(.sha256)
        hash.update(Array("\(request.method) \(request.url.text)\n".utf8))
        do {
            try request.body?.forEachPiece { hash.update($0) }
        } catch {
            throw GenerationError(.invalidRequest, error.message, cause: error)
        }
        let head = [
            (name: "method", value: request.method.rawValue), (name: "url", value: Self.shown(request.url.text)),
        ]
        return Submission(
            request: request, digest: hash.finalize().hexadecimal, redacted: head + lines.map(Self.withoutSecret))
    }

    /// Names of parameters whose values are nobody's business, each also as the end of a longer name.
    private static let secretNames = ["key", "token", "secret", "password", "authorization"]

    /// A field as people see it.
    private static func withoutSecret(_ field: (name: String, value: String)) -> (name: String, value: String) {
        let isSecret = secretNames.contains { field.name.lowercased().hasSuffix($0) }
        return isSecret ? (field.name, "***") : field
    }

    private static func shown(_ address: String) -> String {
        (try? HTTPURL(address))?.description ?? "(no address)"
    }
}

// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTypes
import Hummingbird
import OrderedCollections
import SnugPipeline
import SnugSystem

/// The images of a request for jobs, each with its options.
struct JobRequest: Sendable {
    /// One image.
    struct Image: Sendable {
        var name: OutputFileName
        var bytes: [UInt8]
        /// The fields that apply to it, in their order.
        var fields: [(name: String, value: String)]
    }

    /// Maximum images of one request.
    static let maximumImages = 200

    var images: [Image] = []

    /// Reads a form with files, a JSON array, or an image that is the whole body.
    /// - Throws: `bad_query`, `bad_form`, `bad_json`, `no_image`, `several_images`, `invalid_parameter`.
    init(_ request: Request, body: [UInt8]) throws(ServiceError) {
        let type = request.headers[.contentType].flatMap { HeaderValue($0) }
        if type?.value == "application/json" {
            images = try Self.images(ofJSON: body, with: try ImageRequest.query(of: request))
        } else {
            let parts = try ImageRequest.Parts(request, body: body)
            images = parts.files.map { file in
                Image(name: OutputFileName(file.name), bytes: Array(body[file.range]), fields: parts.fields)
            }
        }
        guard !images.isEmpty else {
            throw ServiceError(.badRequest, "no_image", "the request has no image; add one")
        }
        guard images.count <= Self.maximumImages else {
            throw ServiceError(
                .badRequest, "several_images",
                "the request has \(images.count) images, and \(Self.maximumImages) are the maximum; send several requests"
            )
        }
        for (index, image) in images.enumerated() where image.bytes.isEmpty {
            throw ServiceError(.badRequest, "no_image", "image \(index + 1) of the request is empty; send its bytes")
        }
    }

    /// The images as the daemon takes them.
    /// - Throws: `unknown_parameter`, `invalid_parameter`.
    func submissions(_ jobs: ServerJobs) throws(ServiceError) -> [Submission] {
        var submissions: [Submission] = []
        for image in images {
            let order = try jobs.order(image.fields)
            submissions.append(order.submission(.bytes(image.bytes), named: image.name))
        }
        return submissions
    }

    /// A digest of everything that the request asks for, whatever form it came in.
    var digest: String {
        var hash = MessageDigest(.sha256)
        func add(_ bytes: some Collection<UInt8>) {
            hash.update(Data("\(bytes.count):".utf8))
            hash.update(Data(bytes))
        }
        for image in images {
            add(image.name.whole.utf8)
            add(image.bytes)
            for field in image.fields.sorted(by: { $0.name < $1.name }) {
                add(field.name.utf8)
                add(field.value.utf8)
            }
            add([])
        }
        return hash.finalize().hexadecimal
    }

    // MARK: JSON

    private static func images(
        ofJSON body: [UInt8], with query: [(name: String, value: String)]
    ) throws(ServiceError) -> [Image] {
        guard case .array(let items)? = JSONValue(parsing: body) else {
            throw ServiceError(
                .badRequest, "bad_json",
                "the body is no JSON array; send one such as [{\"name\": \"a.jpg\", \"data\": \"BASE64\", \"limit\": \"1MB\"}]"
            )
        }
        var images: [Image] = []
        for (index, item) in items.enumerated() { images.append(try image(item, number: index + 1, query)) }
        return images
    }

    private static func image(
        _ item: JSONValue, number: Int, _ query: [(name: String, value: String)]
    ) throws(ServiceError) -> Image {
        guard case .text(let text)? = item["data"], let bytes = Data(base64Encoded: text) else {
            throw ServiceError(
                .badRequest, "bad_json",
                "item \(number) has no image; give its bytes in base64 as 'data'. This server fetches no images from "
                    + "addresses or paths")
        }
        var fields: [(name: String, value: String)] = []
        for (name, value) in item.members where name != "data" && name != "name" {
            switch value {
            case .text(let text): fields.append((name, text))
            case .integer(let number): fields.append((name, String(number)))
            case .number(let number): fields.append((name, String(number)))
            case .flag(let flag): fields.append((name, String(flag)))
            case .object where name == "options": fields.append((name, value.description))
            case .null, .array, .object:
                throw .invalidParameter(String(name.prefix(64)), "is no text, number or truth value in item \(number)")
            }
        }
        let own = Set(fields.map(\.name))
        return Image(
            name: OutputFileName(item["name"]?.text), bytes: Array(bytes),
            fields: query.filter { !own.contains($0.name) } + fields)
    }
}

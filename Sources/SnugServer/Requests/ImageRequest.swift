// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import SnugImage

/// An image and its parameters, in whichever of the accepted forms they came.
struct ImageRequest: Sendable {
    var image: ImageSource
    /// Its name as the client gave it.
    var fileName: String?
    /// The parameters of query and form.
    var fields: [(name: String, value: String)]

    /// The share of the body in the memory for bodies, given back with the last reference.
    let share: BodyShare

    /// Takes in the body, and reads it and the query: the image itself, or a form with one file.
    /// - Throws: `bad_query`, `bad_form`, `several_images`, `no_image`; what `reader` throws.
    init(_ request: Request, _ context: ServerContext, _ reader: BodyReader) async throws {
        guard Parts.isMultipart(request) else {
            let body = try await reader.image(of: request, context: context)
            let parts = try Parts(request, body: body.start)
            self.init(image: body.source, fileName: parts.files.first?.name, fields: parts.fields, share: body.share)
            return
        }
        let body = try await reader.body(of: request, context: context)
        try self.init(request, form: body)
    }

    private init(
        image: ImageSource, fileName: String?, fields: [(name: String, value: String)], share: BodyShare
    ) {
        self.image = image
        self.fileName = fileName
        self.fields = fields
        self.share = share
    }

    private init(_ request: Request, form: ReceivedBody) throws(ServiceError) {
        let body = form.bytes
        let parts = try Parts(request, body: body)
        guard parts.files.count <= 1 else {
            throw ServiceError(
                .badRequest, "several_images", "the form has \(parts.files.count) files; send one with each request")
        }
        guard let file = parts.files.first else {
            throw ServiceError(.badRequest, "no_image", "the form has no file; add one as the field 'image'")
        }
        self.init(
            image: ImageSource(bytes: body[file.range]), fileName: file.name, fields: parts.fields, share: form.share)
    }

    /// The files and the fields of a request.
    struct Parts: Sendable {
        /// Each file's name as the client gave it, and its place in the body.
        var files: [(name: String?, range: Range<Int>)] = []
        /// The parameters of query and form.
        var fields: [(name: String, value: String)]

        /// Reads the query and the body.
        /// - Throws: `bad_query`, `bad_form`, `no_image`.
        init(_ request: Request, body: [UInt8]) throws(ServiceError) {
            fields = try ImageRequest.query(of: request)
            let type = Self.type(of: request)
            guard let type, type.value == "multipart/form-data" else {
                // curl says so of every body that it is not told the type of.
                if type?.value == "application/x-www-form-urlencoded", Self.isForm(body) { throw Self.noImage }
                let name = request.headers[.contentDisposition].flatMap { HeaderValue($0)?.parameters["filename"] }
                files = [(name, body.indices)]
                return
            }
            let form: MultipartForm
            do throws(MultipartForm.Fault) {
                form = try MultipartForm(body, boundary: type.parameters["boundary"] ?? "")
            } catch {
                throw ImageRequest.badForm(error)
            }
            for part in form.parts {
                if part.fileName != nil || part.name == "image" {
                    files.append((part.fileName, part.range))
                    continue
                }
                guard part.range.count <= 4096, let value = String(validating: body[part.range], as: UTF8.self) else {
                    throw .invalidParameter(
                        String(part.name.prefix(64)), "is no text of a parameter; give a short one in UTF-8")
                }
                fields.append((part.name, value))
            }
        }

        private static func type(of request: Request) -> HeaderValue? {
            request.headers[.contentType].flatMap { HeaderValue($0) }
        }

        /// True for a form with files.
        static func isMultipart(_ request: Request) -> Bool { type(of: request)?.value == "multipart/form-data" }

        /// True for the text that a form of this type is; no image begins with so much of it.
        private static func isForm(_ body: [UInt8]) -> Bool {
            body.prefix(512).allSatisfy { (0x20...0x7E).contains($0) }
        }

        private static let noImage = ServiceError(
            .unsupportedMediaType, "no_image",
            "a form of the type application/x-www-form-urlencoded carries no image; send the image as the body, or "
                + "multipart/form-data (curl: --data-binary @photo.jpg -H 'Content-Type: image/jpeg', or -F "
                + "image=@photo.jpg)")
    }

    /// The parameters in a request's address, each once: of two with one name neither may be meant.
    /// - Throws: `bad_query`, `invalid_parameter`.
    static func query(of request: Request) throws(ServiceError) -> [(name: String, value: String)] {
        guard let query = request.uri.query else { return [] }
        guard let fields = FormText.fields(query) else {
            throw ServiceError(
                .badRequest, "bad_query", "the query is not percent-encoded UTF-8; encode its names and values")
        }
        var names: Set<String> = []
        for (name, _) in fields where !names.insert(name).inserted { throw .repeatedParameter(name) }
        return fields
    }

    /// The parameters in the address of a request that takes these only.
    /// - Throws: `bad_query`, `invalid_parameter`, `unknown_parameter`.
    static func query(of request: Request, among names: [String]) throws(ServiceError) -> [String: String] {
        var values: [String: String] = [:]
        for (name, value) in try query(of: request) {
            guard names.contains(name) else { throw .unknownParameter(name, among: names) }
            values[name] = value
        }
        return values
    }

    private static func badForm(_ fault: MultipartForm.Fault) -> ServiceError {
        let problem =
            switch fault {
            case .missingBoundary: "its boundary is not in the Content-Type field, or not in the body"
            case .notClosed: "it ends before its last boundary"
            case .badHeader: "a part's header cannot be read"
            case .missingName: "a part has no Content-Disposition with a name"
            case .tooManyParts: "it has more than \(MultipartForm.maximumParts) parts"
            case .headerTooLarge: "a part's header is longer than \(MultipartForm.maximumHeaderBytes) bytes"
            }
        return ServiceError(
            .badRequest, "bad_form", "the form cannot be read: \(problem); send multipart/form-data as RFC 7578 has it")
    }
}

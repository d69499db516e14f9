// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import Logging
import SnugLedger
import SnugSystem

/// `/v1/uploads`: uploads that can be resumed (tus 1.0.0 with creation, expiration, checksum and termination).
struct UploadRoutes: Sendable {
    static let version = "1.0.0"
    private static let contentType = "application/offset+octet-stream"

    let desk: UploadDesk

    /// The handlers' addresses.
    var routes: [Route] {
        [
            Route(.options, "/v1/uploads", options), Route(.post, "/v1/uploads", answering(create)),
            Route(.options, "/v1/uploads/{id}", options), Route(.head, "/v1/uploads/{id}", answering(look)),
            Route(.patch, "/v1/uploads/{id}", answering(append)), Route(.delete, "/v1/uploads/{id}", answering(end)),
            Route(.post, "/v1/uploads/{id}", answering(override)),
        ]
    }

    /// Tells what the server can do.
    @Sendable private func options(_ request: Request, _ context: ServerContext) async throws -> Response {
        Response(
            status: .noContent,
            headers: [
                .tusResumable: Self.version, .known("Tus-Version"): Self.version,
                .known("Tus-Extension"): "creation,expiration,checksum,termination",
                .known("Tus-Max-Size"): String(desk.maximumBytes),
                .known("Tus-Checksum-Algorithm"): UploadChecksum.algorithms.joined(separator: ","),
            ])
    }

    /// A handler whose responses, also those of errors, are in the protocol's version.
    private func answering(
        _ handler: @escaping @Sendable (Request, ServerContext) async throws -> Response
    ) -> @Sendable (Request, ServerContext) async throws -> Response {
        { request, context in
            do {
                guard request.headers[.tusResumable] == Self.version else {
                    var error = ServiceError(
                        .preconditionFailed, "tus_version",
                        "the request is not of version \(Self.version) of the tus protocol; send 'Tus-Resumable: "
                            + "\(Self.version)'")
                    error.fields[.known("Tus-Version")] = Self.version
                    throw error
                }
                var response = try await handler(request, context)
                response.headers[.tusResumable] = Self.version
                return response
            } catch var error as ServiceError {
                error.fields[.tusResumable] = Self.version
                throw error
            }
        }
    }

    // MARK: Handlers

    /// Begins an upload. The query has the options of the job that it becomes.
    @Sendable private func create(_ request: Request, _ context: ServerContext) async throws -> Response {
        let fields = try ImageRequest.query(of: request)
        _ = try FitOrder(fields)
        guard let length = request.headers[.known("Upload-Length")].flatMap({ Int($0) }), length > 0 else {
            throw ServiceError.invalidParameter(
                "Upload-Length", "is no number of bytes above 0; tell the file's length at the beginning")
        }
        guard length <= desk.maximumBytes else {
            throw ServiceError(
                .contentTooLarge, "body_too_large",
                "the file has \(length) bytes and this server takes \(desk.maximumBytes); send a smaller file, or raise "
                    + "--max-upload",
                details: ["limit_bytes": .integer(desk.maximumBytes), "body_bytes": .integer(length)])
        }
        let metadata = request.headers[.known("Upload-Metadata")]
        let values = try UploadMetadata.values(metadata ?? "")
        let upload = ReceivedUpload(
            length: length, name: OutputFileName(values["filename"] ?? values["name"]).whole, fields: fields,
            metadata: metadata)
        let end = try await desk.create(upload)
        return Response(
            status: .created,
            headers: [
                .location: OwnAddress.location("/v1/uploads/\(upload.id)", for: request),
                .uploadExpires: Self.date(end),
            ])
    }

    /// Tells how far an upload is.
    @Sendable private func look(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (upload, end) = try await desk.upload(Self.id(context))
        var fields = Self.fields(upload, end)
        fields[.known("Upload-Length")] = String(upload.length)
        fields[.known("Upload-Metadata")] = upload.metadata
        fields[.cacheControl] = "no-store"
        return Response(status: .ok, headers: fields)
    }

    /// Takes the next part; the last one makes the upload a job.
    @Sendable private func append(_ request: Request, _ context: ServerContext) async throws -> Response {
        guard request.headers[.contentType].flatMap({ HeaderValue($0)?.value }) == Self.contentType else {
            throw Self.closing(
                ServiceError(
                    .unsupportedMediaType, "bad_content_type", "the body's type is not \(Self.contentType); send that"))
        }
        guard let offset = request.headers[.uploadOffset].flatMap({ Int($0) }), offset >= 0 else {
            throw Self.closing(.invalidParameter("Upload-Offset", "is no number of bytes; send where the body begins"))
        }
        let checksum = try request.headers[.known("Upload-Checksum")].map { text throws(ServiceError) in
            do throws(ServiceError) { return try UploadChecksum(text) } catch { throw Self.closing(error) }
        }
        let id = Self.id(context)
        let desk = desk
        let upload = try await desk.locked(id) {
            var (upload, _) = try await desk.upload(id)
            guard offset == upload.offset else {
                var error = ServiceError(
                    .conflict, "offset_mismatch",
                    "the upload has \(upload.offset) bytes and the body begins at \(offset); ask for the offset by HEAD",
                    details: ["offset": .integer(upload.offset)])
                error.fields[.uploadOffset] = String(upload.offset)
                throw Self.closing(error)
            }
            guard upload.job == nil else { return upload }
            var writer = try await UploadWriter(desk, upload, checksum: checksum)
            upload = try await writer.receive(request)
            guard upload.isWhole else { return upload }
            do { return try await desk.submit(upload) } catch {
                // The bytes are safe: the next look through the uploads makes the job.
                context.logger.warning("upload becomes no job yet", metadata: ["reason": "\(error)"])
                return upload
            }
        }
        let end = try await desk.upload(id).end
        return Response(status: .noContent, headers: Self.fields(upload, end))
    }

    /// Gives an upload up.
    @Sendable private func end(_ request: Request, _ context: ServerContext) async throws -> Response {
        let id = Self.id(context)
        let desk = desk
        try await desk.locked(id) {
            _ = try await desk.upload(id)
            try await desk.remove(id)
        }
        return Response(status: .noContent)
    }

    /// Carries out the method that a client meant which cannot send it.
    @Sendable private func override(_ request: Request, _ context: ServerContext) async throws -> Response {
        switch request.headers[.known("X-HTTP-Method-Override")] {
        case "PATCH": return try await append(request, context)
        case "DELETE": return try await end(request, context)
        default:
            var error = ServiceError(
                .methodNotAllowed, "method_not_allowed", "POST is not for this address; use HEAD, PATCH or DELETE")
            error.fields = [.allow: "HEAD, PATCH, DELETE, OPTIONS"]
            throw error
        }
    }

    // MARK: Fields

    private static func id(_ context: ServerContext) -> String { context.parameters.get("id") ?? "" }

    private static func date(_ moment: LedgerInstant) -> String {
        DateText.of(seconds: moment.milliseconds / 1000)
    }

    private static func closing(_ error: ServiceError) -> ServiceError {
        var error = error
        error.closesConnection = true
        return error
    }

    private static func fields(_ upload: ReceivedUpload, _ end: LedgerInstant) -> HTTPFields {
        var fields: HTTPFields = [.uploadOffset: String(upload.offset), .uploadExpires: date(end)]
        fields[.known("Snug-Job")] = upload.job
        return fields
    }
}

extension HTTPField.Name {
    fileprivate static let tusResumable = known("Tus-Resumable")
    fileprivate static let uploadOffset = known("Upload-Offset")
    fileprivate static let uploadExpires = known("Upload-Expires")
}

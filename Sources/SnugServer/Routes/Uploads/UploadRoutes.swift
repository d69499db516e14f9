// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import Logging
import SnugLedger
import SnugSystem

/// `/v1/uploads`: uploads that can be resumed (tus 1.0.0 with the extensions in ``extensions``).
struct UploadRoutes: Sendable {
    static let version = "1.0.0"
    static let extensions = [
        "creation", "creation-with-upload", "creation-defer-length", "expiration", "checksum", "termination",
    ]
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
                .known("Tus-Extension"): Self.extensions.joined(separator: ","),
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

    /// Begins an upload, and takes its first part where one comes with it. The query has the options of its job.
    @Sendable private func create(_ request: Request, _ context: ServerContext) async throws -> Response {
        let fields = try ImageRequest.query(of: request)
        _ = try desk.jobs.order(fields)
        let length = try UploadLength.ofNew(request.headers, maximum: desk.maximumBytes)
        let metadata = request.headers[.known("Upload-Metadata")]
        let values = try UploadMetadata.values(metadata ?? "")
        let checksum = try Self.checksum(of: request)
        let upload = ReceivedUpload(
            length: length, name: OutputFileName(values["filename"] ?? values["name"]).whole, fields: fields,
            metadata: metadata)
        let end = try await desk.create(upload)
        let place = OwnAddress.location("/v1/uploads/\(upload.id)", for: request)
        var response = Response(status: .created, headers: [.location: place])
        guard Self.hasPart(request) else {
            response.headers[.uploadExpires] = Self.date(end)
            return response
        }
        do {
            response.headers.append(
                contentsOf: try await receive(request, at: 0, of: upload.id, checksum, context.logger))
            return response
        } catch {
            // Nobody was told where it is.
            try? await desk.remove(upload.id)
            throw error
        }
    }

    /// Tells how far an upload is.
    @Sendable private func look(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (upload, end) = try await desk.upload(Self.id(context))
        var fields = Self.fields(upload, end)
        if let length = upload.length {
            fields[.uploadLength] = String(length)
        } else {
            fields[.uploadDeferLength] = "1"
        }
        fields[.known("Upload-Metadata")] = upload.metadata
        fields[.cacheControl] = "no-store"
        if upload.isWhole, upload.job == nil {
            do throws(ServiceError) { _ = try desk.jobs.order(upload.fields.map { ($0.name, $0.value) }) } catch {
                fields[.snugError] = error.code
            }
        }
        return Response(status: .ok, headers: fields)
    }

    /// Takes the next part; the last one makes the upload a job.
    @Sendable private func append(_ request: Request, _ context: ServerContext) async throws -> Response {
        guard Self.hasPart(request) else {
            throw Self.closing(
                ServiceError(
                    .unsupportedMediaType, "bad_content_type", "the body's type is not \(Self.contentType); send that"))
        }
        guard let offset = request.headers[.uploadOffset].flatMap({ Int($0) }), offset >= 0 else {
            throw Self.closing(.invalidParameter("Upload-Offset", "is no number of bytes; send where the body begins"))
        }
        let checksum = try Self.checksum(of: request)
        let fields = try await receive(request, at: offset, of: Self.id(context), checksum, context.logger)
        return Response(status: .noContent, headers: fields)
    }

    /// Takes the body of a request as the part of an upload that begins at an offset.
    /// - Returns: The fields that tell how far the upload is then.
    private func receive(
        _ request: Request, at offset: Int, of id: String, _ checksum: UploadChecksum?, _ logger: Logger
    ) async throws -> HTTPFields {
        let desk = desk
        let upload = try await desk.locked(id) {
            var (upload, _) = try await desk.upload(id)
            guard offset == upload.offset else { throw Self.mismatch(offset, upload) }
            guard upload.job == nil else {
                try await Self.requireNoBytes(in: request)
                return upload
            }
            upload.length = try await self.length(of: upload, request)
            var writer = try await UploadWriter(desk, upload, checksum: checksum)
            upload = try await writer.receive(request)
            guard upload.isWhole else { return upload }
            do { return try await desk.submit(upload) } catch let error as ServiceError where error.status.code < 500 {
                // The bytes are safe, and no look through the uploads changes what is wrong.
                throw error
            } catch {
                // The bytes are safe: the next look through the uploads makes the job.
                logger.warning("upload becomes no job yet", metadata: ["reason": "\(error)"])
                return upload
            }
        }
        return Self.fields(upload, try await desk.upload(id).end)
    }

    /// Refuses the bytes of a part that begins at the end of an upload.
    private static func requireNoBytes(in request: Request) async throws {
        let announced = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        if announced > 0 { throw beyondEnd }
        for try await chunk in request.body where chunk.readableBytes > 0 { throw beyondEnd }
    }

    private static let beyondEnd = closing(
        ServiceError(.contentTooLarge, "upload_too_long", "the upload is whole already; begin another upload"))

    /// The length of an upload, with what a request tells of it.
    private func length(of upload: ReceivedUpload, _ request: Request) async throws -> Int? {
        let length: Int?
        do throws(ServiceError) {
            length = try UploadLength.of(upload, request.headers, maximum: desk.maximumBytes)
        } catch { throw Self.closing(error) }
        guard upload.length == nil else { return length }
        // Room for it was not asked for when the upload began.
        let part = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        try await desk.requireRoom(for: length.map { $0 - upload.offset } ?? part)
        return length
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

    /// True for a request whose body is a part of an upload.
    private static func hasPart(_ request: Request) -> Bool {
        request.headers[.contentType].flatMap { HeaderValue($0)?.value } == contentType
    }

    private static func checksum(of request: Request) throws(ServiceError) -> UploadChecksum? {
        guard let text = request.headers[.known("Upload-Checksum")] else { return nil }
        do throws(ServiceError) { return try UploadChecksum(text) } catch { throw closing(error) }
    }

    private static func mismatch(_ offset: Int, _ upload: ReceivedUpload) -> ServiceError {
        var error = ServiceError(
            .conflict, "offset_mismatch",
            "the upload has \(upload.offset) bytes and the body begins at \(offset); ask for the offset by HEAD",
            details: ["offset": .integer(upload.offset)])
        error.fields[.uploadOffset] = String(upload.offset)
        return closing(error)
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
    fileprivate static let uploadExpires = known("Upload-Expires")
}

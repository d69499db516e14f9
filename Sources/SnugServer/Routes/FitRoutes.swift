// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SnugImage
import SnugPipeline
import SnugSystem

/// `POST /v1/fit`, `POST /v1/inspect`, and what they take.
struct FitRoutes: Sendable {
    let reader: BodyReader
    let work: FitWork

    /// Fits the image of a request.
    @Sendable func fit(_ request: Request, _ context: ServerContext) async throws -> Response {
        // Before the body comes: neither a wrong parameter nor a refusal need wait for it.
        _ = try FitOrder(try ImageRequest.query(of: request))
        try work.checkRoom(context)
        let (result, share) = try await fitted(request, context)
        return try Self.response(result, asJSON: Self.wantsJSON(request), share, context)
    }

    /// - Returns: The result, and the share of the body, which is free for it.
    private func fitted(_ request: Request, _ context: ServerContext) async throws -> (FitWork.Result, BodyShare) {
        let input = try await ImageRequest(request, context, reader)
        let order = try FitOrder(input.fields)
        return (
            try await work.fit(input.image, named: input.fileName, order: order, context: context), input.share
        )
    }

    /// Reads the header of an image, and plans its fit.
    @Sendable func inspect(_ request: Request, _ context: ServerContext) async throws -> Response {
        let input = try await ImageRequest(request, context, reader)
        let order = try FitOrder(input.fields)
        let inspection = try await Inspection.read(
            input.image, named: OutputFileName(input.fileName).stem, limits: order.acceptedLimits,
            policy: order.policy)
        if let error = inspection.error { throw error }
        return .json(inspection.json(target: order.target))
    }

    /// The profiles that the parameter `for` takes.
    @Sendable func profiles(_ request: Request, _ context: ServerContext) async throws -> Response {
        .json(["profiles": .array(TargetProfile.all.map(\.json))])
    }

    private static func response(
        _ result: FitWork.Result, asJSON: Bool, _ share: BodyShare, _ context: ServerContext
    ) throws -> Response {
        var fields = ReportFields.fields(result.json, warnings: result.image.warnings)
        guard !asJSON else {
            var value = result.json
            value.append("media_type", .text(result.image.format.mediaType))
            value.append("data", .text(Data(result.bytes).base64EncodedString()))
            fields[.contentType] = "application/json"
            return try Response(headers: fields, bytes: Array("\(value)\n".utf8), share, context)
        }
        fields[.contentType] = result.image.format.mediaType
        fields[.contentDisposition] = result.name.disposition(as: result.image.format)
        return try Response(headers: fields, bytes: result.bytes, share, context)
    }

    /// True when the client asks for JSON.
    static func wantsJSON(_ request: Request) -> Bool {
        (request.headers[.accept] ?? "").lowercased().split(separator: ",").contains { range in
            HeaderValue(String(range).trimmingSpaces)?.value == "application/json"
        }
    }
}

extension Channel {
    /// Returns once the channel has what was written to it: only then does the next write know whether there is room, and
    /// wait for it.
    func takeWrites() async throws { try await eventLoop.submit {}.get() }
}

extension String {
    /// The text without spaces and tabs at its ends.
    var trimmingSpaces: String { self[...].trimmed }
}

extension Response {
    /// Bytes, written piece by piece as the client takes them, which may take it long.
    /// - Parameters:
    ///   - headers: The header fields.
    ///   - bytes: The body.
    ///   - share: Is made the body's, and kept until the last byte has gone.
    ///   - context: The request's.
    /// - Throws: `overloaded`.
    init(
        headers: HTTPFields, bytes: [UInt8], _ share: BodyShare, _ context: ServerContext
    ) throws(ServiceError) {
        try share.settle(at: bytes.count)
        let body = ResponseBody(contentLength: bytes.count) { writer in
            var position = 0
            while position < bytes.count {
                let end = min(bytes.count, position + (128 << 10))
                try await writer.write(ByteBuffer(bytes: bytes[position..<end]))
                try await context.channel.takeWrites()
                position = end
            }
            try await writer.finish(nil)
            withExtendedLifetime(share) {}
        }
        self.init(status: .ok, headers: headers, body: body)
    }
}

// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import SnugImage
import SnugSystem
import Synchronization

/// `POST /shrink` and its results, in the convention of the Tinify API: their client libraries work with another host.
final class ShrinkRoutes: Sendable {
    /// An image that was sent, and what became of it.
    struct Shrunk: Sendable {
        var input: [UInt8]
        var output: [UInt8]
        var format: ImageFormat
        var width: Int
        var height: Int
    }

    private let reader: BodyReader
    private let work: FitWork
    private let store: ResultStore<Shrunk>
    private let count = Mutex(0)

    init(reader: BodyReader, work: FitWork, store: ResultStore<Shrunk>) {
        self.reader = reader
        self.work = work
        self.store = store
    }

    /// Makes an image smaller, and tells where it is.
    @Sendable func shrink(_ request: Request, _ context: ServerContext) async throws -> Response {
        try work.checkRoom(context)
        let body = try await reader.body(of: request, context: context)
        if request.headers[.contentType].flatMap({ HeaderValue($0)?.value }) == "application/json" {
            throw ServiceError(
                .badRequest, "source_not_supported",
                "this server fetches no images from other addresses; send the image itself as the body")
        }
        let order = try FitOrder(try ImageRequest.query(of: request))
        let isUsual = request.uri.query?.isEmpty ?? true
        let result = try await fit(body.bytes, isUsual ? try ShrinkOrder.usual : [order], context)
        let shrunk = Shrunk(
            input: body.bytes, output: result.bytes, format: result.image.format, width: result.image.width,
            height: result.image.height)
        guard let key = store.put(shrunk, bytes: shrunk.input.count + shrunk.output.count) else {
            throw ServiceError(
                .contentTooLarge, "body_too_large",
                "the image is too large to be kept for you; POST /v1/fit returns it at once")
        }
        let input = result.image.header.format
        let ratio = Double(shrunk.output.count) / Double(max(1, shrunk.input.count))
        var response = Response.json(
            [
                "input": ["size": .integer(shrunk.input.count), "type": .text(input.mediaType)],
                "output": [
                    "size": .integer(shrunk.output.count), "type": .text(shrunk.format.mediaType),
                    "width": .integer(shrunk.width), "height": .integer(shrunk.height),
                    "ratio": .number((ratio * 10_000).rounded() / 10_000), "url": .text("/output/\(key)"),
                ],
            ], status: .created)
        // Without a host: clients put the address before it that they know, whatever stands between.
        response.headers[.location] = "/output/\(key)"
        response.headers[.compressionCount] = String(counted())
        return response
    }

    /// A result as it is.
    @Sendable func output(_ request: Request, _ context: ServerContext) async throws -> Response {
        let shrunk = try result(context)
        return try Self.response(
            shrunk.output, format: shrunk.format, width: shrunk.width, height: shrunk.height,
            count: count.withLock { $0 }, BodyShare(reader.budget), context)
    }

    /// Another form of a result, made of the image that was sent.
    @Sendable func convert(_ request: Request, _ context: ServerContext) async throws -> Response {
        let shrunk = try result(context)
        let body = try await reader.body(of: request, context: context)
        guard let value = JSONValue(parsing: body.bytes) else {
            throw ServiceError(.badRequest, "bad_json", "the body is no JSON; send an object such as {\"resize\": {…}}")
        }
        let made = try await fit(shrunk.input, try ShrinkOrder.orders(value), context)
        return try Self.response(
            made.bytes, format: made.image.format, width: made.image.width, height: made.image.height,
            count: counted(), body.share, context)
    }

    private func counted() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }

    private func result(_ context: ServerContext) throws(ServiceError) -> Shrunk {
        guard let shrunk = store.get(context.parameters.get("key") ?? "") else {
            throw ServiceError(
                .notFound, "no_such_result", "there is no such result, or no longer; send the image to /shrink again")
        }
        return shrunk
    }

    /// Fits by the first order that an image comes under.
    private func fit(_ bytes: [UInt8], _ orders: [FitOrder], _ context: ServerContext) async throws -> FitWork.Result {
        let source = ImageSource(bytes: bytes)
        for order in orders.dropLast() {
            do {
                return try await work.fit(source, named: nil, order: order, context: context)
            } catch let error as ImageError where error.code == .cannotFit {
                continue
            }
        }
        return try await work.fit(source, named: nil, order: orders.last ?? FitOrder([]), context: context)
    }

    private static func response(
        _ bytes: [UInt8], format: ImageFormat, width: Int, height: Int, count: Int, _ share: BodyShare,
        _ context: ServerContext
    ) throws(ServiceError) -> Response {
        let fields: HTTPFields = [
            .contentType: format.mediaType, .known("Image-Width"): String(width),
            .known("Image-Height"): String(height),
            .compressionCount: String(count),
        ]
        return try Response(headers: fields, bytes: bytes, share, context)
    }
}

extension HTTPField.Name {
    fileprivate static let compressionCount = known("Compression-Count")
}

// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import SnugImage
import SnugSystem
import SystemPackage

/// A whole body, with its share of the memory for bodies.
struct ReceivedBody: Sendable {
    var bytes: [UInt8]
    /// Given back with the last reference.
    let share: BodyShare
}

/// A whole body as an image, with its share of the memory for bodies.
struct ReceivedImage: Sendable {
    var source: ImageSource
    /// The first bytes.
    var start: [UInt8]
    /// Given back with the last reference.
    let share: BodyShare
}

/// Reads bodies within the server's bounds.
struct BodyReader: Sendable {
    let maximumBytes: Int
    let budget: BodyBudget
    /// Takes the images in. A process that works on one may see what is left of earlier ones, as it would see those that
    /// come later.
    let memory: MemoryFilePool

    /// Reads the body of a request to its end.
    /// - Throws: `body_too_large`, `overloaded`; `CancellationError` when the client goes.
    func body(of request: Request, context: ServerContext) async throws -> ReceivedBody {
        var bytes: [UInt8] = []
        let most = Self.announced(by: request) ?? maximumBytes
        let share = try await read(request, context) { chunk in
            let count = bytes.count + chunk.readableBytes
            if count > bytes.capacity { bytes.reserveCapacity(min(most, max(count, bytes.capacity * 2))) }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        return ReceivedBody(bytes: bytes, share: share)
    }

    /// Reads the body of a request to its end, into memory that other processes read too: it is copied no more.
    /// - Throws: As ``body(of:context:)``.
    func image(of request: Request, context: ServerContext) async throws -> ReceivedImage {
        var start: [UInt8] = []
        do {
            let loan = try memory.take()
            let share = try await read(request, context) { chunk in
                try unsafe chunk.withUnsafeReadableBytes { bytes in
                    unsafe start.append(contentsOf: bytes.prefix(Self.startBytes - start.count))
                    try unsafe loan.file.append(bytes)
                }
            }
            return ReceivedImage(source: ImageSource(sharing: loan), start: start, share: share)
        } catch let error as Errno {
            context.logger.error("body cannot be kept", metadata: ["reason": "\(error)"])
            throw Self.noMemory
        }
    }

    private static let startBytes = 512

    private static var noMemory: ServiceError {
        var error = ServiceError(
            .serviceUnavailable, "overloaded", "there is no memory for the body now; try again in 1 s")
        error.retryAfter = .seconds(1)
        error.closesConnection = true
        return error
    }

    private static func announced(by request: Request) -> Int? {
        request.headers[.contentLength].flatMap { Int($0) }
    }

    /// Reads a body piece by piece.
    /// - Returns: The body's share of the memory.
    private func read(
        _ request: Request, _ context: ServerContext, _ take: (ByteBuffer) throws -> Void
    ) async throws -> BodyShare {
        let share = BodyShare(budget)
        let announced = Self.announced(by: request)
        if let announced, announced > maximumBytes { throw tooLarge(announced) }
        var count = 0
        do {
            for try await chunk in request.body {
                let before = count
                count += chunk.readableBytes
                guard count <= maximumBytes else { throw tooLarge(nil) }
                // With what has come: a length that is announced takes no room from bodies that do come.
                try share.grow(to: min(announced ?? maximumBytes, max(count, before * 2)))
                try take(chunk)
            }
        } catch let error as ServiceError {
            throw error
        } catch let error as HTTPParserError {
            // Whoever reads the connection answers to what is no HTTP.
            throw error
        } catch let error as Errno {
            throw error
        } catch {
            // The connection ended: nobody waits for a response.
            throw CancellationError()
        }
        context.record.set(\.receiving, ContinuousClock.now - context.arrival)
        if let announced, count < announced { throw CancellationError() }
        return share
    }

    private func tooLarge(_ announced: Int?) -> ServiceError {
        var error = ServiceError(
            .contentTooLarge, "body_too_large",
            "the body \(announced.map { "has \($0) bytes" } ?? "is longer") and this server takes \(maximumBytes) "
                + "(\(ByteCount(maximumBytes))); send a smaller file, or raise --max-body",
            details: ["limit_bytes": .integer(maximumBytes), "body_bytes": .optional(announced)])
        error.closesConnection = true
        return error
    }
}

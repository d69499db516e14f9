// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import SnugImage
import SnugSystem

/// A whole body, with its share of the memory for bodies.
struct ReceivedBody: Sendable {
    var bytes: [UInt8]
    /// Given back with the last reference.
    let share: ReceivingShare
}

/// Reads bodies within the server's bounds.
struct BodyReader: Sendable {
    let maximumBytes: Int
    let budget: ReceivingBudget

    /// Reads the body of a request to its end.
    /// - Throws: `body_too_large`, `overloaded`; `CancellationError` when the client goes.
    func body(of request: Request, context: ServerContext) async throws -> ReceivedBody {
        let share = ReceivingShare(budget)
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        if let announced {
            guard announced <= maximumBytes else { throw tooLarge(announced) }
            try share.grow(to: announced)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(announced ?? 0)
        do {
            for try await chunk in request.body {
                let count = bytes.count + chunk.readableBytes
                guard count <= maximumBytes else { throw tooLarge(nil) }
                if announced == nil { try share.grow(to: min(maximumBytes, max(count, bytes.count * 2))) }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
        } catch let error as ServiceError {
            throw error
        } catch let error as HTTPParserError {
            // Whoever reads the connection answers to what is no HTTP.
            throw error
        } catch {
            // The connection ended: nobody waits for a response.
            throw CancellationError()
        }
        context.record.set(\.receiving, ContinuousClock.now - context.arrival)
        if let announced, bytes.count < announced { throw CancellationError() }
        return ReceivedBody(bytes: bytes, share: share)
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

// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import SnugImage
import SnugLedger
import SnugPipeline

/// Turns every outcome into a response in our shape, and counts, times and logs it.
struct OutcomeMiddleware: RouterMiddleware {
    let metrics: ServerMetrics

    func handle(
        _ request: Request, context: ServerContext, next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = Response(try Self.serviceError(of: error, request, context))
        }
        let phases = context.record.phases
        if !phases.measured.isEmpty { response.headers[.serverTiming] = phases.serverTiming }
        SecurityFields.add(to: &response)
        // Errors too: a body after a response to HEAD would be read as the next response.
        if request.method == .head { response = response.createHeadResponse() }
        let duration = ContinuousClock.now - context.arrival
        let (route, status) = (context.endpointPath ?? "none", response.status.code)
        let code = response.headers[.snugError]
        metrics.record(route: route, method: request.method, status: status, error: code, after: duration)
        metrics.record(phases)
        context.logger.log(
            level: status >= 500 ? .warning : .debug, "request answered",
            metadata: [
                "route": "\(route)", "method": "\(request.method.rawValue)", "status": "\(status)",
                "seconds": "\(duration / .seconds(1))", "code": "\(code ?? "")",
            ])
        return response
    }

    private static func serviceError(
        of error: any Error, _ request: Request, _ context: ServerContext
    ) throws -> ServiceError {
        switch error {
        case let error as ServiceError: return error
        case let error as ImageError: return ServiceError(error)
        case let error as LedgerError: return ServiceError(error)
        case let error as DaemonError: return ServiceError(error)
        case HTTPParserError.invalidEOFState, is CancellationError: return .clientGone
        // Whoever reads the connection answers it, and counts it.
        case is HTTPParserError: throw error
        case let error as any HTTPResponseError where error.status == .notFound:
            return ServiceError(
                .notFound, "no_such_route", "there is nothing at this address; GET /openapi.yaml lists what there is")
        case let error as any HTTPResponseError:
            return ServiceError(error.status, "bad_request", "the request cannot be read; check its form")
        default:
            if context.channel.isActive == false { return .clientGone }
            context.logger.error("request failed unexpectedly", metadata: ["reason": "\(error)"])
            return ServiceError(
                .internalServerError, "internal_error", "the request failed unexpectedly; the server's log says why")
        }
    }
}

extension ServiceError {
    /// An error of the daemon: the fault is the server's, or passes.
    init(_ error: DaemonError) {
        self.init(.serviceUnavailable, error.code.description, error.message)
        retryAfter = .seconds(error.code == .notRunning ? 1 : 30)
    }

    /// An error of the ledger.
    init(_ error: LedgerError) {
        switch error.code {
        case .notFound: self.init(.notFound, error.code.description, error.message)
        case .notAllowed: self.init(.conflict, error.code.description, error.message)
        default:
            self.init(.serviceUnavailable, error.code.description, error.message)
            retryAfter = .seconds(5)
        }
    }
}

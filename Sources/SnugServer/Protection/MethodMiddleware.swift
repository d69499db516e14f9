// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import SnugSystem

/// Refuses methods that no address here takes, so that they are not mistaken for an address that does not exist.
struct MethodMiddleware: RouterMiddleware {
    /// The methods that some address takes.
    static let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]

    func handle(
        _ request: Request, context: ServerContext, next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard !Self.known.contains(request.method) else { return try await next(request, context) }
        let allowed = Self.known.map(\.rawValue).joined(separator: ", ")
        var error = ServiceError(
            .methodNotAllowed, "method_not_allowed",
            "\(PrintableName.escaped(String(request.method.rawValue.prefix(40)))) is for no address here; use \(allowed)"
        )
        error.fields = [.allow: allowed]
        throw error
    }
}

// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird

/// Lets in requests that show the token; probes of health, and the page itself, need none.
struct TokenMiddleware: RouterMiddleware {
    let token: BearerToken?

    func handle(
        _ request: Request, context: ServerContext, next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let token, !Routes.isOpen(context.endpointPath) else { return try await next(request, context) }
        guard let shown = request.headers[.authorization] else {
            throw Self.refusal("token_missing", "this server needs a token; send 'Authorization: Bearer TOKEN'")
        }
        guard token.isShown(in: shown) else {
            throw Self.refusal("token_wrong", "the token is not this server's; check the Authorization field")
        }
        return try await next(request, context)
    }

    private static func refusal(_ code: String, _ message: String) -> ServiceError {
        var error = ServiceError(.unauthorized, code, message)
        error.fields = [.wwwAuthenticate: "Bearer realm=\"snug\""]
        error.closesConnection = true
        return error
    }
}

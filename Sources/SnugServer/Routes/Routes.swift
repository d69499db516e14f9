// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird

/// A method and a path, and what happens there.
struct Route: Sendable {
    let method: HTTPRequest.Method
    /// The path, with parameters in braces.
    let path: String
    let respond: @Sendable (Request, ServerContext) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String,
        _ respond: @escaping @Sendable (Request, ServerContext) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.respond = respond
    }
}

/// The addresses of a server.
enum Routes {
    /// Addresses that need no token, because they show nothing of the server's data: probes, and the files of the page.
    static let open = PageRoutes.paths.union(["/livez", "/readyz"])

    /// True for an address that needs no token.
    static func isOpen(_ path: String?) -> Bool { path.map { open.contains($0) } ?? false }

    /// Builds the responder of all routes, each behind the middlewares; other methods of their paths are 405.
    static func responder(
        _ routes: [Route], behind middlewares: [any MiddlewareProtocol<Request, Response, ServerContext>]
    ) -> RouterResponder<ServerContext> {
        let router = Router(context: ServerContext.self)
        for middleware in middlewares { router.add(middleware: middleware) }
        let groups: [String: [Route]] = Dictionary(grouping: routes) { $0.path }
        for (path, entries) in groups {
            var known = Set(entries.map { $0.method })
            for route in entries { add(to: router, route) }
            if let get = entries.first(where: { $0.method == .get }), known.insert(.head).inserted {
                add(
                    to: router,
                    Route(.head, path) { request, context in
                        try await get.respond(request, context).createHeadResponse()
                    })
            }
            let allowed = MethodMiddleware.known.filter(known.contains).map(\.rawValue).joined(separator: ", ")
            for method in MethodMiddleware.known where !known.contains(method) {
                add(to: router, Route(method, path) { _, _ in throw notAllowed(method, allowed) })
            }
        }
        return router.buildResponder()
    }

    private static func add(to router: Router<ServerContext>, _ route: Route) {
        let responder = CallbackResponder<ServerContext> { try await route.respond($0, $1) }
        router.on(RouterPath(route.path), method: route.method, responder: responder)
    }

    private static func notAllowed(_ method: HTTPRequest.Method, _ allowed: String) -> ServiceError {
        var error = ServiceError(
            .methodNotAllowed, "method_not_allowed", "\(method.rawValue) is not for this address; use \(allowed)")
        error.fields = [.allow: allowed]
        return error
    }
}

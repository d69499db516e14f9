// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import SnugSystem

/// Refuses requests that a stranger's page makes a browser send.
///
/// A page can point a name of its own at this machine (DNS rebinding): only addresses in numbers, localhost and configured
/// names count as this server's. And it can send forms across origins (CSRF): a request that names another origin is refused.
struct OriginMiddleware: RouterMiddleware {
    let hosts: Set<String>

    init(_ configuration: ServerConfiguration) {
        hosts = Set(configuration.hosts.map { $0.lowercased() }).union([configuration.listen.host.lowercased()])
    }

    func handle(
        _ request: Request, context: ServerContext, next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        // The first one stands for itself; proxies may go by another.
        guard request.headers[values: .known("Host")].isEmpty else {
            throw ServiceError(.badRequest, "bad_request", "the request names several hosts; send one Host field")
        }
        try check(authority: request.head.authority, origin: request.headers[.origin])
        if request.headers[.known("Sec-Fetch-Site")] == "cross-site" { throw Self.foreign("another site") }
        return try await next(request, context)
    }

    /// Checks who is meant, and who asks.
    /// - Throws: `unknown_host`, `foreign_origin`.
    func check(authority: String?, origin: String?) throws(ServiceError) {
        guard let authority, let (host, _) = HostName.split(authority), isOurs(host.lowercased()) else {
            throw ServiceError(
                .misdirectedRequest, "unknown_host",
                "'\(PrintableName.escaped(String((authority ?? "").prefix(100))))' is no name of this server; use its "
                    + "address, or allow the name with --allow-host")
        }
        guard let origin else { return }
        // Both are compared as text: the scheme's default port is left out of both.
        let parts = origin.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, ["http:", "https:"].contains(parts[0].lowercased()), parts[1].isEmpty,
            parts[2].lowercased() == authority.lowercased()
        else { throw Self.foreign(PrintableName.escaped(String(origin.prefix(100)))) }
    }

    private func isOurs(_ host: String) -> Bool {
        HostName.isAddress(host) || host == "localhost" || hosts.contains(host)
    }

    private static func foreign(_ origin: String) -> ServiceError {
        ServiceError(
            .forbidden, "foreign_origin",
            "the request comes from a page of \(origin); only pages of this server itself may send requests")
    }
}

// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Logging in, and the tokens that come of it.
extension ElumentaService {
    func session(_ request: Request, route: [String]) throws(ElumentaError) -> Reply {
        guard request.method == "POST", route.count == 2,
            let body = JSON.parse(request.body)?.object ?? emptyBody(request)
        else { throw .badRequest }
        switch route[1] {
        case "login": return try login(body)
        case "refresh": return try refresh(request, body)
        default: throw ElumentaError(status: 404, code: "not_found", message: "Not simulated: \(route[1])")
        }
    }

    /// A refresh may carry its token in a cookie and no body at all.
    private func emptyBody(_ request: Request) -> [String: JSON]? { request.body.isEmpty ? [:] : nil }

    private func login(_ body: [String: JSON]) throws(ElumentaError) -> Reply {
        let now = world.clock.seconds
        let settings = world.configuration.elumenta
        return try state.withLock { state throws(ElumentaError) in
            guard
                let account = state.accounts.values.first(where: {
                    $0.settings.email == body["email"]?.text && $0.settings.password == body["password"]?.text
                })
            else { throw .notAuthenticated }
            let tokens = state.newTokens(for: account.settings.name, now: now, settings: settings)
            let user: JSON = [
                "id": 1, "name": .text(account.settings.name), "plan": .text(account.settings.plan.rawValue),
                "token_balance": .integer(account.balance),
            ]
            return Reply(
                200,
                json: [
                    "access_token": .text(tokens.access), "refresh_token": .text(tokens.refresh),
                    "token_type": "bearer", "expires_in": .integer(settings.accessTokenLifetime), "user": user,
                ])
        }
    }

    /// Rotates: the token that was used never works again, and neither do the access tokens it replaced.
    private func refresh(_ request: Request, _ body: [String: JSON]) throws(ElumentaError) -> Reply {
        let now = world.clock.seconds
        let settings = world.configuration.elumenta
        let cookie = (request.headers["Cookie"] ?? "").split(separator: ";").map { String($0).trimmedBlanks }
            .first { $0.hasPrefix("refresh_token=") }.map { String($0.dropFirst("refresh_token=".count)) }
        return try state.withLock { state throws(ElumentaError) in
            guard let token = body["refresh_token"]?.text ?? cookie,
                let session = state.refreshTokens.removeValue(forKey: token), now < session.expiry
            else { throw .notAuthenticated }
            state.accessTokens = state.accessTokens.filter { $0.value.account != session.account }
            let tokens = state.newTokens(for: session.account, now: now, settings: settings)
            return Reply(
                200,
                ["Set-Cookie": "refresh_token=\(tokens.refresh); HttpOnly; Path=/api/v2/auth"],
                json: [
                    "access_token": .text(tokens.access), "refresh_token": .text(tokens.refresh),
                    "token_type": "bearer",
                ])
        }
    }
}

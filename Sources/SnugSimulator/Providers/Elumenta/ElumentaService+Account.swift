// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Balance, profile and history.
extension ElumentaService {
    func balance(_ account: String) -> Reply {
        let customer = state.withLock { $0.accounts[account] }
        return Reply(
            200,
            json: [
                "token_balance": .integer(customer?.balance ?? 0),
                "plan": .text(customer?.settings.plan.rawValue ?? "free"), "plan_expires_at": nil,
            ])
    }

    func user(_ request: Request, route: [String], account: String) throws(ElumentaError) -> Reply {
        switch (request.method, route.first ?? "", route.count) {
        case ("GET", "me", 1): return profile(account)
        case ("GET", "history", 1): return try history(request, account: account)
        case ("POST", "history", 3) where route[2] == "favorite":
            return try change(route[1], account: account) { $0.isFavourite.toggle() }
        case ("POST", "history", 3) where route[2] == "rate":
            guard let rating = JSON.parse(request.body)?["rating"]?.integer else {
                throw .validation([("rating", "Input should be an integer")])
            }
            return try change(route[1], account: account) { $0.rating = rating }
        case ("DELETE", "history", 2):
            return try change(route[1], account: account) { $0.isDeleted = true }
        default: throw ElumentaError(status: 404, code: "not_found", message: "No such endpoint")
        }
    }

    private func profile(_ account: String) -> Reply {
        let customer = state.withLock { $0.accounts[account] }
        let windows = customer?.settings.plan.windows
        return Reply(
            200,
            json: [
                "id": 1, "name": .text(account), "email": JSON(customer?.settings.email), "telegram_username": nil,
                "avatar_url": nil, "plan": .text(customer?.settings.plan.rawValue ?? "free"), "plan_expires_at": nil,
                "token_balance": .integer(customer?.balance ?? 0), "token_limit": 1000,
                "rate_limit_hourly": .integer(windows?.hour ?? 0), "rate_limit_daily": .integer(windows?.day ?? 0),
                "auth_methods": ["email"],
            ])
    }

    private func history(_ request: Request, account: String) throws(ElumentaError) -> Reply {
        let page = request.value("page").map { Int($0) ?? 0 } ?? 1
        let limit = request.value("limit").map { Int($0) ?? 0 } ?? 20
        guard page >= 1, page <= 1_000_000 else { throw .validation([("page", "Input should be at least 1")]) }
        guard (1...100).contains(limit) else { throw .validation([("limit", "Input should be between 1 and 100")]) }
        let jobs = state.withLock { $0.jobs }.reversed().filter { job in
            !job.isDeleted && job.account == account
                && job.model.slug == request.value("model_slug") ?? job.model.slug
                && job.model.category == request.value("category") ?? job.model.category
                && job.status == request.value("status") ?? job.status
                && (request.value("favorites_only") != "true" || job.isFavourite)
        }
        let items = jobs.dropFirst((page - 1) * limit).prefix(limit).map(item)
        return Reply(
            200,
            json: [
                "items": .array(items), "total": .integer(jobs.count), "page": .integer(page), "limit": .integer(limit),
            ])
    }

    private func item(_ job: ElumentaState.Job) -> JSON {
        let body = body(job)
        return [
            "id": job.identifier, "model_slug": .text(job.model.slug), "model_name": .text(job.model.name),
            "category": .text(job.model.category), "prompt": .text(job.prompt), "status": .text(job.status),
            "result_text": nil, "result_url": body["result_url"] ?? nil, "tokens_spent": body["tokens_spent"] ?? 0,
            "is_favorited": .bool(job.isFavourite), "user_rating": job.rating.map(JSON.integer) ?? .null,
            "created_at": .text(job.createdAt),
        ]
    }

    private func change(
        _ identifier: String, account: String, _ change: (inout ElumentaState.Job) -> Void
    ) throws(ElumentaError) -> Reply {
        try state.withLock { state throws(ElumentaError) in
            guard
                let index = state.jobs.firstIndex(where: {
                    identifier == "\($0.number)" || identifier == "gen_\($0.number)"
                }), state.jobs[index].account == account, !state.jobs[index].isDeleted
            else { throw .notFound }
            change(&state.jobs[index])
            return Reply(200, json: ["success": true])
        }
    }
}

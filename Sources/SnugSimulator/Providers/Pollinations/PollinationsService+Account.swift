// SPDX-License-Identifier: Apache-2.0

/// Balance, key and usage.
extension PollinationsService {
    func account(_ request: Request, _ route: String) throws(PollinationsError) -> Reply {
        let holder = try bank.holder(request)
        let name = holder.account.name
        switch route {
        case "balance":
            guard holder.account.mayReadUsage else { throw PollinationsError(403, "Missing scope account:usage") }
            return Reply(200, json: ["balance": .rounded(bank.balance(name))])
        case "key":
            let type: JSON = holder.isSecret ? "secret" : "publishable"
            return Reply(200, json: ["valid": true, "type": type, "name": .text(name), "owner": .text(name)])
        case "profile":
            return Reply(
                200,
                json: [
                    "githubUsername": .text(name), "image": nil, "tier": "seed",
                    "nextResetAt": .text(world.clock.iso8601(in: 3600)),
                ])
        case "usage":
            guard holder.account.mayReadUsage else { throw PollinationsError(403, "Missing scope account:usage") }
            return try usage(request, account: name, key: holder.key)
        default: throw PollinationsError(404, "Route not found")
        }
    }

    private func usage(_ request: Request, account: String, key: String) throws(PollinationsError) -> Reply {
        let limit = request.value("limit").map { Int($0) ?? 0 } ?? 100
        let days = request.value("days").map { Int($0) ?? 0 } ?? 30
        guard (1...50_000).contains(limit) else { throw .validation(["limit": "Expected 1 to 50000"]) }
        guard (1...90).contains(days) else { throw .validation(["days": "Expected 1 to 90"]) }
        // ISO 8601 in UTC sorts as text.
        let first = world.clock.iso8601(in: -days * 86_400)
        let before = request.value("before")
        let entries = world.ledger.snapshot(.pollinations).entries
            .filter { $0.account == account && !$0.isRefunded && $0.createdAt >= first }
            .filter { entry in before.map { entry.createdAt < $0 } ?? true }.reversed().prefix(limit)
        let kind = key.hasPrefix("sk_") ? "secret" : "publishable"
        if request.value("format") == "csv" {
            let rows = entries.map { "\($0.createdAt),generate.image,\($0.model),\(account),\(kind),paid,\($0.cost),0" }
            let head = "timestamp,type,model,api_key,api_key_type,meter_source,cost_usd,response_time_ms"
            return Reply(200, text: ([head] + rows).joined(separator: "\n") + "\n", contentType: "text/csv")
        }
        let rows = entries.map { entry -> JSON in
            [
                "timestamp": .text(entry.createdAt), "type": "generate.image", "model": .text(entry.model),
                "api_key": .text(account), "api_key_type": .text(kind), "meter_source": "paid",
                "output_image_tokens": 1, "cost_usd": .number(entry.cost), "response_time_ms": 0,
            ]
        }
        return Reply(200, json: ["usage": .array(rows), "count": .integer(rows.count)])
    }
}

// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem

extension ElumentaDialect {
    // MARK: Lost jobs

    static let historyLimit = 100
    /// Seconds by which a creation time may be before our sending it: both are cut to whole seconds, and clocks differ.
    static let clockTolerance = 5.0

    func history(of job: PreparedJob, page: Int) throws(GenerationError) -> ClientRequest? {
        var query = [(name: "page", value: String(page)), (name: "limit", value: String(Self.historyLimit))]
        if let model = job.model ?? traits.defaultModel { query.append((name: "model_slug", value: model)) }
        return try get(["user", "history"], query: query)
    }

    func findLost(_ job: PreparedJob, in response: ProviderResponse, known: Set<String>) -> HistoryFinding {
        guard (200...299).contains(response.status), let json = JSONValue(parsing: response.text),
            json["items"] != nil || !json.elements.isEmpty || json == .array([])
        else { return .unreadable }
        let items = json["items"]?.elements ?? json.elements
        let earliest = earliest(job, response)
        var matches: [String] = []
        var undated: [String] = []
        for item in items {
            guard let id = item["id"]?.identifier, !known.contains(id), matchesText(item, job) else { continue }
            guard let created = Timestamp.seconds(item["created_at"]) else {
                undated.append(id)
                continue
            }
            if created >= earliest { matches.append(id) }
        }
        // One without a time could be it, or could be years old.
        if matches.count == 1, undated.isEmpty { return .found(id: matches[0]) }
        guard matches.isEmpty, undated.isEmpty else { return .ambiguous(matches + undated) }
        return .notFound(hasMore: hasMore(json, items, earliest))
    }

    private func matchesText(_ item: JSONValue, _ job: PreparedJob) -> Bool {
        guard let prompt = item["prompt"]?.text, Self.normal(prompt) == Self.normal(job.request.prompt) else {
            return false
        }
        guard let model = item["model_slug"]?.text, let ours = job.model ?? traits.defaultModel else { return true }
        return model == ours
    }

    private static func normal(_ prompt: String) -> String { prompt.trimming(\.isWhitespace) }

    /// When ours can have been created at the earliest, by the provider's clock, which its `Date` tells.
    private func earliest(_ job: PreparedJob, _ response: ProviderResponse) -> Double {
        guard let submitted = job.submittedAt else { return 0 }
        let ahead = response.headers[.date].flatMap(HTTPDate.parse).map { $0 - wallClock() } ?? 0
        return Double(submitted + ahead) - Self.clockTolerance
    }

    /// The listing is the newest first: once it is older than ours, no further page can have it.
    private func hasMore(_ json: JSONValue, _ items: [JSONValue], _ earliest: Double) -> Bool {
        guard items.count > 0, let oldest = Timestamp.seconds(items.last?["created_at"]) else {
            return items.count >= Self.historyLimit
        }
        guard oldest >= earliest else { return false }
        guard let total = json["total"]?.amount, let page = json["page"]?.amount else {
            return items.count >= Self.historyLimit
        }
        return page * (json["limit"]?.amount ?? Double(Self.historyLimit)) < total
    }

    // MARK: Sessions

    func refresh(with token: Secret) throws(GenerationError) -> ClientRequest? {
        // One page of the documentation has it in the body, another in a cookie: both are sent.
        let body = try (["refresh_token": .text(token.reveal())] as JSONValue).encoded()
        var request = ClientRequest(
            .post, try endpoint.url(["auth", "refresh"]), headerFields: [.contentType: "application/json"],
            body: HTTPBody(bytes: body), clocks: shortClocks)
        try request.headerFields.set(.cookie, bearer: token, prefix: "refresh_token=")
        return request
    }

    func readTokens(_ response: ProviderResponse) throws(GenerationError) -> SessionTokens {
        if response.status == 401 {
            throw GenerationError(.notAuthenticated, "the session is over: log in again", status: 401)
        }
        let json = try json(response)
        guard let access = json["access_token"]?.text else {
            throw GenerationError(ResponseClassification.badResponse(response, "no access token"), now: wallClock())
        }
        let cookies = response.headers[values: .setCookie].compactMap { line in
            let pair = line.prefix { $0 != ";" }
            return pair.hasPrefix("refresh_token=") ? String(pair.dropFirst("refresh_token=".count)) : nil
        }
        let refresh = json["refresh_token"]?.text ?? cookies.first { !$0.isEmpty }
        return SessionTokens(access: Secret(access), refresh: refresh.map { Secret($0) })
    }

    // MARK: Catalogue and account

    func models() throws(GenerationError) -> ClientRequest { try get(["models"]) }

    func readModels(_ response: ProviderResponse) throws(GenerationError) -> [ModelDescription] {
        try modelList(response).compactMap { model in
            guard let slug = model["slug"]?.text ?? model["id"]?.text,
                (model["category"]?.text ?? "image").lowercased() == "image"
            else { return nil }
            let least = model["min_token_cost"]?.amount ?? model["token_cost"]?.amount
            let most = model["max_token_cost"]?.amount ?? least
            let cost = least.flatMap { least in most.map { least...max(least, $0) } }
            return ModelDescription(
                name: slug, summary: model["description_en"]?.text ?? model["name"]?.text, cost: cost,
                sizes: (model["config"]?["sizes"]?.elements ?? []).compactMap(\.text))
        }
    }

    func balance() throws(GenerationError) -> ClientRequest? { try get(["balance"]) }

    func readBalance(_ response: ProviderResponse) throws(GenerationError) -> AccountBalance {
        let json = try json(response)
        guard let amount = json["token_balance"]?.amount else {
            throw GenerationError(ResponseClassification.badResponse(response, "no balance"), now: wallClock())
        }
        return AccountBalance(amount: amount, unit: "tokens", plan: json["plan"]?.text)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The simulated OpenAI-compatible vendor, below `/v1`.
final class OpenAIService: Service {
    let world: World
    private let state: Mutex<State>

    private struct State {
        var accounts: [OpenAIAccount]
        var windows: [String: RateWindow] = [:]
        var next = 1
        /// The result of each idempotency key; `nil` while its first request still runs.
        var replays: [String: Reply?] = [:]
    }

    init(world: World) {
        self.world = world
        state = Mutex(State(accounts: world.configuration.openAI.accounts))
    }

    func revoke(_ key: String) {
        state.withLock { state in
            for index in state.accounts.indices { state.accounts[index].keys.removeAll { $0 == key } }
        }
    }

    func respond(to request: Request, plan: JobPlan) async -> Reply {
        guard request.path.utf8.count <= world.configuration.longestTarget else { return .gateway(414) }
        let identification: Headers = ["x-request-id": "req_\(request.number)", "openai-version": "2020-10-01"]
        do throws(OpenAIError) {
            let account = try authenticate(request)
            let reply: Reply
            do throws(OpenAIError) {
                reply = try await route(request, account: account, plan: plan)
            } catch {
                reply = error.reply
            }
            return reply.adding(identification).adding(rateHeaders(account))
        } catch {
            return error.reply.adding(identification)
        }
    }

    private func route(_ request: Request, account: OpenAIAccount, plan: JobPlan) async throws(OpenAIError) -> Reply {
        let segments = request.segments
        let path = segments.first == "v1" ? segments.dropFirst().joined(separator: "/") : ""
        switch (request.method, path) {
        case ("GET", "models"):
            let data = OpenAIModel.all.map(model)
            return Reply(200, json: ["object": "list", "data": .array(data)])
        case ("GET", let path) where path.hasPrefix("models/"):
            return Reply(200, json: model(try .named(String(path.dropFirst("models/".count)))))
        case ("POST", "images/generations"):
            try admit(account)
            return try await keyed(request, account, try OpenAIOrder.generation(request), plan)
        case ("POST", "images/edits"):
            try admit(account)
            let limit = world.configuration.openAI.requestLimit
            guard request.body.count <= limit else {
                // aiohttp's words, as proxies before the API send them.
                let text = "Maximum request body size \(limit) exceeded, actual body size \(request.body.count)"
                return Reply(413, text: text, contentType: "text/plain")
            }
            return try await keyed(request, account, try OpenAIOrder.edit(request), plan)
        default:
            throw OpenAIError(
                status: 404, message: "Invalid URL (\(request.method) \(request.path))", type: "invalid_request_error")
        }
    }

    private func model(_ model: OpenAIModel) -> JSON {
        ["id": .text(model.name), "object": "model", "created": 1_700_000_000, "owned_by": "simulator"]
    }

    // MARK: Accounts and limits

    private func authenticate(_ request: Request) throws(OpenAIError) -> OpenAIAccount {
        guard let key = request.bearer, let account = state.withLock({ $0.accounts.first { $0.keys.contains(key) } })
        else {
            throw .invalidKey
        }
        return account
    }

    private func admit(_ account: OpenAIAccount) throws(OpenAIError) {
        guard let limit = account.requestsPerMinute else { return }
        let now = world.clock.seconds
        try state.withLock { state throws(OpenAIError) in
            var window = state.windows[account.name] ?? RateWindow(limit: limit, length: 60)
            window.roll(to: now)
            guard window.remaining > 0 else { throw .rateLimited(seconds: window.reset - now) }
            window.count()
            state.windows[account.name] = window
        }
    }

    private func rateHeaders(_ account: OpenAIAccount) -> Headers {
        guard let limit = account.requestsPerMinute else { return [:] }
        let now = world.clock.seconds
        let window = state.withLock { state in
            state.windows[account.name]?.roll(to: now)
            return state.windows[account.name]
        }
        let seconds = max(0, (window?.reset ?? now) - now)
        return [
            "x-ratelimit-limit-requests": String(limit),
            "x-ratelimit-remaining-requests": String(window?.remaining ?? limit),
            "x-ratelimit-reset-requests": seconds < 60 ? "\(seconds)s" : "\(seconds / 60)m\(seconds % 60)s",
        ]
    }

    // MARK: Generating

    /// The effect of `Idempotency-Key` on the request, where the vendor is configured to honour it.
    private func keyed(
        _ request: Request, _ account: OpenAIAccount, _ order: OpenAIOrder, _ plan: JobPlan
    ) async throws(OpenAIError) -> Reply {
        let habit = world.configuration.openAI.idempotency
        guard habit != .ignored, let key = request.headers["Idempotency-Key"] else {
            return try await generate(request, account, order, plan)
        }
        let slot = "\(account.name)/\(key)"
        let known = state.withLock { state in
            let known = state.replays[slot]
            if known == nil { state.replays[slot] = .some(nil) }
            return known
        }
        if let known {
            guard habit == .replay else {
                throw OpenAIError(
                    status: 422, message: "Idempotency key was already used", type: "invalid_request_error",
                    code: "duplicate_idempotency_key")
            }
            guard let stored = known else {
                throw OpenAIError(
                    status: 409, message: "A request with this key is in progress", type: "conflict_error",
                    code: "idempotency_in_progress")
            }
            return stored.adding(["Idempotent-Replayed": "true"])
        }
        let reply: Reply
        do throws(OpenAIError) {
            reply = try await generate(request, account, order, plan)
        } catch {
            // A failure is the key's result, too.
            reply = error.reply
        }
        state.withLock { $0.replays[slot] = reply }
        return reply
    }

    private func generate(
        _ request: Request, _ account: OpenAIAccount, _ order: OpenAIOrder, _ plan: JobPlan
    ) async throws(OpenAIError) -> Reply {
        let number = state.withLock { state in
            state.next += 1
            return state.next - 1
        }
        let id = "openai-\(number)"
        let start = world.clock.now
        world.ledger.record(
            LedgerEntry(
                generation: id, service: .openai, account: account.name, model: order.model.name, prompt: order.prompt,
                idempotencyKey: request.headers["Idempotency-Key"], requestDigest: request.digest, seed: nil,
                request: request.number, createdAt: world.clock.iso8601(),
                cost: world.configuration.openAI.price * Double(order.count), isRefunded: false, joins: 0))
        if plan.duration > 0 {
            do {
                try await world.clock.sleep(until: start + Double(plan.duration) / 1000)
            } catch {
                throw .serverError
            }
        }
        if case .failed(let text) = plan.outcome {
            world.ledger.refund(id)
            let folded = text.lowercased()
            throw folded.contains("policy") || folded.contains("safety") ? .contentPolicy : .serverError
        }
        let answer = OpenAIResponse(world: world, order: order, plan: plan, seed: number)
        return order.isStream ? answer.stream : answer.document
    }

    func failure(_ status: Int, _ request: Request) -> Reply? { OpenAIError.sample(status)?.reply }

    func failure(named code: String, _ request: Request) -> Reply? {
        // Compatible vendors also send the error as a bare string.
        if code == "plain_string" { return Reply(500, json: ["error": "something went wrong"]) }
        return OpenAIError.named(code)?.reply
    }

    func failure(_ status: Int, message: String) -> Reply {
        OpenAIError(status: status, message: message, type: "server_error").reply
    }
}

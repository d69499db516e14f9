// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The simulated gen.pollinations.ai.
final class PollinationsService: Service {
    let world: World
    let bank: PollinationsBank
    private let work = Mutex(Work())

    private struct Work {
        var next = 1
        /// Generations that identical requests join, by what makes requests identical.
        var joinable: [String: Generation] = [:]
    }

    private struct Generation {
        var id: String
        /// The one who pays, whoever joins.
        var holder: PollinationsBank.Holder
        var order: PollinationsOrder
        var plan: JobPlan
        var bytes: [UInt8]
        /// When it is done, in simulated Unix time.
        var readyAt: Double
    }

    init(world: World, bank: PollinationsBank) {
        self.world = world
        self.bank = bank
    }

    func respond(to request: Request, plan: JobPlan) async -> Reply {
        guard request.path.utf8.count <= world.configuration.longestTarget else { return .gateway(414) }
        do throws(PollinationsError) {
            let segments = request.segments
            switch (request.method, segments.first ?? "", segments.count) {
            case ("GET", "models", 1): return models
            case ("GET", "image", 2) where segments[1] == "models": return models
            case ("GET", "v1", 2) where segments[1] == "models":
                let data = PollinationsModel.all.map { ["id": .text($0.name), "object": "model"] as JSON }
                return Reply(200, json: ["object": "list", "data": .array(data)])
            case ("GET", "image", 2):
                let holder = try bank.holder(request)
                let order = try PollinationsOrder.query(request, prompt: segments[1], world: world)
                return image(try await generate(order, request, holder, plan))
            case ("POST", "v1", 3) where segments[1] == "images": return try await post(request, segments[2], plan)
            case ("GET", "account", 2): return try account(request, segments[1])
            default: throw PollinationsError(404, "Route not found")
            }
        } catch {
            return error.reply
        }
    }

    private var models: Reply { Reply(200, json: .array(PollinationsModel.all.map(\.json))) }

    private func post(_ request: Request, _ route: String, _ plan: JobPlan) async throws(PollinationsError) -> Reply {
        let holder = try bank.holder(request)
        let isEdit = route == "edits"
        guard isEdit || route == "generations" else { throw PollinationsError(404, "Route not found") }
        if isEdit, request.body.count > world.configuration.pollinations.editLimit {
            throw PollinationsError(413, "payload is too large")
        }
        let order =
            isEdit && request.contentType == "multipart/form-data"
            ? try PollinationsOrder.form(request, world: world)
            : try PollinationsOrder.json(request, isEdit: isEdit, world: world)
        return document(try await generate(order, request, holder, plan))
    }

    // MARK: Generating

    private enum Claim {
        case own(Generation)
        case joined(Generation)
    }

    private func generate(
        _ order: PollinationsOrder, _ request: Request, _ holder: PollinationsBank.Holder, _ plan: JobPlan
    ) async throws(PollinationsError) -> (generation: Generation, isCached: Bool) {
        let claim = try claim(order, request, holder, plan)
        let generation: Generation
        switch claim {
        case .own(let own): generation = own
        case .joined(let other): generation = other
        }
        do {
            try await world.clock.sleep(until: generation.readyAt)
        } catch {
            throw PollinationsError(500, "Stopped")
        }
        var isCached = true
        if case .own = claim {
            bank.end(holder)
            isCached = false
        }
        if case .failed(let text) = generation.plan.outcome { throw failed(generation, text) }
        return (generation, isCached)
    }

    /// Starts a generation, or finds the one that an identical request started.
    private func claim(
        _ order: PollinationsOrder, _ request: Request, _ holder: PollinationsBank.Holder, _ plan: JobPlan
    ) throws(PollinationsError) -> Claim {
        let query = request.rawQuery.split(separator: "&").filter { !$0.hasPrefix("key=") }.joined(separator: "&")
        let identity = Digest.hexadecimal(Array("\(request.method) \(request.path)?\(query)\n".utf8) + request.body)
        let now = world.clock.now
        return try work.withLock { work throws(PollinationsError) in
            if order.isJoinable, let running = work.joinable[identity] {
                world.ledger.join(running.id)
                return .joined(running)
            }
            let cost = try bank.begin(holder, model: order.model, now: Int(now))
            let id = "pollinations-\(work.next)"
            let bytes = ResultMaker(world: world).bytes(
                plan, width: order.width, height: order.height, seed: order.seed ?? work.next, format: order.format)
            work.next += 1
            let generation = Generation(
                id: id, holder: holder, order: order, plan: plan, bytes: bytes,
                readyAt: now + Double(plan.duration) / 1000)
            if order.isJoinable { work.joinable[identity] = generation }
            world.ledger.record(
                LedgerEntry(
                    generation: id, service: .pollinations, account: holder.account.name, model: order.model.name,
                    prompt: order.prompt, idempotencyKey: request.headers["Idempotency-Key"],
                    requestDigest: identity, seed: order.seed, request: request.number,
                    createdAt: world.clock.iso8601(), cost: cost, isRefunded: false, joins: 0))
            return .own(generation)
        }
    }

    /// Forgets a failed generation, so that a repeat generates again, and gives the money back.
    private func failed(_ generation: Generation, _ text: String) -> PollinationsError {
        work.withLock { work in work.joinable = work.joinable.filter { $0.value.id != generation.id } }
        bank.refund(world.ledger.refund(generation.id), generation.holder)
        let folded = text.lowercased()
        return folded.contains("policy") || folded.contains("safety") ? .contentPolicy : .upstream(502, body: text)
    }

    // MARK: Answering

    private func image(_ result: (generation: Generation, isCached: Bool)) -> Reply {
        let generation = result.generation
        let format = generation.order.format
        var headers: Headers = [
            "Content-Type": ResultMaker(world: world).contentType(generation.plan, format),
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Disposition": "inline; filename=\"image.\(format.fileExtension)\"",
            "x-model-used": generation.order.model.name, "x-usage-completion-image-tokens": "1",
            "Content-Location": "/image/\(generation.id)",
        ]
        headers["X-Cache"] = result.isCached ? "HIT" : "MISS"
        return Reply(200, headers, body: .bytes(generation.bytes))
    }

    private func document(_ result: (generation: Generation, isCached: Bool)) -> Reply {
        let generation = result.generation
        let maker = ResultMaker(world: world)
        var datum: [String: JSON] = ["media_type": .text(generation.order.format.contentType)]
        if generation.order.wantsURL {
            let name = maker.store(generation.bytes, plan: generation.plan, format: generation.order.format)
            datum["url"] = .text(maker.url(name, plan: generation.plan))
        } else {
            datum["b64_json"] = .text(Base64.encode(generation.bytes))
        }
        let details: JSON = ["text_tokens": 8, "image_tokens": 0]
        let usage: JSON = [
            "input_tokens": 8, "output_tokens": 1, "total_tokens": 9, "input_tokens_details": details,
        ]
        return Reply(
            200, ["x-model-used": generation.order.model.name, "X-Cache": result.isCached ? "HIT" : "MISS"],
            json: ["created": .integer(world.clock.seconds), "data": [.object(datum)], "usage": usage])
    }

    func failure(_ status: Int, _ request: Request) -> Reply? {
        switch status {
        case 429: PollinationsError(429, "Too many requests", headers: ["Retry-After": "1"]).reply
        case 400: PollinationsError.validation(["prompt": "Required"]).reply
        case 502: PollinationsError.upstream(502, body: "empty answer").reply
        case 401, 402, 403, 404, 405, 409, 413, 422, 500, 503:
            PollinationsError(status, status == 413 ? "payload is too large" : Reply.reason(status)).reply
        default: nil
        }
    }

    func failure(named code: String, _ request: Request) -> Reply? { PollinationsError.named(code)?.reply }

    func failure(_ status: Int, message: String) -> Reply { PollinationsError(status, message).reply }
}

extension PollinationsModel {
    var json: JSON { ["name": .text(name), "input_modalities": takesImage ? ["text", "image"] : ["text"]] }
}

// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The simulated Elumenta, below `/api/v2`.
final class ElumentaService: Service {
    let world: World
    let state: Mutex<ElumentaState>

    init(world: World) {
        self.world = world
        state = Mutex(ElumentaState(world.configuration.elumenta))
    }

    func respond(to request: Request, plan: JobPlan) async -> Reply {
        guard request.path.utf8.count <= world.configuration.longestTarget else { return .gateway(414) }
        let segments = request.segments
        guard segments.prefix(2) == ["api", "v2"] else { return ElumentaError.notFound.reply }
        let route = Array(segments.dropFirst(2))
        do throws(ElumentaError) {
            if route.first == "auth" { return try session(request, route: route) }
            // The catalogue is public.
            if route.first == "models" { return try models(request, route: route) }
            let now = world.clock.seconds
            let account = try state.withLock { state throws(ElumentaError) in
                try state.authenticate(request, now: now)
            }
            let reply = await authenticated(request, route: route, account: account, plan: plan)
            // A generation may have taken longer than the window had left.
            let end = world.clock.seconds
            return reply.adding(state.withLock { $0.rateHeaders(account, now: end) })
        } catch {
            return error.reply
        }
    }

    private func authenticated(_ request: Request, route: [String], account: String, plan: JobPlan) async -> Reply {
        do throws(ElumentaError) {
            switch (request.method, route.first ?? "", route.count) {
            case ("POST", "generate", 1): return try await generate(request, account: account, plan: plan)
            case ("GET", "generate", 2): return try poll(route[1], account: account)
            case ("GET", "generate", 3) where route[1] == "status": return try poll(route[2], account: account)
            case ("GET", "balance", 1): return balance(account)
            case (_, "user", _): return try user(request, route: Array(route.dropFirst()), account: account)
            default: throw ElumentaError(status: 404, code: "not_found", message: "No such endpoint")
            }
        } catch {
            return error.reply
        }
    }

    private func models(_ request: Request, route: [String]) throws(ElumentaError) -> Reply {
        guard route.count == 2 else { return Reply(200, json: ["items": .array(ElumentaModel.all.map(\.json))]) }
        guard let model = ElumentaModel.named(route[1]) else {
            throw ElumentaError(status: 404, code: "not_found", message: "Model '\(route[1])' not found")
        }
        return Reply(200, json: model.json)
    }

    func failure(_ status: Int, _ request: Request) -> Reply? {
        ElumentaError.samples.first { $0.status == status }?.reply
    }

    func failure(named code: String, _ request: Request) -> Reply? {
        ElumentaError.samples.first { $0.code == code }?.reply
    }

    func failure(_ status: Int, message: String) -> Reply {
        let code = ElumentaError.samples.first { $0.status == status }?.code ?? "error"
        return ElumentaError(status: status, code: code, message: message).reply
    }
}

// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Synchronization

/// Scripts and reports over HTTP, for tests that are not written in Swift.
final class AdminService: Service {
    private let world: World
    private let addresses = Mutex<Addresses?>(nil)

    init(world: World) { self.world = world }

    func setAddresses(_ value: Addresses) { addresses.withLock { $0 = value } }

    func respond(to request: Request, plan: JobPlan) async -> Reply {
        do {
            switch (request.method, request.path) {
            case ("GET", "/"): return try report(addresses.withLock { $0 })
            case ("GET", "/requests"): return try report(world.log.requests.map(\.redacted))
            case ("GET", "/ledger"): return try report(world.ledger.snapshot())
            case ("GET", "/rules"): return try report(world.script.rules)
            case ("POST", "/rules"):
                world.script.add(try Self.rules(request.body))
                return Reply(204, body: .bytes([]))
            case ("POST", "/connections"):
                let order = try JSONDecoder().decode(ConnectionOrder.self, from: Data(request.body))
                world.script.add(order.fault, service: order.service, times: order.times ?? 1)
                return Reply(204, body: .bytes([]))
            case ("POST", "/clock"):
                let order = try JSONDecoder().decode(ClockOrder.self, from: Data(request.body))
                world.clock.advance(by: .seconds(order.advance))
                return Reply(200, json: ["now": .integer(world.clock.seconds)])
            case ("DELETE", "/rules"):
                world.script.clear()
                return Reply(204, body: .bytes([]))
            case ("DELETE", "/requests"):
                world.log.clear()
                world.ledger.clear()
                return Reply(204, body: .bytes([]))
            default: return failure(404, message: "no such endpoint")
            }
        } catch {
            return failure(400, message: "\(error)")
        }
    }

    /// One rule or a list of them.
    static func rules(_ bytes: [UInt8]) throws -> [Rule] {
        let decoder = JSONDecoder()
        if case .array = JSON.parse(bytes) { return try decoder.decode([Rule].self, from: Data(bytes)) }
        return [try decoder.decode(Rule.self, from: Data(bytes))]
    }

    private struct ClockOrder: Decodable {
        var advance: Int
    }

    private struct ConnectionOrder: Decodable {
        var fault: ConnectionFault
        var service: ServiceName?
        var times: Int?
    }

    private func report(_ value: some Encodable) throws -> Reply {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return Reply(200, ["Content-Type": "application/json"], body: .bytes(Array(try encoder.encode(value))))
    }

    func failure(_ status: Int, _ request: Request) -> Reply? { nil }

    func failure(named code: String, _ request: Request) -> Reply? { nil }

    func failure(_ status: Int, message: String) -> Reply { Reply(status, json: ["error": .text(message)]) }
}

extension Simulator {
    /// Adds the rules of a script file: a JSON rule or a list of them.
    ///
    /// - Throws: `DecodingError`, which names what it cannot read.
    public func script(json: [UInt8]) throws {
        for rule in try AdminService.rules(json) { script(rule) }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Generation APIs on loopback: real sockets, scripted faults and a ledger of what was charged.
///
/// ```swift
/// let simulator = try await Simulator.start()
/// simulator.script(Rule(Fault(request: .closeAfterBody, takesEffect: true), service: .elumenta, method: "POST"))
/// // … run the client against simulator.addresses[.elumenta] …
/// #expect(simulator.ledger.charges.count == 1)
/// await simulator.stop()
/// ```
public final class Simulator: Sendable {
    /// The addresses of all services.
    public let addresses: Addresses
    private let world: World
    private let providers: Providers
    private let deadEnds: DeadEnds
    private let serving: Task<Void, any Error>

    private init(
        addresses: Addresses, world: World, providers: Providers, deadEnds: DeadEnds, serving: Task<Void, any Error>
    ) {
        self.addresses = addresses
        self.world = world
        self.providers = providers
        self.deadEnds = deadEnds
        self.serving = serving
    }

    /// Opens all ports and serves until ``stop()``.
    ///
    /// - Throws: What binding throws when a port is taken.
    public static func start(_ configuration: Configuration = Configuration()) async throws -> Simulator {
        let world = World(configuration: configuration)
        let providers = Providers(world: world)
        let deadEnds = try DeadEnds()
        let ports: Ports
        do {
            ports = try await Ports.bind(world: world, providers: providers)
        } catch {
            deadEnds.close()
            throw error
        }
        let addresses = ports.addresses(deadEnds, host: configuration.host)
        world.setBases(addresses.base)
        providers.admin.setAddresses(addresses)
        // Unstructured, because it outlives this call; `stop` cancels it and waits for it.
        let serving = Task { try await ports.run() }
        return Simulator(addresses: addresses, world: world, providers: providers, deadEnds: deadEnds, serving: serving)
    }

    /// Runs `body` with a simulator that stops afterwards, whatever happens.
    public static func with<Result>(
        _ configuration: Configuration = Configuration(), _ body: (Simulator) async throws -> Result
    ) async throws -> Result {
        let simulator = try await start(configuration)
        do {
            let result = try await body(simulator)
            await simulator.stop()
            return result
        } catch {
            await simulator.stop()
            throw error
        }
    }

    /// Closes every port and connection and waits until nothing runs any more.
    public func stop() async {
        serving.cancel()
        world.channels.closeAll()
        // Cancelled listeners end with an error; there is nothing left to tell by it.
        _ = await serving.result
        deadEnds.close()
    }

    /// Serves until the task is cancelled, then stops.
    public func run() async {
        await withTaskCancellationHandler {
            _ = await serving.result
        } onCancel: {
            serving.cancel()
            world.channels.closeAll()
        }
        deadEnds.close()
    }

    // MARK: Scripting

    /// Adds rules behind those in force; for each request the first that fits applies.
    public func script(_ rules: Rule...) { world.script.add(rules) }

    /// Spoils the next `times` connections to a service (`nil`: to any) before their first request.
    public func scriptConnections(_ fault: ConnectionFault, service: ServiceName? = nil, times: Int = 1) {
        world.script.add(fault, service: service, times: times)
    }

    /// Drops all rules.
    public func clearScript() { world.script.clear() }

    /// The time as the providers see it.
    public var clock: SimulatorClock { world.clock }

    // MARK: Observing

    /// Every generation and charge.
    public var ledger: Ledger { world.ledger.snapshot() }

    /// Every request so far, in the order in which their headers arrived.
    public var requests: [RecordedRequest] { world.log.requests }

    /// Connections accepted so far, those without a request included.
    public var connections: Int { world.log.connections }

    /// Rules that no request has used up.
    public var remainingRules: [Rule] { world.script.rules }

    /// Requests to the download host that carried a credential which is none of its business.
    public var leakedCredentials: [RecordedRequest] {
        requests.filter {
            $0.service == .downloads && ($0.headers["Authorization"] != nil || $0.query.contains("key="))
        }
    }

    /// Waits until the requests satisfy a condition, for example that one has arrived whose response stalls.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first; there is no deadline of its own.
    public func wait(until condition: @escaping @Sendable ([RecordedRequest]) -> Bool) async throws {
        try await world.log.wait(until: condition)
    }

    /// Forgets the requests and the ledger; accounts, jobs and rules stay.
    public func clearRecords() {
        world.log.clear()
        world.ledger.clear()
    }

    // MARK: Accounts

    /// Makes a key invalid, wherever it is known.
    public func revoke(key: String) { providers.revoke(key) }

    /// Sets what an account has left: Elumenta's tokens (whole numbers) or Pollinations' pollen.
    public func setBalance(_ balance: Double, account: String, service: ServiceName) {
        providers.setBalance(balance, account: account, service: service)
    }

    /// The balance of an account; `nil` where there is no such account or balance.
    public func balance(account: String, service: ServiceName) -> Double? {
        providers.balance(account: account, service: service)
    }
}

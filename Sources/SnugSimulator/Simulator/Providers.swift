// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The services of one simulator.
struct Providers: Sendable {
    let elumenta: ElumentaService
    let bank: PollinationsBank
    let pollinations: PollinationsService
    let media: MediaService
    let openAI: OpenAIService
    let downloads: DownloadService
    let admin: AdminService

    init(world: World) {
        elumenta = ElumentaService(world: world)
        bank = PollinationsBank(world.configuration.pollinations)
        pollinations = PollinationsService(world: world, bank: bank)
        media = MediaService(world: world, bank: bank)
        openAI = OpenAIService(world: world)
        downloads = DownloadService(world: world)
        admin = AdminService(world: world)
    }

    func service(_ name: ServiceName) -> any Service {
        switch name {
        case .elumenta: elumenta
        case .pollinations: pollinations
        case .media: media
        case .openai: openAI
        case .downloads: downloads
        }
    }

    func revoke(_ key: String) {
        elumenta.state.withLock { state in
            for name in state.accounts.keys { state.accounts[name]?.settings.keys.removeAll { $0 == key } }
            state.accessTokens[key] = nil
            state.refreshTokens[key] = nil
        }
        bank.revoke(key)
        openAI.revoke(key)
    }

    func setBalance(_ balance: Double, account: String, service: ServiceName) {
        if service == .elumenta {
            elumenta.state.withLock { $0.accounts[account]?.balance = Int(exactly: balance.rounded()) ?? 0 }
        } else {
            bank.setBalance(balance, account: account)
        }
    }

    func balance(account: String, service: ServiceName) -> Double? {
        switch service {
        case .elumenta: elumenta.state.withLock { $0.accounts[account] }.map { Double($0.balance) }
        case .pollinations, .media: bank.balance(account)
        case .openai, .downloads: nil
        }
    }
}

/// The open ports of one simulator.
struct Ports: Sendable {
    private let listeners: [Listener]
    private let http2: [HTTP2Listener]
    private let admin: Listener

    /// Opens all ports, or none when one of them is taken.
    static func bind(world: World, providers: Providers) async throws -> Ports {
        var opened: [@Sendable () async -> Void] = []
        do {
            return try await bind(world: world, providers: providers, opened: &opened)
        } catch {
            for close in opened { await close() }
            throw error
        }
    }

    private static func bind(
        world: World, providers: Providers, opened: inout [@Sendable () async -> Void]
    ) async throws -> Ports {
        let host = world.configuration.host
        var next = world.configuration.firstPort
        func port() -> Int {
            defer { next = next.map { $0 + 1 } }
            return next ?? 0
        }
        // The admin port's requests are neither scripted nor recorded, so it gets a world of its own.
        let admin = try await Listener.bind(
            world: World(configuration: Simulator.Configuration()), name: .downloads, service: providers.admin,
            host: host, port: port())
        opened.append(admin.close)
        var listeners: [Listener] = []
        var http2: [HTTP2Listener] = []
        for name in ServiceName.allCases {
            let listener = try await Listener.bind(
                world: world, name: name, service: providers.service(name), host: host, port: port())
            opened.append(listener.close)
            listeners.append(listener)
        }
        for name in ServiceName.allCases {
            let listener = try await HTTP2Listener.bind(
                world: world, name: name, service: providers.service(name), host: host, port: port())
            opened.append(listener.close)
            http2.append(listener)
        }
        return Ports(listeners: listeners, http2: http2, admin: admin)
    }

    func addresses(_ deadEnds: DeadEnds, host: String) -> Addresses {
        func url(_ port: Int, _ name: ServiceName) -> String {
            let prefixes: [ServiceName: String] = [.elumenta: "/api/v2", .openai: "/v1"]
            return "http://\(host):\(port)\(prefixes[name] ?? "")"
        }
        return Addresses(
            base: Dictionary(
                listeners.map { ($0.name, url($0.port, $0.name)) }, uniquingKeysWith: { first, _ in first }),
            http2: Dictionary(http2.map { ($0.name, url($0.port, $0.name)) }, uniquingKeysWith: { first, _ in first }),
            neverAccepts: "http://127.0.0.1:\(deadEnds.silentPort)",
            refuses: "http://127.0.0.1:\(deadEnds.refusingPort)", admin: "http://\(host):\(admin.port)")
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for listener in listeners + [admin] { group.addTask { try await listener.run() } }
            for listener in http2 { group.addTask { try await listener.run() } }
            for try await _ in group {}
        }
    }
}

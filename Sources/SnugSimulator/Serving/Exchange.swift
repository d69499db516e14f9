// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugSystem

/// One request from its headers to its response, whatever version of HTTP carries it.
struct Exchange {
    /// The request header that scripts a fault for the request itself: JSON of a ``Fault``.
    static let faultHeader = "X-Snug-Fault"

    let world: World
    let service: any Service
    let number: Int
    let fault: Fault
    private let method: String
    private let target: String
    private let headers: Headers
    private var body: [UInt8] = []
    private var hash = MessageDigest(.sha256)
    /// Set when the fault header cannot be read.
    private let scriptError: String?

    init(
        world: World, name: ServiceName, service: any Service, connection: Int, position: Int, method: String,
        target: String, headers: Headers
    ) {
        self.world = world
        self.service = service
        self.method = method
        self.target = target
        self.headers = headers
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let path = parts.first ?? ""
        var inline: Fault?
        var scriptError: String?
        if let script = headers[Self.faultHeader] {
            do {
                inline = try JSONDecoder().decode(Fault.self, from: Data(script.utf8))
            } catch {
                scriptError = "\(error)"
            }
        }
        let scripted =
            inline
            ?? world.script.take(
                service: name, method: method, path: path, connection: position == 1 ? .fresh : .reused)
        self.scriptError = scriptError
        fault = scripted ?? Fault()
        number = world.log.add(
            RecordedRequest(
                number: 0, connection: connection, positionOnConnection: position, service: name, method: method,
                path: path, query: parts.count > 1 ? parts[1] : "", headers: headers, bodyBytes: 0,
                isBodyComplete: false, bodyDigest: Digest.hexadecimal([]), body: nil, status: nil,
                metFault: scripted != nil, isFinished: false, wasCut: false, time: world.clock.now))
    }

    var bodyBytes: Int { body.count }

    var isHead: Bool { method == "HEAD" }

    var expectsContinue: Bool { headers["Expect"]?.lowercased() == "100-continue" }

    mutating func add(_ bytes: [UInt8]) {
        body += bytes
        hash.update(bytes)
        let count = body.count
        world.log.update(number) { $0.bodyBytes = count }
    }

    func completeBody() {
        let kept = body.count <= world.configuration.keptBodyBytes ? body : nil
        let digest = hash.finalize().hexadecimal
        world.log.update(number) { request in
            request.isBodyComplete = true
            request.bodyDigest = digest
            request.body = kept
        }
    }

    /// Notes the status before the response leaves, so that a client that has the response finds it noted.
    func begin(status: Int) {
        world.log.update(number) { $0.status = status }
    }

    /// Notes how the exchange ended; what happens to the connection after a response does not change that.
    func finish(status: Int?, wasCut: Bool) {
        let digest = hash.finalize().hexadecimal
        world.log.update(number) { request in
            guard !request.isFinished else { return }
            request.isFinished = true
            request.status = status
            request.wasCut = wasCut
            request.bodyDigest = digest
        }
    }

    /// The response to the complete request, once the provider has acted or the fault has kept it from acting.
    func reply() async throws -> Reply {
        if let scriptError {
            return Reply(500, text: "\(Self.faultHeader): \(scriptError)", contentType: "text/plain")
        }
        let request = Request(number: number, method: method, target: target, headers: headers, body: body)
        let start = world.clock.now
        var own: Reply?
        if fault.lettingProviderAct {
            own = await service.respond(to: request, plan: fault.job ?? world.configuration.job)
        }
        if fault.delay > 0 { try await world.clock.sleep(until: start + Double(fault.delay) / 1000) }
        return dressed(fault.answer.map { service.substitute($0, for: request) } ?? own ?? .gateway(500))
    }

    /// The response to a request whose body was not read.
    func earlyReply() -> Reply {
        let request = Request(number: number, method: method, target: target, headers: headers, body: body)
        return dressed(service.substitute(fault.answer ?? .status(code: 413), for: request))
    }

    private func dressed(_ reply: Reply) -> Reply {
        fault.hints.reduce(reply) { $1.added(to: $0, clock: world.clock) }.adding(fault.headers)
    }
}

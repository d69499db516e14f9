// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugSystem
import SnugTestSupport

@testable import SnugGeneration

/// Sends what dialects make to a simulator, over real sockets.
struct SimulatedDialect {
    let simulator: Simulator
    let dialect: any ProviderDialect
    let service: ServiceName
    var key: Secret
    private let folder: TemporaryFolder
    private let reader: ResponseReader

    static let elite = Secret(ElumentaAccount.key("elite"))

    init(_ simulator: Simulator, _ provider: String, contract: RepeatContract = .none) throws {
        self.simulator = simulator
        switch provider {
        case "elumenta":
            (service, key) = (.elumenta, Self.elite)
            dialect = ElumentaDialect(try Endpoint(simulator.addresses[.elumenta]))
        case "pollinations":
            (service, key) = (.pollinations, Secret("sk_paid"))
            dialect = PollinationsDialect(try Endpoint(simulator.addresses[.pollinations]))
        default:
            (service, key) = (.openai, Secret("sk-main"))
            dialect = OpenAIDialect(try Endpoint(simulator.addresses[.openai]), contract: contract)
        }
        folder = try TemporaryFolder()
        reader = ResponseReader(
            client: try makeClient(), spoolDirectory: folder.path, threads: BlockingThreads(count: 4))
    }

    func send(_ request: ClientRequest) async throws -> ProviderResponse {
        var request = request
        try dialect.authorize(&request, with: key)
        return try await reader.read(request).response
    }

    func submit(_ job: PreparedJob) async throws -> SubmissionOutcome {
        dialect.outcome(of: try await send(try dialect.submission(of: job).request), to: job)
    }

    /// A plain job, as the provider wants it: only where the contract rests on a seed there is one.
    func plainJob(model: String? = nil) -> PreparedJob { job(model: model, seed: dialect.traits.needsSeed ? 1 : nil) }

    /// Submits with this response in place of the provider's.
    func submit(_ job: PreparedJob, answered answer: SubstituteResponse, hints: [SnugSimulator.WaitHint] = [])
        async throws
        -> SubmissionOutcome
    {
        simulator.script(Rule(Fault(answer: answer, hints: hints), service: service))
        return try await submit(job)
    }
}

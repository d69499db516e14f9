// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The same providers over HTTP/2, as curl meets them.
@Suite struct HTTP2Tests {
    private let version = ["--http2-prior-knowledge"]

    private func address(_ simulator: Simulator, _ service: ServiceName) -> String {
        simulator.addresses.http2[service] ?? ""
    }

    @Test("Responses are those of HTTP/1.1, byte for byte, for every service")
    func equality() async throws {
        try await withSimulator { simulator async throws in
            let image = try await Client(simulator).image("?seed=1&width=8&height=8")
            #expect(image.status == 200)
            let paths: [(ServiceName, String)] = [
                (.elumenta, "/models/photon"), (.pollinations, "/image/cat?seed=1&width=8&height=8"), (.media, "/none"),
                (.openai, "/models"), (.downloads, "/none"),
            ]
            for (service, path) in paths {
                let key = service == .downloads ? [] : ["-H", "Authorization: Bearer sk_paid"]
                let old = try await Curl().run(key + [simulator.addresses[service] + path])
                let new = try await Curl().run(version + key + [address(simulator, service) + path])
                #expect(new.status == old.status && new.body == old.body)
                #expect(new.headers["content-type"] == old.headers["Content-Type"])
                #expect(new.headers["content-length"] == "\(new.body.count)")
                #expect(new.headers.fields.allSatisfy { $0.name == $0.name.lowercased() })
            }
        }
    }

    @Test("A body arrives whole, over several frames, and is recorded", arguments: [0, 1, 16_384, 16_385, 300_000])
    func bodies(count: Int) async throws {
        try await withSimulator { simulator async throws in
            let body = (0..<count).map { UInt8($0 & 0xFF) }
            let answer = try await Curl().run(
                version + ["-X", "POST", address(simulator, .media) + "/upload"], body: body)
            #expect(answer.status == 401)
            let record = try #require(simulator.requests.first)
            #expect(record.body == body && record.isBodyComplete && record.bodyDigest == Digest.hexadecimal(body))
            #expect(record.headers["Host"] != nil && record.headers.fields.allSatisfy { !$0.name.hasPrefix(":") })
        }
    }

    @Test("Requests at once are served beside each other")
    func multiplexing() async throws {
        try await withSimulator(Simulator.Configuration(job: JobPlan(duration: 600_000))) { simulator async throws in
            let url = address(simulator, .pollinations) + "/image/cat?seed=[1-2]"
            let key = ["-H", "Authorization: Bearer sk_paid", "--parallel", "--parallel-immediate"]
            async let answer = Curl().run(version + key + [url])
            while simulator.ledger.entries.count < 2 { try await Task.sleep(for: .milliseconds(2)) }
            simulator.clock.advance(by: .seconds(600))
            #expect(try await answer.exit == 0)
            #expect(simulator.requests.map(\.status) == [200, 200])
        }
    }
}

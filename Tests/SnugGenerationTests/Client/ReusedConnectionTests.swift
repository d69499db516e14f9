// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

/// Paid requests on connections that were used before.
@Suite struct ReusedConnectionTests {
    @Test("A connection that dies when it is used again never makes a second paid request", arguments: API.plain)
    func reused(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client()
            #expect(await fixture.attempt(client).value != nil)
            for request in [RequestFault.closeAfterBody, .resetAfterBody] {
                fixture.simulator.script(
                    Rule(
                        Fault(request: request, takesEffect: true), service: api.service,
                        method: api == .pollinations ? nil : "POST", connection: .reused, times: nil))
                fixture.simulator.clearRecords()
                #expect(await fixture.attempt(client, GenerationRequest(prompt: "\(request)")).value != nil)
                #expect(fixture.submissions.count == 1 && fixture.charges.count == 1)
                #expect(fixture.submissions.allSatisfy { $0.positionOnConnection == 1 })
            }
        }
    }
}

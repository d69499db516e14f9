// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The checklist's rows "downloads", and of "media" the URL that expires between polls.
@Suite struct DownloadConformanceTests {
    /// The URL of a fresh result.
    private func result(_ simulator: Simulator, _ plan: JobPlan = JobPlan()) async throws -> String {
        simulator.script(Rule(Fault(job: plan), service: .elumenta))
        let answer = try await Client(simulator).generate()
        return try #require(answer.json?["result_url"]?.text)
    }

    @Test("Results lie on another host, which refuses credentials and betrays them")
    func foreignCredentials() async throws {
        try await withSimulator { simulator async throws in
            let url = try await result(simulator)
            #expect(!url.hasPrefix(simulator.addresses[.elumenta].replacing("/api/v2", with: "")))
            #expect(simulator.leakedCredentials.isEmpty)
            #expect(try await Curl().run([url]).status == 200)
            #expect(try await Curl().run(["-H", "Authorization: Bearer x", url]).status == 400)
            #expect(simulator.leakedCredentials.count == 1)
        }
    }

    @Test("A URL expires between polls, and the next poll brings a new one")
    func expiry() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            simulator.script(Rule(Fault(job: JobPlan(urlLifetime: 60)), service: .elumenta))
            let answer = try await client.generate()
            let url = try #require(answer.json?["result_url"]?.text)
            #expect(try await Curl().run([url]).status == 200)
            simulator.clock.advance(by: .seconds(60))
            #expect(try await Curl().run([url]).status == 403)
            let id = try #require(answer.json?["id"]?.integer)
            let renewed = try #require(try await client.elumenta("/generate/\(id)").json?["result_url"]?.text)
            #expect(renewed != url)
            #expect(try await Curl().run([renewed]).status == 200)
            #expect(try await Curl().run([renewed + "0"]).status == 403)
        }
    }

    @Test(
        "What is not the image that was asked for",
        arguments: [JobPlan.Image.html, .json, .empty, .truncated, .wrongFormat])
    func wrongBytes(image: JobPlan.Image) async throws {
        try await withSimulator { simulator async throws in
            let whole = try await Curl().run([try await result(simulator)]).body
            let file = try await Curl().run([try await result(simulator, JobPlan(image: image))])
            #expect(file.status == 200)
            switch image {
            case .html: #expect(file.headers["Content-Type"] == "text/html" && file.text.hasPrefix("<html>"))
            case .json: #expect(file.json != nil)
            case .empty: #expect(file.body.isEmpty)
            case .truncated: #expect(file.body.count < whole.count && ImageSniffer(bytes: file.body).format == "webp")
            default: #expect(ImageSniffer(bytes: file.body).format == "png")
            }
        }
    }

    @Test("Ranges: a part, the rest, the end, beyond the end, and a host that ignores them")
    func ranges() async throws {
        try await withSimulator { simulator async throws in
            let url = try await result(simulator, JobPlan(padding: 10_000))
            let whole = try await Curl().run([url])
            let bytes = whole.body
            #expect(whole.headers["Accept-Ranges"] == "bytes")
            let part = try await Curl().run(["-r", "100-199", url])
            #expect(part.status == 206 && part.body == Array(bytes[100..<200]))
            #expect(part.headers["Content-Range"] == "bytes 100-199/\(bytes.count)")
            #expect(try await Curl().run(["-r", "9000-", url]).body == Array(bytes[9000...]))
            #expect(try await Curl().run(["-r", "-5", url]).body == Array(bytes.suffix(5)))
            #expect(try await Curl().run(["-r", "99999-", url]).status == 416)
            let stale = ["-r", "100-199", "-H", "If-Range: \"other\"", url]
            #expect(try await Curl().run(stale).status == 200)
            let plain = try await result(simulator, JobPlan(acceptsRanges: false))
            #expect(try await Curl().run(["-r", "1-2", plain]).status == 200)
        }
    }

    @Test("A cut download resumes to the same bytes")
    func resume() async throws {
        try await withSimulator { simulator async throws in
            let url = try await result(simulator, JobPlan(padding: 10_000))
            simulator.script(Rule(Fault(delivery: .closeAfter(bytes: 4000)), service: .downloads))
            let first = try await Curl().run([url])
            #expect(first.exit == 18 && first.body.count == 4000)
            let rest = try await Curl().run(["-r", "4000-", url])
            #expect(try await Curl().run([url]).body == first.body + rest.body)
        }
    }

    @Test("Redirects lead to the result in the end")
    func redirects() async throws {
        try await withSimulator { simulator async throws in
            let url = try await result(simulator, JobPlan(redirects: 3))
            #expect(try await Curl().run([url]).status == 302)
            let file = try await Curl().run(["-L", url])
            #expect(file.status == 200 && ImageSniffer(bytes: file.body).format == "webp")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugLedger
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugServer

/// Images that are put in over HTTP, and carried out by a daemon beside the server.
@Suite struct SubmissionRouteTests {
    private static let noise = TestImage.noise(width: 300, height: 200)

    @Test("The images of a form become jobs with the form's options, and their results are under the limit")
    func form() async throws {
        try await JobBench().run { server in
            let response = try await server.submit([
                ("name=\"limit\"", Array("20kB".utf8)), ("name=\"format\"", Array("jpeg".utf8)),
                ("name=\"image\"; filename=\"../../etc/a b.png\"", Self.noise),
                ("name=\"image\"; filename=\"small.png\"", TestImage.small),
            ])
            #expect(response.status == 202)
            #expect(response.jobIDs.count == 2)
            let first = response.json["jobs"]?.elements.first
            #expect(first?["is_new"] == .flag(true))
            #expect(first?["folder"]?.text == "http")
            #expect(first?["name"]?.text == "a b.png")
            for id in response.jobIDs {
                _ = try await server.job(id)
                let result = try await server.send("/v1/jobs/\(id)/result")
                #expect(result.status == 200)
                #expect(result["content-type"] == "image/jpeg")
                #expect(result["snug-results"] == "1")
                #expect((1...20_000).contains(result.body.count))
                _ = try #require(JPEGReference.plane(0, of: result.body))
            }
            let result = try await server.send("/v1/jobs/\(response.jobIDs[0])/result")
            #expect(result["content-disposition"] == "inline; filename=\"a b.jpg\"")
            #expect(try await server.send("/v1/jobs/\(response.jobIDs[0])/result?number=2").code == "no_such_result")
            #expect(try await server.send("/v1/jobs/\(response.jobIDs[0])/result?numbr=2").code == "unknown_parameter")
        }
    }

    @Test("A name with a percent sign is found by it, and comes back with the result as it was")
    func percentSign() async throws {
        try await JobBench().run { server in
            let made = try await server.submit(
                [("name=\"image\"; filename=\"50% of 100%.png\"", TestImage.small)], "?copy-compliant")
            let id = try #require(made.jobIDs.first)
            _ = try await server.job(id)
            let result = try await server.send("/v1/jobs/\(id)/result")
            #expect(
                result["content-disposition"]
                    == "inline; filename=\"50_ of 100_.png\"; filename*=UTF-8''50%25%20of%20100%25.png")
            for (text, count) in [("50%25%20of", 1), ("100%25.png", 1), ("100%2525.png", 1), ("%25%25", 0)] {
                let found = try await server.send("/v1/jobs?text=\(text)")
                #expect(found.jobIDs.count == count, "\(text)")
            }
        }
    }

    @Test("Items of a JSON array have options of their own, which win over those of the query")
    func json() async throws {
        try await JobBench().run { server in
            let image = Data(Self.noise).base64EncodedString()
            let body = """
                [{"name": "a.png", "data": "\(image)"}, {"name": "b.png", "data": "\(image)", "max-side": 60}]
                """
            let response = try await server.send(
                "POST", "/v1/jobs?max-side=100&format=jpeg", [("Content-Type", "application/json")],
                body: Array(body.utf8))
            #expect(response.status == 202, "\(response.text)")
            var widths: [Int] = []
            for id in response.jobIDs {
                _ = try await server.job(id)
                let result = try await server.send("/v1/jobs/\(id)/result").body
                widths.append(try #require(JPEGReference.plane(0, of: result)).width)
            }
            #expect(widths == [100, 60])
        }
    }

    @Test("An image that is the whole body becomes a job, and the same work again is the same job")
    func body() async throws {
        try await JobBench().run { server in
            let first = try await server.send("POST", "/v1/jobs?copy-compliant", body: TestImage.small)
            let id = try #require(first.jobIDs.first)
            _ = try await server.job(id)
            let second = try await server.send("POST", "/v1/jobs?copy-compliant", body: TestImage.small)
            #expect(second.jobIDs == [id])
            #expect(second.json["jobs"]?.elements.first?["is_new"] == .flag(false))
            _ = try await server.job(id)
            #expect(try await server.send("/v1/jobs/\(id)/result").body == TestImage.small)
            #expect(try await server.send("POST", "/v1/jobs", body: TestImage.small).jobIDs != [id])
        }
    }

    @Test(
        "What is wrong with a request is told at once, and nothing is put in",
        arguments: [
            ("", "image/png", "", "no_image"), ("?limt=1MB", "image/png", "x", "unknown_parameter"),
            ("?limit=-1", "image/png", "x", "invalid_parameter"), ("", "application/json", "{}", "bad_json"),
            ("", "application/json", "[]", "no_image"), ("", "application/json", "[{\"data\": \"!\"}]", "bad_json"),
            ("", "application/json", "[{\"path\": \"/etc/passwd\"}]", "bad_json"),
            ("", "application/json", "[{\"url\": \"http://127.0.0.1/\"}]", "bad_json"),
            ("", "application/json", "[{\"data\": \"AAAA\", \"limt\": \"1MB\"}]", "unknown_parameter"),
            ("", "application/json", "[{\"data\": \"AAAA\", \"crop\": []}]", "invalid_parameter"),
            ("", "multipart/form-data; boundary=x", "--x--", "no_image"),
            ("", "application/x-www-form-urlencoded", "a=b", "no_image"),
        ])
    func wrong(query: String, type: String, body: String, code: String) async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let response = try await server.send(
                "POST", "/v1/jobs" + query, [("Content-Type", type)], body: Array(body.utf8))
            #expect((400...415).contains(response.status))
            #expect(response.code == code)
        }
        #expect(try await bench.ledger.list(JobFilter()).isEmpty)
    }

    @Test("Routes that change something refuse other hosts, other origins and requests without the token")
    func protection() async throws {
        let bench = try await JobBench()
        let token = try BearerToken("0123456789abcdef")
        try await bench.run({ $0.token = token }) { server in
            for (fields, status) in [
                ([], 401), ([("Authorization", "Bearer 0123456789abcdeF")], 401),
                ([("Host", "evil.example"), ("Authorization", "Bearer 0123456789abcdef")], 421),
                ([("Origin", "http://evil.example"), ("Authorization", "Bearer 0123456789abcdef")], 403),
                ([("Sec-Fetch-Site", "cross-site"), ("Authorization", "Bearer 0123456789abcdef")], 403),
            ] as [([(String, String)], Int)] {
                let response = try await server.send("POST", "/v1/jobs", fields, body: TestImage.small)
                #expect(response.status == status)
            }
        }
        #expect(try await bench.ledger.list(JobFilter()).isEmpty)
    }

    @Test("Until the daemon has begun, the response is 503 with a time to try again")
    func early() async throws {
        let bench = try await JobBench()
        try await withServer(jobs: ServerJobs(bench.daemon, ledger: bench.ledger)) { server in
            let response = try await server.send("POST", "/v1/jobs", body: TestImage.small)
            #expect(response.status == 503)
            #expect(response.code == "not_running")
            #expect(response["retry-after"] == "1")
        }
    }

    @Test("A job without a result says why: it waits, it failed, it was cancelled, or the file is gone")
    func results() async throws {
        let bench = try await JobBench()
        try await bench.ledger.pause(.folder("http"), until: nil, reason: JobReason(code: "test", message: "held"))
        try await bench.run { server in
            let bad = try await server.send("POST", "/v1/jobs", body: Array("no image".utf8)).jobIDs[0]
            let good = try await server.send("POST", "/v1/jobs", body: TestImage.small).jobIDs[0]
            let waiting = try await server.send("/v1/jobs/\(good)/result")
            #expect(waiting.status == 409)
            #expect(waiting.code == "no_result")
            #expect(waiting.json["details"]?["state"]?.text == "waiting")
            #expect(try await server.send("DELETE", "/v1/jobs/\(good)").json["state"]?.text == "cancelled")
            #expect(
                try await server.send("/v1/jobs/\(good)/result").json["details"]?["state"]?.text == "cancelled")
            #expect(try await server.send("DELETE", "/v1/pauses?folder=http").status == 200)
            _ = try await server.job(bad, in: ["failed"])
            let failed = try await server.send("/v1/jobs/\(bad)/result")
            #expect(failed.status == 409)
            #expect(failed.json["details"]?["reason"]?.text == "not_an_image")
            #expect(try await server.send("POST", "/v1/jobs/\(good)/retry").status == 200)
            _ = try await server.job(good)
            #expect(try await server.send("/v1/jobs/\(good)/result").status == 200)
            for name in bench.folder.files() where name.hasPrefix("state/submissions/results/") {
                try FileSystem.remove(bench.folder.path.appending(name))
            }
            #expect(try await server.send("/v1/jobs/\(good)/result").code == "result_gone")
            let none = String(repeating: "0", count: 26)
            #expect(try await server.send("/v1/jobs/\(none)/result").code == "job_not_found")
        }
    }

    @Test("Jobs outlive the process: another one carries out what was put in, and removes what nobody was told of")
    func restart() async throws {
        let first = try await JobBench()
        try await first.ledger.pause(.folder("http"), until: nil, reason: JobReason(code: "test", message: "held"))
        let id = try await first.run { try await $0.send("POST", "/v1/jobs", body: TestImage.small).jobIDs[0] }
        try await first.ledger.unpause(.folder("http"))
        try await first.ledger.close()
        let lost = "state/work/http/01234567890123456789ab/01234567890123456789ab/lost.png"
        try first.folder.write(TestImage.small, to: lost)
        let second = try await JobBench(first.folder)
        try await second.run { server in
            _ = try await server.job(id)
            #expect(try await server.send("/v1/jobs/\(id)/result").status == 200)
        }
        #expect(try await second.ledger.list(JobFilter()).count == 1)
        #expect(!second.folder.files().contains { $0.hasPrefix("state/work/http/") })
    }
}

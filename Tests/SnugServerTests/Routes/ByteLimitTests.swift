// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

/// The promise of a byte limit: at most so many bytes, or 422.
@Suite struct ByteLimitTests {
    private static let images = [
        TestImage.small, TestImage.noise(width: 90, height: 60), TestImage.noise(width: 7, height: 211, seed: 2),
    ]

    @Test(
        "A result has at most the bytes of the limit, or the response is 422 and tells the smallest size",
        arguments: ["", "&format=jpeg", "&format=png", "&keep-size", "&lossless"])
    func limits(more: String) async throws {
        try await withServer { server in
            for image in Self.images {
                for limit in [1, 100, 700, 1000, 5000, image.count - 1, image.count, 1 << 20] {
                    let response = try await server.fit(image, "limit=\(limit)" + more)
                    let name = "\(limit)\(more) of \(image.count): \(response.status)"
                    switch response.status {
                    case 200:
                        #expect(response.body.count <= limit, "\(name)")
                        #expect(response["snug-output-bytes"] == "\(response.body.count)", "\(name)")
                        #expect(response["content-length"] == "\(response.body.count)", "\(name)")
                    case 422:
                        #expect(response.code == "cannot_fit", "\(name)")
                        let smallest = response.json["details"]?["smallest_bytes"]?.amount
                        if let smallest { #expect(smallest > Double(limit), "\(name)") }
                    default: Issue.record("\(name) \(response.text)")
                    }
                    // A megabyte holds each of them.
                    if limit == 1 << 20 { #expect(response.status == 200, "\(name)") }
                    if limit == 1 { #expect(response.status == 422, "\(name)") }
                }
            }
        }
    }

    @Test("A limit of base64 text counts its characters: four for each three bytes, the last ones filled up")
    func base64() async throws {
        try await withServer { server in
            let image = TestImage.noise(width: 90, height: 60)
            for limit in [2000, 2001, 4003, 8000] {
                let response = try await server.fit(image, "limit=\(limit)&base64&format=jpeg")
                #expect(response.status == 200)
                #expect((response.body.count + 2) / 3 * 4 <= limit, "\(limit)")
            }
        }
    }

    @Test("A share of the input is a limit too, and so is that of a job")
    func shares() async throws {
        let image = TestImage.noise(width: 90, height: 60)
        try await JobBench().run { server in
            for percent in [10, 33, 50, 90] {
                let response = try await server.fit(image, "limit=\(percent)%25&format=jpeg")
                #expect(response.status == 200)
                #expect(response.body.count * 100 <= image.count * percent, "\(percent)")
            }
            let id = try #require(try await server.send("POST", "/v1/jobs?limit=3000", body: image).jobIDs.first)
            _ = try await server.job(id)
            #expect((1...3000).contains(try await server.send("/v1/jobs/\(id)/result").body.count))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugSimulator
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct SimulatedDownloadTests {
    private let folder: TemporaryFolder
    private let threads: BlockingThreads
    private var destination: ImageDestination { ImageDestination(folder: folder.path, name: "r") }

    init() throws {
        folder = try TemporaryFolder()
        threads = BlockingThreads(count: 4)
    }

    /// Looks at the beginning and the length that a WebP says.
    private static func check(_ path: FilePath) async throws -> ImageFacts {
        struct Damaged: Error {}
        let content = try bytes(of: path)
        guard content.count > 12, content.starts(with: Array("RIFF".utf8)) else { throw Damaged() }
        let length = content[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard content.count == length + 8 else { throw Damaged() }
        return ImageFacts(mediaType: "image/webp", size: ImageSize(width: 1, height: 1))
    }

    private func downloader(_ simulator: Simulator) throws -> ResultDownloader {
        ResultDownloader(
            client: try makeClient(), threads: threads, checker: Self.check,
            base: try HTTPURL(simulator.addresses[.elumenta]), allowsInternal: true)
    }

    /// The address of a fresh result.
    private func result(_ simulator: Simulator, _ plan: JobPlan) async throws -> String {
        simulator.script(Rule(Fault(job: plan), service: .elumenta))
        var request = ClientRequest(
            "POST", try HTTPURL(simulator.addresses[.elumenta] + "/generate"),
            headerFields: ["Content-Type": "application/json"],
            body: HTTPBody(bytes: Array(#"{"model":"flux-1.1-pro","prompt":"a"}"#.utf8)))
        try request.headerFields.set("Authorization", secret: Secret(ElumentaAccount.key("elite")), prefix: "Bearer ")
        let response = try await makeClient().send(request)
        let json = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        return try #require(json?["result_url"] as? String)
    }

    @Test(
        "Cut, redirected and resumed, the image is whole, and no key reached the other host",
        arguments: [true, false])
    func wholeInTheEnd(acceptsRanges: Bool) async throws {
        try await withSimulator { simulator in
            let plan = JobPlan(padding: 50_000, redirects: 2, acceptsRanges: acceptsRanges)
            let address = try await result(simulator, plan)
            let file = "/generations/*"
            simulator.script(
                Rule(Fault(delivery: .closeAfter(bytes: 4000)), service: .downloads, path: file),
                Rule(Fault(delivery: .resetAfter(bytes: 9000)), service: .downloads, path: file))
            let image = try await downloader(simulator).download(address, to: destination) { request in
                try request.headerFields.set("Authorization", secret: Secret("nb_secret"))
            }
            #expect(image.byteCount > 50_000 && simulator.leakedCredentials.isEmpty)
            #expect(folder.files() == ["r.webp"])
            let asked = simulator.requests.filter { $0.service == .downloads && $0.path.hasPrefix("/generations/") }
            #expect(asked.count == 3 && asked[1].headers["Range"] == "bytes=4000-")
        }
    }

    @Test("An address that has expired asks for a new one")
    func expired() async throws {
        try await withSimulator { simulator in
            let address = try await result(simulator, JobPlan(urlLifetime: 60))
            simulator.clock.advance(by: .seconds(61))
            let (downloader, destination) = (try downloader(simulator), destination)
            let error = await #expect(throws: ExpiredAddress.self) {
                _ = try await downloader.download(address, to: destination)
            }
            #expect(error?.error.status == 403)
        }
    }

    @Test(
        "Content that is no image is reported as what it is",
        arguments: [
            (JobPlan.Image.html, "page"), (.json, "JSON"), (.empty, "nothing"), (.truncated, "damaged"),
            (.wrongFormat, "image/png"),
        ])
    func wrong(image: JobPlan.Image, words: String) async throws {
        try await withSimulator { simulator in
            let address = try await result(simulator, JobPlan(image: image))
            let (downloader, destination) = (try downloader(simulator), destination)
            let error = await #expect(throws: GenerationError.self) {
                _ = try await downloader.download(address, to: destination)
            }
            #expect(error?.code == .badImage && error?.message.contains(words) == true)
            #expect(folder.files().isEmpty)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugLedger
import SnugSimulator
import SnugTestSupport
import SnugUpload
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Providers that take images by their addresses only.
@Suite(.serialized) struct DaemonHostingTests {
    private let fixture: DaemonFixture

    init() async throws { fixture = try await DaemonFixture() }

    private func configuration(
        _ simulator: Simulator, _ stages: [Pipeline.Stage], hosted: Bool
    ) throws -> WatchConfiguration {
        var account = Account(name: "main", provider: .elumenta)
        account.baseURL = simulator.addresses.base[.elumenta]
        // Its results are on another port.
        account.allowsInternalAddresses = true
        account.key = .file(try fixture.folder.write(Array(ElumentaAccount.key("elite").utf8), to: "keys/elumenta"))
        if hosted {
            let key = try fixture.folder.write(Array("sk_paid".utf8), to: "keys/host")
            account.imageHost = Account.ImageHosting(baseURL: simulator.addresses.base[.media], key: .file(key))
        }
        var configuration = fixture.configuration(Pipeline(stages) ?? .fit) { folder in
            folder.generation = GenerationSettings(
                account: "main", prompt: "a lighthouse", model: "flux-kontext-pro")
        }
        configuration.accounts = [account]
        return configuration
    }

    @Test("An image host of the account: the fitted image is put there, and its address is submitted")
    func imageHost() async throws {
        try await withSimulator { simulator in
            try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
            let configuration = try configuration(simulator, [.fit, .generate], hosted: true)
            let report = try await fixture.daemon(configuration).runOnce()
            #expect(report.deliveredCount == 1 && report.isClean)
            #expect(simulator.requests.contains { $0.service == .media && $0.method == "POST" })
            #expect(simulator.ledger.charges.count == 1 && fixture.files("outbox").count == 1)
            try await fixture.checkBooks()
        }
    }

    @Test("Fit, upload, generate: the address of the uploaded image is submitted, and no receipt is delivered")
    func uploaded() async throws {
        let stored = Mutex<[String]>([])
        let server = try FaultServer.storingPuts { target in stored.withLock { $0.append(target) } }
        let url = try server.address("/in/")
        try await withSimulator { simulator in
            try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
            var configuration = try configuration(simulator, [.fit, .upload, .generate], hosted: false)
            configuration.folders[0].upload = UploadSettings(url: url, uploadProtocol: .put)
            let report = try await fixture.daemon(configuration).runOnce()
            #expect(report.deliveredCount == 1 && report.isClean)
            #expect(stored.withLock { $0 } == ["/in/a.jpg"])
            let submissions = simulator.requests.filter { $0.service == .elumenta && $0.method == "POST" }
            let address = url.text + "a.jpg"
            #expect(
                submissions.contains {
                    String(decoding: $0.body ?? [], as: UTF8.self).replacing("\\/", with: "/").contains(address)
                })
            #expect(fixture.files("outbox").count == 1 && !fixture.files("outbox")[0].contains("receipt"))
            try await fixture.checkBooks()
        }
    }

    @Test("A bucket is private: a provider gets an address that is signed for as long as the job may wait")
    func signedAddress() async throws {
        let stored = Mutex(0)
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                switch request.method {
                case "PUT":
                    stored.withLock { $0 += request.body.count }
                    try connection.respond(200, ["ETag": "\"part\""])
                case "POST" where request.target.contains("uploads"):
                    try connection.respond(
                        200,
                        body: "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
                case "POST":
                    try connection.respond(
                        200, body: "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")
                default: try connection.respond(200, ["Content-Length": "\(stored.withLock { $0 })"])
                }
            }
        }
        let url = try server.address("/bucket/in/")
        try await withSimulator { simulator in
            try fixture.folder.write(WatchImages.small(1), to: "inbox/a.jpg")
            var configuration = try configuration(simulator, [.upload, .generate], hosted: false)
            var upload = UploadSettings(url: url, uploadProtocol: .s3)
            let id = try fixture.folder.write(Array("AKID".utf8), to: "keys/id")
            let secret = try fixture.folder.write(Array("very-secret".utf8), to: "keys/secret")
            upload.s3 = UploadSettings.S3Keys(accessKeyID: .file(id), secretKey: .file(secret))
            configuration.folders[0].upload = upload
            try await fixture.daemon(configuration).runOnce()
            let bodies = simulator.requests.filter { $0.service == .elumenta && $0.method == "POST" }.map {
                String(decoding: $0.body ?? [], as: UTF8.self)
            }
            // SigV4 signs for 604,800 s at most.
            #expect(bodies.contains { $0.contains("X-Amz-Expires=604800") }, "\(bodies)")
            #expect(!bodies.contains { $0.contains("very-secret") })
            try await checkNothingTellsTheSignature()
        }
    }

    /// The signature of the address is in the ledger, and in nothing that a person is shown.
    private func checkNothingTellsTheSignature() async throws {
        let job = try #require(try await fixture.jobs()["a.jpg"])
        let mark = "X-Amz-Signature="
        let rest = try #require(job.payload.firstRange(of: mark)).upperBound
        let signature = String(job.payload[rest...].prefix { $0.isHexDigit })
        #expect(signature.count == 64)
        let lines = LogLines()
        for event in fixture.allEvents { DaemonLog(lines.logger).record(event) }
        let report = try await JobReport(of: job.id, in: fixture.ledger, now: .now)
        let texts = [job.jsonLine, job.json.description, report.json.description] + lines.all
        for text in texts { #expect(!text.contains(signature) && !text.contains("very-secret")) }
        #expect(report.json["payload"]?["receipt"]?["presigned_url"]?.text?.contains("?***") == true)
    }

    @Test("Without a host and without an upload the configuration is refused at the start, with the remedy")
    func refused() async throws {
        try await withSimulator { simulator in
            let configuration = try configuration(simulator, [.fit, .generate], hosted: false)
            let error = #expect(throws: DaemonError.self) { try configuration.validate() }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("image_host") == true && error?.message.contains("upload.to") == true)
        }
    }

    @Test(
        "The host of an account is a setting like any other",
        arguments: [
            ("pollinations", nil, "pollinations"),
            ("pollinations=http://127.0.0.1:9", "http://127.0.0.1:9", "pollinations=http://127.0.0.1:9"),
        ] as [(String, String?, String)])
    func setting(text: String, base: String?, shown: String) throws {
        let loader = ConfigurationLoader(
            options: [
                OptionValue(["accounts", "main", "provider"], ["elumenta"], option: "a"),
                OptionValue(["accounts", "main", "image_host"], [text], option: "b"),
                OptionValue(["accounts", "main", "image_host_key_env"], ["HOST_KEY"], option: "c"),
            ], stateDirectory: "/state")
        let loaded = try loader.load()
        #expect(
            loaded.service.watch.accounts[0].imageHost
                == Account.ImageHosting(baseURL: base, key: .environment("HOST_KEY")))
        #expect(loaded.settings.first { $0.key == "accounts.main.image_host" }?.value == shown)
    }

    @Test(
        "A host that is none, and a key without a host, are refused with what to write",
        arguments: [
            (["image_host": "s3://bucket"], "upload.to"), (["image_host": "imgur"], "pollinations"),
            (["image_host_key_env": "HOST_KEY"], "set image_host"),
        ])
    func wrongSetting(values: [String: String], hint: String) {
        var loader = ConfigurationLoader(stateDirectory: "/state")
        loader.options = [OptionValue(["accounts", "main", "provider"], ["elumenta"], option: "a")]
        for (key, value) in values {
            loader.options.append(OptionValue(["accounts", "main", key], [value], option: "b"))
        }
        let error = #expect(throws: ConfigurationError.self) { try loader.load() }
        #expect(error?.description.contains(hint) == true, "\(String(describing: error))")
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// The texts of the ledger, which later versions have to understand, and by which work is told from other work.
@Suite struct JobOptionsTableTests {
    private struct Change: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var apply: @Sendable (inout WatchFolder) throws -> Void

        init(_ name: String, _ apply: @escaping @Sendable (inout WatchFolder) throws -> Void) {
            testDescription = name
            self.apply = apply
        }
    }

    private static func folder() throws -> WatchFolder {
        var folder = WatchFolder(
            inbox: "/in", outbox: "/out", pipeline: try #require(Pipeline("fit,upload,generate")))
        folder.upload = UploadSettings(
            url: try HTTPURL("https://host.example/in/"), uploadProtocol: .put)
        folder.generation = GenerationSettings(account: "main", prompt: "a lighthouse", model: "flux")
        return folder
    }

    /// Every setting that has a part in the result.
    private static let changes = [
        Change("byte limit") { $0.limits.byteLimit += 1 },
        Change("counting") { $0.limits.counting = .base64 },
        Change("longest side") { $0.limits.maximumSide = 99 },
        Change("shortest side") { $0.limits.minimumSide = 9 },
        Change("pixels") { $0.limits.maximumPixelCount = 99 },
        Change("width") { $0.limits.maximumWidth = 99 },
        Change("height") { $0.limits.maximumHeight = 99 },
        Change("short side") { $0.limits.maximumShortSide = 99 },
        Change("least bytes") { $0.limits.minimumBytes = 9 },
        Change("share of the input") { $0.limits.inputShare = 0.5 },
        Change("sRGB") { $0.limits.requiresSRGB.toggle() },
        Change("formats") { $0.limits.formats = [.png] },
        Change("strategy") { $0.policy.strategy = .stepped },
        Change("format") { $0.policy.format = .png },
        Change("background") { $0.policy.background = RGBColour(red: 1, green: 2, blue: 3) },
        Change("lossless") { $0.policy.isLossless.toggle() },
        Change("baseline") { $0.policy.isBaseline.toggle() },
        Change("size kept") { $0.policy.keepsSize.toggle() },
        Change("lowest quality") { $0.policy.qualityFloor += 1 },
        Change("partial images") { $0.policy.recoversPartialImages.toggle() },
        Change("stages") { $0.pipeline = try #require(Pipeline("fit,upload")) },
        Change("address") { $0.upload?.url = try HTTPURL("https://host.example/other/") },
        Change("protocol") { $0.upload?.uploadProtocol = .tus },
        Change("media type") { $0.upload?.contentType = "a/b" },
        Change("header") { $0.upload?.headers = [UploadSettings.Header("x-a", .text("b"))] },
        Change("place of a secret") {
            $0.upload?.headers = [UploadSettings.Header("x-a", .secret(prefix: "", .environment("B")))]
        },
        Change("keys of S3") { $0.upload?.s3 = UploadSettings.S3Keys() },
        Change("form field") { $0.upload?.formField = "x" },
        Change("prompt") { $0.generation?.prompt = "a house" },
        Change("model") { $0.generation?.model = "other" },
        Change("fallbacks") { $0.generation?.fallbackModels = ["b"] },
        Change("account") { $0.generation?.account = "b" },
        Change("size") { $0.generation?.size = ImageSize("512x512") },
        Change("number") { $0.generation?.count = 2 },
        Change("seed") { $0.generation?.seed = 7 },
        Change("format of results") { $0.generation?.format = "png" },
        Change("parameter") { $0.generation?.parameters = ["style": .text("vivid")] },
    ]

    @Test(
        "Each setting that has a part in the result makes other work of it, and survives the ledger",
        arguments: changes)
    private func identity(change: Change) throws {
        let plain = try Self.folder()
        var changed = plain
        try change.apply(&changed)
        let options = JobOptions(changed)
        #expect(options.text != JobOptions(plain).text)
        #expect(JobOptions(text: options.text) == options)
        #expect(JobOptions(text: options.text)?.text == options.text)
    }

    private static let sideIssues = [
        Change("name") { $0.name = "other" }, Change("outbox") { $0.outbox = "/elsewhere" },
        Change("settle time") { $0.settleTime = .seconds(9) }, Change("source") { $0.source = .leave },
        Change("attempts") { $0.maximumAttempts = 9 },
        Change("priority") { $0.priority = .interactive },
        Change("polling") { $0.prefersPolling = true },
    ]

    @Test(
        "Settings that have no part in the result leave the work the same: nothing is done and paid for again",
        arguments: sideIssues)
    private func sameWork(change: Change) throws {
        let plain = try Self.folder()
        var changed = plain
        try change.apply(&changed)
        #expect(JobOptions(changed).text == JobOptions(plain).text)
    }

    @Test("Settings of stages that a pipeline has not are no part of its work")
    func unused() throws {
        var folder = try Self.folder()
        folder.pipeline = .fit
        let text = JobOptions(folder).text
        folder.upload = nil
        folder.generation = nil
        #expect(JobOptions(folder).text == text)
        #expect(!text.contains("lighthouse") && !text.contains("host.example"))
    }

    @Test(
        "Text of another kind is no options",
        arguments: ["", "{}", "[]", "null", #"{"stages":["paint"]}"#, #"{"fault":"x"}"#])
    func others(text: String) { #expect(JobOptions(text: text) == nil) }

    // MARK: Names and places

    @Test(
        "A path's text is a contract: these bytes are this text, and back",
        arguments: [
            ("a.jpg", "a.jpg"), ("100%", "100%25"), ("%41", "%2541"), ("ä", "ä"), ("a\nb", "a\nb"),
            ("", ""), ("%", "%25"),
        ])
    func pathText(path: String, text: String) {
        #expect(PathText.encode(Array(path.utf8)) == text && PathText.decode(text) == Array(path.utf8))
    }

    @Test(
        "Bytes that are no UTF-8 make every byte beyond ASCII a mark",
        arguments: [
            ([0x61, 0xFF], "a%ff"), ([0xC3, 0xA4, 0xFF], "%c3%a4%ff"), ([0xED, 0xA0, 0x80], "%ed%a0%80"),
        ] as [([UInt8], String)])
    func brokenBytes(bytes: [UInt8], text: String) {
        #expect(PathText.encode(bytes) == text && PathText.decode(text) == bytes)
    }

    @Test("A mark that is none stays as it is", arguments: ["%", "%4", "%zz", "a%", "%%", "%g1"])
    func noMark(text: String) { #expect(PathText.decode(text) == Array(text.utf8)) }

    @Test("A source's text is a contract, and damaged ones are none")
    func sourceText() throws {
        let id = try #require(IntakeID("0123456789abcdefghjkmn"))
        let version = FileVersion(device: 64768, inode: .max, byteCount: 12, modified: -5, changed: 99)
        let path = RelativePath("sub:1/100%.jpg")
        let moved = "work:0123456789abcdefghjkmn:sub:1/100%25.jpg"
        let left = "left:64768:18446744073709551615:12:-5:sub:1/100%25.jpg"
        #expect(SourceKey.moved(id, path).text == moved && SourceKey.left(path, version).text == left)
        #expect(SourceKey(moved) == .moved(id, path) && SourceKey(moved)?.original == path)
        guard case .left(let found, let foundVersion)? = SourceKey(left) else {
            Issue.record("no source")
            return
        }
        #expect(found == path && foundVersion.hasSameContent(as: version) && foundVersion.inode == .max)
        for text in [
            "work:0123456789abcdefghjkmN:a", "work:../../../../etc/passwd0:a", "left:-1:2:3:4:a",
            "left:1:2:3:4",
            "left:1:2:99999999999999999999:4:a", "LEFT:1:2:3:4:a", "work", ":",
        ] { #expect(SourceKey(text) == nil, "\(text)") }
    }

    @Test("A payload's keys are a contract: what version 1 wrote is read")
    func payload() throws {
        let staged = #""byteCount":3,"digest":"00ff","path":"#
        let receipt =
            #"{"attempts":1,"bytes":3,"bytes_sent":3,"confirmation":"checksum","presigned_url":"https://h.example/a?b=c","#
            + #""protocol":"s3","resumed":false,"retries":0,"seconds":0.5,"url":"https://h.example/a"}"#
        let written =
            #"{"fitted":{\#(staged)"fit/a%25.jpg","suffix":"jpg"},"images":[],"isAccepted":true,"#
            + #""outputs":[{\#(staged)"/out/a.jpg","suffix":"jpg"}],"receipt":\#(receipt)}"#
        let payload = JobPayload(text: written)
        #expect(payload.fitted?.path == "fit/a%25.jpg" && payload.outputs?.first?.digest == "00ff")
        #expect(
            payload.receipt?.presignedURL == "https://h.example/a?b=c" && payload.isAccepted == true)
        #expect(payload.text == written)
        // The receipt that a person gets has no address that grants access.
        let file = String(decoding: try #require(payload.receipt).fileBytes(), as: UTF8.self)
        #expect(
            !file.contains("presigned") && !file.contains("b=c") && file.contains("https://h.example/a"))
    }

    // MARK: Secrets

    @Test(
        "A secret in a file is its first line, and what holds none is missed by its place",
        arguments: [
            ("key", "key"), ("key\n", "key"), ("key\r\nmore", "key"), ("\n\nkey\n", "key"),
            ("\tkey one\t\n", "key one"),
            ("", nil), ("\n \n", nil), ("   ", nil),
        ] as [(String, String?)])
    func secretFile(content: String, secret: String?) throws {
        let folder = try TemporaryFolder()
        let place = SecretReference.file(try folder.write(Array(content.utf8), to: "key"))
        guard let secret else {
            let error = #expect(throws: DaemonError.self) { try place.read() }
            #expect(
                error?.code == .secretMissing
                    && error?.message.contains(folder.path.appending("key").string) == true)
            return
        }
        let read = try place.read()
        #expect(read.reveal() == secret && !"\(read)".contains("key"))
    }

    @Test(
        "An account's address that is none is told with the account's name",
        arguments: Account.ProviderName.allCases)
    func account(provider: Account.ProviderName) throws {
        var account = Account(name: "main", provider: provider)
        #expect(throws: Never.self) { try account.makeProvider() }
        account.baseURL = "ftp://host.example"
        let error = #expect(throws: DaemonError.self) { try account.makeProvider() }
        #expect(error?.code == .invalidConfiguration && error?.message.contains("'main'") == true)
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugUpload

/// Uploads in one request, through proxies: nothing can be resumed, so it is sent again or said what is not known.
@Suite(.serialized) struct WholeProxyTests {
    private let folder: ScratchFolder
    private let bytes = pattern(4_000_037)
    init() throws { folder = try ScratchFolder() }

    private func options(rate: Int? = nil, attempts: Int = 10) -> UploadOptions {
        var options = UploadOptions()
        options.bandwidthLimiter = rate.map(BandwidthLimiter.init)
        options.attemptsWithoutProgress = attempts
        return options
    }

    @Test("A PUT arrives once and is compared", arguments: RealProxy.Kind.allCases)
    func put(kind: RealProxy.Kind) async throws {
        let origin = try await DavOrigin()
        let proxy = try await RealProxy(kind, before: origin.server.port)
        let receipt = try await makeUploader(folder).upload(
            try folder.file(bytes), to: UploadTarget(try proxy.url("/a.bin", port: kind.pass), .put))
        #expect(receipt.confirmation == .length && receipt.retries == 0)
        let stored = try origin.stored()
        #expect(stored.keys.sorted() == ["a.bin"] && stored["a.bin"] == bytes)
    }

    @Test(
        "A PUT above the limit is a finding, and nothing is stored",
        arguments: [RealProxy.Kind.nginx, .haproxy, .caddy])
    func putAboveTheLimit(kind: RealProxy.Kind) async throws {
        let origin = try await DavOrigin()
        let proxy = try await RealProxy(kind, before: origin.server.port)
        let uploader = try await makeUploader(folder, continueTimeout: .seconds(60))
        let file = try folder.file(bytes)
        let target = UploadTarget(try proxy.url("/a.bin", port: 0), .put)
        for _ in 0..<2 {
            let error = await #expect(throws: UploadError.self) { try await uploader.upload(file, to: target) }
            #expect(
                error?.code == .tooLarge && error?.status == 413 && error?.resumption == UploadError.Resumption.none)
        }
        #expect(try origin.stored().isEmpty)
    }

    @Test("A PUT outlives an origin that hangs", arguments: RealProxy.Kind.allCases)
    func putToASleepingOrigin(kind: RealProxy.Kind) async throws {
        let origin = try await DavOrigin()
        let proxy = try await RealProxy(kind, before: origin.server.port)
        let task = await begin(
            try await makeUploader(folder, waits: true), try folder.file(bytes),
            to: UploadTarget(try proxy.url("/a.bin", port: kind.gateway), .put), options: options(rate: 4_000_000),
            after: 1_000_000
        ) { origin.server.fallAsleep() }
        try await proxy.waitFor(kind.gatewayStatus)
        origin.server.wakeUp()
        let receipt = try await task.value
        #expect(receipt.confirmation == .length && receipt.retries > 0)
        let stored = try origin.stored()
        #expect(stored.keys.sorted() == ["a.bin"] && stored["a.bin"] == bytes)
    }

    @Test("A PUT to nobody is a clear error", arguments: RealProxy.Kind.allCases)
    func putToNobody(kind: RealProxy.Kind) async throws {
        let proxy = try await RealProxy(kind, before: 1)
        let uploader = try await makeUploader(folder)
        let file = try folder.file(bytes)
        let target = UploadTarget(try proxy.url("/a.bin", port: kind.dead), .put)
        let few = options(attempts: 3)
        let error = await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: target, options: few)
        }
        #expect(error?.code == .retriesSpent && error?.status == kind.deadStatus)
        try await proxy.waitFor(kind.deadStatus, times: 3)
    }

    @Test("A form arrives once", arguments: RealProxy.Kind.allCases)
    func form(kind: RealProxy.Kind) async throws {
        let sink = try FormSink()
        let proxy = try await RealProxy(kind, before: sink.port)
        _ = try await makeUploader(folder).upload(
            try folder.file(bytes, named: "a.png"), to: UploadTarget(try proxy.url("/form", port: kind.pass), .form))
        #expect(sink.files.map(\.name) == ["a.png"] && sink.files.first?.bytes == bytes)
    }

    @Test("A form above the limit is a finding", arguments: [RealProxy.Kind.nginx, .haproxy, .caddy])
    func formAboveTheLimit(kind: RealProxy.Kind) async throws {
        let sink = try FormSink()
        let proxy = try await RealProxy(kind, before: sink.port)
        let uploader = try await makeUploader(folder, continueTimeout: .seconds(60))
        let file = try folder.file(bytes)
        let target = UploadTarget(try proxy.url("/form", port: 0), .form)
        let error = await #expect(throws: UploadError.self) { try await uploader.upload(file, to: target) }
        #expect(error?.code == .tooLarge && error?.status == 413)
        #expect(sink.files.isEmpty)
    }

    @Test("A form whose answer the gateway did not wait for is not sent twice", arguments: RealProxy.Kind.allCases)
    func formWithoutAnswer(kind: RealProxy.Kind) async throws {
        let isEnough = Mutex(false)
        let origin = try FaultServer { connection in
            var request = try connection.readHead()
            if request.headers["expect"] != nil { try connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
            request.body = try connection.read(Int(request.headers["content-length"] ?? "0") ?? 0)
            connection.recordRequest(request)
            while !isEnough.withLock({ $0 }) { connection.ignoreEverything(seconds: 1) }
        }
        defer { isEnough.withLock { $0 = true } }
        let proxy = try await RealProxy(kind, before: origin.port)
        let uploader = try await makeUploader(folder)
        // Little, because the gateway's second may begin before the origin has all of it.
        let file = try folder.file(pattern(50_000))
        let target = UploadTarget(try proxy.url("/form", port: kind.gateway), .form)
        let error = await #expect(throws: UploadError.self) { try await uploader.upload(file, to: target) }
        #expect(error?.code == .outcomeUnknown && error?.status == kind.gatewayStatus)
        // What has arrived may not have been read yet.
        for _ in 0..<1200 where origin.requests.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
        #expect(origin.requests.filter { $0.method == "POST" }.count == 1)
    }

    @Test("Forms that come too fast wait and arrive once each", arguments: [(6, 429), (7, 503)])
    func formsThatComeTooFast(port: Int, status: Int) async throws {
        let sink = try FormSink()
        let proxy = try await RealProxy(.nginx, before: sink.port)
        let uploader = try await makeUploader(folder, waits: true)
        let target = UploadTarget(try proxy.url("/form", port: port), .form)
        for name in ["a", "b", "c"] {
            _ = try await uploader.upload(try folder.file(pattern(50_000), named: name), to: target)
        }
        #expect(proxy.count(status) > 0)
        #expect(sink.files.map(\.name) == ["a", "b", "c"])
    }
}

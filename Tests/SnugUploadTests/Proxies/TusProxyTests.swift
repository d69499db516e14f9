// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugUpload

/// tus through proxies whose responses are their own.
@Suite(.serialized) struct TusProxyTests {
    private let folder: ScratchFolder
    private let bytes = pattern(6_000_011)
    init() throws { folder = try ScratchFolder() }

    private func options(chunk: Int = 1 << 20, rate: Int? = nil) -> UploadOptions {
        var options = UploadOptions()
        options.chunkSize = chunk
        options.bandwidthLimiter = rate.map(BandwidthLimiter.init)
        return options
    }

    @Test("A proxy that passes on costs nothing", arguments: RealProxy.Kind.allCases)
    func pass(kind: RealProxy.Kind) async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(kind, before: origin.server.port)
        let target = UploadTarget(try proxy.url("/files", port: kind.pass), .tus)
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target, options: options())
        #expect(receipt.retries == 0 && receipt.bytesSent == bytes.count)
        try origin.expectOnly(bytes)
    }

    @Test(
        "A limit of 1 MiB is found within three refusals and then known",
        arguments: [RealProxy.Kind.nginx, .haproxy, .caddy])
    func limit(kind: RealProxy.Kind) async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(kind, before: origin.server.port)
        let target = UploadTarget(try proxy.url("/files", port: 0), .tus)
        let uploader = try await makeUploader(folder, continueTimeout: .seconds(60))
        let large = pattern(12_000_017)
        _ = try await uploader.upload(try folder.file(large), to: target, options: options(chunk: 8 << 20))
        let refusals = try await proxy.settledCount(413)
        #expect((1...3).contains(refusals))
        // The next upload, and the first one of the next process.
        let second = pattern(9_000_001)
        _ = try await uploader.upload(
            try folder.file(second, named: "second"), to: target, options: options(chunk: 8 << 20))
        let third = pattern(9_000_003)
        _ = try await makeUploader(folder, continueTimeout: .seconds(60)).upload(
            try folder.file(third, named: "third"), to: target, options: options(chunk: 8 << 20))
        #expect(try await proxy.settledCount(413) == refusals)
        try origin.expectOnly(large, second, third)
    }

    @Test("An origin that hangs for a while, seen as the gateway's timeout", arguments: RealProxy.Kind.allCases)
    func gatewayTimeout(kind: RealProxy.Kind) async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(kind, before: origin.server.port)
        let target = UploadTarget(try proxy.url("/files", port: kind.gateway), .tus)
        let task = await begin(
            try await makeUploader(folder, waits: true), try folder.file(bytes), to: target,
            options: options(chunk: 256 << 10, rate: 3_000_000), after: 2_000_000
        ) { origin.server.fallAsleep() }
        try await proxy.waitFor(kind.gatewayStatus)
        origin.server.wakeUp()
        let receipt = try await task.value
        #expect(receipt.retries > 0)
        try origin.expectOnly(bytes)
    }

    @Test("An origin that crashes and returns", arguments: RealProxy.Kind.allCases)
    func crash(kind: RealProxy.Kind) async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(kind, before: origin.server.port)
        let target = UploadTarget(try proxy.url("/files", port: kind.pass), .tus)
        let task = await begin(
            try await makeUploader(folder, waits: true), try folder.file(bytes), to: target,
            options: options(chunk: 256 << 10, rate: 3_000_000), after: 2_000_000
        ) { origin.server.stop() }
        try await proxy.waitFor(kind.deadStatus)
        try origin.server.restart()
        let receipt = try await task.value
        #expect(receipt.retries > 0)
        try origin.expectOnly(bytes)
    }

    @Test("A proxy with nothing behind it is a clear error", arguments: RealProxy.Kind.allCases)
    func dead(kind: RealProxy.Kind) async throws {
        let proxy = try await RealProxy(kind, before: 1)
        let uploader = try await makeUploader(folder)
        let file = try folder.file(bytes)
        let target = UploadTarget(try proxy.url("/files", port: kind.dead), .tus)
        let error = await #expect(throws: UploadError.self) { try await uploader.upload(file, to: target) }
        #expect(error?.code == .retriesSpent && error?.status == kind.deadStatus)
        #expect(error?.resumption == .resumable(from: 0))
        try await proxy.waitFor(kind.deadStatus, times: 10, of: ["OPTIONS", "POST"])
    }

    @Test(
        "A server that asks for a wait gets it",
        arguments: [(RealProxy.Kind.nginx, 6, 429), (.nginx, 7, 503), (.haproxy, 4, 429)])
    func patience(kind: RealProxy.Kind, port: Int, status: Int) async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(kind, before: origin.server.port)
        let small = pattern(400_003)
        var options = options(chunk: 256 << 10)
        options.adaptsChunkSize = false
        let target = UploadTarget(try proxy.url("/files", port: port), .tus)
        _ = try await makeUploader(folder, waits: true).upload(try folder.file(small), to: target, options: options)
        #expect(proxy.count(status, of: ["OPTIONS", "HEAD", "POST", "PATCH"]) > 0)
        try origin.expectOnly(small)
    }

    @Test func moreUploadsThanTheQueueTakes() async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(.haproxy, before: origin.server.port)
        let uploader = try await makeUploader(folder, waits: true)
        let target = UploadTarget(try proxy.url("/files", port: 7), .tus)
        let contents = (1...3).map { pattern(1_000_000 + $0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, content) in contents.enumerated() {
                let file = try folder.file(content, named: "file\(number)")
                let options = options(rate: 600_000)
                group.addTask { _ = try await uploader.upload(file, to: target, options: options) }
            }
            try await group.waitForAll()
        }
        #expect(proxy.count(503) > 0)
        let found = try origin.stored()
        #expect(found.count == 3 && contents.allSatisfy(found.contains))
    }

    @Test func aRequestThatIsSlowerThanHAProxyAllowsIsAClearError() async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(.haproxy, before: origin.server.port)
        let uploader = try await makeUploader(folder)
        let file = try folder.file(pattern(12_000))
        let target = UploadTarget(try proxy.url("/files", port: 1), .tus)
        var options = options(rate: 1_000)
        options.attemptsWithoutProgress = 3
        let slow = options
        let error = await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: target, options: slow)
        }
        #expect(error?.code == .retriesSpent && error?.status == 408)
        #expect(error?.resumption == .resumable(from: 0))
        try await proxy.waitFor(408, times: 3)
    }

    @Test func chunksShrinkUntilApacheFindsThemFastEnough() async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(.apache, before: origin.server.port)
        let small = pattern(1_300_003)
        let target = UploadTarget(try proxy.url("/files", port: 1), .tus)
        _ = try await makeUploader(folder).upload(
            try folder.file(small), to: target, options: options(rate: 400_000))
        #expect(proxy.count(408) > 0)
        try origin.expectOnly(small)
    }

    @Test func nginxClosesWithoutAWordWhenABodyRests() async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(.nginx, before: origin.server.port)
        let uploader = try await makeUploader(folder)
        let small = pattern(10_007)
        let file = try folder.file(small)
        let target = UploadTarget(try proxy.url("/files", port: 4), .tus)
        // A piece every 1.4 s.
        var options = options(rate: 1_500)
        options.attemptsWithoutProgress = 3
        let slow = options
        let error = await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: target, options: slow)
        }
        #expect(error?.code == .retriesSpent && error?.status == nil)
        #expect((error?.cause as? HTTPError)?.code == .connectionLost)
        // What nginx writes into its log it has told nobody.
        try await proxy.waitFor(408, times: 3)
        #expect(try await uploader.pending().count == 1)
        let receipt = try await uploader.upload(file, to: target)
        #expect(receipt.resumed)
        try origin.expectOnly(small)
    }

    @Test func connectionsThatHAProxyForgets() async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(.haproxy, before: origin.server.port)
        let target = UploadTarget(try proxy.url("/files", port: 5), .tus)
        var options = options(chunk: 256 << 10)
        options.adaptsChunkSize = false
        options.stallTimeout = .seconds(2)
        let small = pattern(2_500_003)
        let receipt = try await makeUploader(folder).upload(try folder.file(small), to: target, options: options)
        #expect(receipt.retries > 0)
        try origin.expectOnly(small)
    }

    @Test func nginxThatKeepsBodiesUntilTheyAreWhole() async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(.nginx, before: origin.server.port)
        let target = UploadTarget(try proxy.url("/files", port: 1), .tus)
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target, options: options())
        #expect(receipt.retries == 0)
        try origin.expectOnly(bytes)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugImage

/// Fits that crash, hang, take memory, lie and ask for what is forbidden: each costs its own image, and says so.
@Suite struct IsolatedFaultTests {
    struct Row: CustomTestStringConvertible {
        var deed: String
        var words: String
        var testDescription: String { deed }
    }
    static let rows: [Row] = [
        Row(deed: "crash", words: "signal \(SIGSEGV)"), Row(deed: "killed", words: "signal \(SIGKILL)"),
        Row(deed: "leave", words: "it ended by itself"), Row(deed: "socket", words: "forbidden"),
        Row(deed: "fork", words: "forbidden"), Row(deed: "eat", words: "signal \(SIGABRT)"),
        Row(deed: "length", words: "cannot be"), Row(deed: "negative", words: "cannot be"),
        Row(deed: "format", words: "cannot be"), Row(deed: "status", words: "cannot be"),
        Row(deed: "not an image", words: "cannot be"), Row(deed: "sides", words: "cannot be"),
        Row(deed: "vast", words: "cannot be"), Row(deed: "words", words: "cannot be"),
        Row(deed: "code", words: "cannot be"), Row(deed: "silence", words: "cannot be"),
        Row(deed: "long", words: "cannot be"), Row(deed: "failed", words: "cannot be"),
    ]

    /// A sound PNG of 4 × 3 pixels that asks for a deed.
    private func bytes(_ deed: String) -> [UInt8] {
        var builder = PNGBuilder(width: 4, height: 3)
        builder.trailer = Array("deed:\(deed)".utf8)
        return builder.bytes
    }

    private func fitter(_ patience: DecoderWorkerPool.Patience = DecoderWorkerPool.Patience()) throws -> ImageFitter {
        ImageFitter(
            configuration: .init(
                memory: 64 << 20, threads: 1, decoderWorker: try WorkerFixture.worker(faults: true),
                isolation: .everything), patience: patience)
    }

    /// Has a deed done.
    /// - Returns: The warning that comes back; the process's number for most deeds.
    private func fit(_ deed: String, by fitter: ImageFitter) async throws -> String? {
        try await fitter.fit(ImageSource(bytes: bytes(deed))).warnings.first
    }

    @Test("A fit that misbehaves costs one image, and the next one is fitted", arguments: rows)
    func misbehaves(row: Row) async throws {
        let fitter = try fitter()
        let before = try await fit("fine", by: fitter)
        let error = await #expect(throws: ImageError.self) { try await fit(row.deed, by: fitter) }
        #expect(error?.code == .decoderCrashed)
        #expect(error?.message.contains(row.words) == true, "\(error?.message ?? "")")
        let after = try await fit("fine", by: fitter)
        // A process that is still there is used again, one that ended is not.
        #expect((after == before) == (row.words == "cannot be"))
        #expect(fitter.memoryUse.used == 0)
    }

    @Test(
        "A fit without a result in time is ended: one that works and one that does nothing",
        arguments: ["sleep", "spin"])
    func hangs(deed: String) async throws {
        var patience = DecoderWorkerPool.Patience(seconds: 0.1, secondsPerMegapixel: 0, factor: 600)
        if deed == "sleep" { patience.stall = 100 }
        let fitter = try fitter(patience)
        let error = await #expect(throws: ImageError.self) { try await fit(deed, by: fitter) }
        #expect(error?.code == .decoderTimedOut)
    }

    @Test("A cancelled fit ends its process and takes no more of the budget")
    func cancelled() async throws {
        let fitter = try fitter()
        let task = Task { try await fit("sleep", by: fitter) }
        while fitter.memoryUse.used == 0 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(fitter.memoryUse.used == 0)
    }

    @Test("No file is opened")
    func open() async throws {
        #expect(try await fit("open", by: fitter()) == "\(EPERM)")
    }

    @Test("Words from a process reach no terminal as commands")
    func controls() async throws {
        #expect(try await fit("controls", by: fitter()) == "[31mred")
    }

    @Test("A file that changes while its process crashes is reported as changed")
    func changed() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes("crash"), to: "image.png")
        let source = try ImageSource(file: path)
        try folder.write(bytes("crash") + [0], to: "image.png")
        let error = await #expect(throws: ImageError.self) { try await fitter().fit(source) }
        #expect(error?.code == .inputChanged)
    }

    @Test("Without a program that serves, no image is fitted, and none here in silence")
    func unavailable() async throws {
        for (worker, words) in [
            (nil, "DecoderWorker.serveIfRequested()"),
            (DecoderWorker(executable: "/bin/true"), "does not serve as a decoder process"),
        ] {
            let fitter = ImageFitter(
                configuration: .init(memory: 64 << 20, threads: 1, decoderWorker: worker, isolation: .everything))
            let error = await #expect(throws: ImageError.self) { try await fit("fine", by: fitter) }
            #expect(error?.code == .decoderUnavailable && error?.message.contains(words) == true)
        }
    }
}

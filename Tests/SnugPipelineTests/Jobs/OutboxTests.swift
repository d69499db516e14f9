// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// The place of results, the files of jobs on their way, and the look at what was delivered.
@Suite struct OutboxTests {
    private let folder: TemporaryFolder
    private let outbox: Outbox
    private let files: JobFiles

    init() throws {
        folder = try TemporaryFolder()
        let publisher = OutputPublisher(FilePublisher())
        outbox = Outbox(folder: folder.path.appending("out"), publisher: publisher)
        files = JobFiles(root: folder.path.appending("jobs"), publisher: publisher)
    }

    private func deliver(_ bytes: [UInt8], _ name: String, suffix: String = "jpg") throws -> String {
        let path = try outbox.deliver(
            PublishedContent(bytes: bytes), byteCount: bytes.count, as: ResultName(RelativePath(name), suffix: suffix))
        var below = path
        _ = below.removePrefix(outbox.folder)
        return below.string
    }

    @Test("The same result again is the file that is there; another one gets the next free name")
    func collisions() throws {
        #expect(try deliver([1, 2], "a.jpg") == "a.jpg")
        #expect(try deliver([1, 2], "a.jpg") == "a.jpg")
        // As long, and with another byte.
        #expect(try deliver([1, 3], "a.jpg") == "a.jpg.jpg")
        #expect(try deliver([1, 3], "a.jpg") == "a.jpg.jpg")
        #expect(try deliver([4], "a.jpg") == "a-3.jpg")
        #expect(try deliver([5], "a.jpg") == "a-4.jpg")
        #expect(try deliver([1, 2], "a.jpg") == "a.jpg")
        #expect(folder.files() == ["out/a-3.jpg", "out/a-4.jpg", "out/a.jpg", "out/a.jpg.jpg"])
    }

    @Test("Two sources of one stem are two results, each with a name that stays the same")
    func stems() throws {
        #expect(try deliver([1], "sub/a.png") == "sub/a.jpg")
        #expect(try deliver([2], "sub/a.gif") == "sub/a.gif.jpg")
        #expect(try deliver([2], "sub/a.gif") == "sub/a.gif.jpg")
        #expect(try deliver([3], "other/a.gif") == "other/a.jpg")
    }

    @Test("A folder, a link or a pipe under the name is nobody's result, and is left alone")
    func others() throws {
        try FileSystem.makeFolders(folder.path.appending("out/a.jpg"))
        try folder.makeLink("out/b.jpg", to: "/there/is/no/such")
        try folder.makePipe("out/c.jpg")
        #expect(try deliver([1], "a.jpg") == "a.jpg.jpg")
        #expect(try deliver([1], "b.jpg") == "b.jpg.jpg")
        #expect(try deliver([1], "c.jpg") == "c.jpg.jpg")
        #expect((try? FileIdentity(of: folder.path.appending("out/b.jpg"), followsLinks: false))?.kind == .link)
    }

    @Test("What another process puts there at the same moment is not replaced")
    func race() async throws {
        let outbox = outbox
        let paths = try await withThrowingTaskGroup(of: FilePath.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await onThread {
                        try outbox.deliver(
                            PublishedContent(bytes: [UInt8(number)]), byteCount: 1,
                            as: ResultName(RelativePath("a.jpg"), suffix: "jpg"))
                    }
                }
            }
            return try await group.reduce(into: [FilePath]()) { $0.append($1) }
        }
        #expect(Set(paths).count == 8)
        let bytes = try paths.map { try FileDescriptor.contents(of: $0) }
        #expect(Set(bytes.map { $0.first ?? 99 }) == Set(0..<8))
    }

    @Test(
        "Several results of one source are numbered before their extension",
        arguments: [("a.png", "a-1.png"), ("a.jpg", "a-1.png"), ("sub/a", "sub/a-1.png"), ("a.b.png", "a.b-1.png")])
    func numbers(source: String, expected: String) {
        #expect(ResultName(RelativePath(source), suffix: "png", number: 1).candidate(0) == RelativePath(expected))
    }

    // MARK: Jobs

    private func job(_ payload: JobPayload = JobPayload()) async throws -> Job {
        var new = NewJob(JobIdentity(contentHash: "h", pipeline: "fit"), name: "a.jpg", folder: "inbox")
        new.payload = payload.text
        let ledger: any LedgerStore = InMemoryLedger()
        return try #require(try await ledger.enqueue([new]).first).job
    }

    private func staged(_ path: String, _ bytes: [UInt8]) -> JobPayload.StagedFile {
        JobPayload.StagedFile(
            path: path, suffix: "jpg", byteCount: bytes.count, digest: MessageDigest.sha256(bytes).hexadecimal)
    }

    @Test("A job's files are there by their size, and gone with the job, links and folders too")
    func jobFiles() async throws {
        let id = try await job().id
        let file = staged("fit/a.jpg", [1, 2, 3])
        #expect(!files.isThere(file, in: id))
        try folder.write([1, 2, 3], to: "jobs/\(id)/fit/a.jpg")
        #expect(files.isThere(file, in: id) && !files.isThere(staged("fit/a.jpg", [1]), in: id))
        try folder.write([9], to: "keep.jpg")
        try folder.makeLink("jobs/\(id)/fit/link", to: folder.path.string)
        try FileSystem.makeFolders(folder.path.appending("jobs/\(id)/results/deep"))
        try folder.write([1], to: "jobs/no id at all/a")
        #expect(files.jobs() == [id])
        files.remove(id)
        #expect(files.jobs() == [] && folder.files() == ["jobs/no id at all/a", "keep.jpg"])
        files.remove(id)
    }

    @Test(
        "Delivered results are whole, missing or changed",
        arguments: [
            ([1, 2, 3], JobVerification.Finding.whole), ([1, 2, 4], .changed), ([1, 2], .changed), ([], .changed),
            (nil, .missing),
        ] as [([UInt8]?, JobVerification.Finding)])
    func verification(found: [UInt8]?, finding: JobVerification.Finding) async throws {
        let path = folder.path.appending("out/a.jpg")
        if let found { try folder.write(found, to: "out/a.jpg") }
        var payload = JobPayload()
        payload.outputs = [staged(PathText.encode(path.bytes), [1, 2, 3])]
        let result = JobVerification(of: try await job(payload))
        #expect(result.files.map(\.finding) == [finding] && result.files[0].path == path)
        #expect(result.isWhole == (finding == .whole))
        #expect(result.json["whole"] == .flag(finding == .whole))
        #expect(result.json["outputs"]?.elements.first?["finding"]?.text == finding.rawValue)
    }

    @Test("Results under all names are looked at: those of one delivery, and those of later ones")
    func verificationOfNames() async throws {
        let paths = ["a.jpg", "b.jpg", "c.jpg"].map { folder.path.appending($0) }
        for name in ["a.jpg", "b.jpg", "c.jpg"] { try folder.write([1, 2, 3], to: name) }
        var payload = JobPayload()
        payload.note([staged(PathText.encode(paths[0].bytes), [1, 2, 3])])
        payload.noteOther([paths[1]])
        payload.note([staged(PathText.encode(paths[2].bytes), [1, 2, 3])])
        // The same place again is no other one.
        payload.note([staged(PathText.encode(paths[2].bytes), [1, 2, 3])])
        let whole = JobVerification(of: try await job(JobPayload(text: payload.text)))
        #expect(whole.files.map(\.path) == [paths[2], paths[0], paths[1]] && whole.isWhole)
        try FileSystem.remove(paths[0])
        #expect(JobVerification(of: try await job(payload)).files.map(\.finding) == [.whole, .missing, .whole])
        for number in 0..<100 { payload.noteOther([folder.path.appending("\(number)")]) }
        #expect(payload.others?.count == 50)
    }

    @Test("A link or a folder in the place of a result is no result")
    func verificationOfOthers() async throws {
        try folder.write([1, 2, 3], to: "real.jpg")
        try folder.makeLink("link.jpg", to: "real.jpg")
        try FileSystem.makeFolders(folder.path.appending("folder.jpg"))
        var payload = JobPayload()
        payload.outputs = ["link.jpg", "folder.jpg"].map {
            staged(PathText.encode(folder.path.appending($0).bytes), [1, 2, 3])
        }
        let result = JobVerification(of: try await job(payload))
        #expect(result.files.allSatisfy { $0.finding != .whole } && !result.isWhole)
        // A job whose results were not recorded has nothing that could be missing.
        #expect(JobVerification(of: try await job()).isWhole)
    }

    @Test("A payload comes back from its text, and one that cannot be read is that of a new job")
    func payload() {
        var payload = JobPayload()
        #expect(payload.text == "{}")
        payload.fault = JobPayload.Fault(code: "incomplete", message: "\"cut\"\n")
        payload.fitted = staged("fit/%ff.jpg", [1])
        payload.isAccepted = true
        #expect(JobPayload(text: payload.text) == payload && !payload.text.contains("\n"))
        for text in ["", "[]", "{\"fitted\": 3}", "nonsense"] { #expect(JobPayload(text: text) == JobPayload()) }
        // What a later version adds is passed over.
        #expect(JobPayload(text: #"{"isAccepted":true,"more":1}"#).isAccepted == true)
    }

    @Test("A failed file's name leads to its last failure, until a later file takes its place")
    func failedNames() async throws {
        let ledger: any LedgerStore = InMemoryLedger()
        var ids: [JobID] = []
        for number in 0..<3 {
            let new = NewJob(
                JobIdentity(contentHash: "\(number)", pipeline: "fit"), name: number == 1 ? "b.jpg" : "a.jpg",
                folder: "inbox")
            ids.append(try #require(try await ledger.enqueue([new]).first).job.id)
        }
        for _ in 0..<3 {
            let claim = try #require(try await ledger.claim(ClaimRequest()).first)
            try await ledger.recordOutcome(.failed(JobReason(code: "x", message: "")), under: claim.lease)
        }
        let names = FailedNames()
        try await names.load(folder: "inbox", from: ledger)
        #expect(names.job(named: "a.jpg") == ids[2] && names.job(named: "b.jpg") == ids[1])
        #expect(names.job(named: "c.jpg") == nil)
        names.forget("a.jpg")
        #expect(names.job(named: "a.jpg") == nil)
        let other = FailedNames()
        try await other.load(folder: "other", from: ledger)
        #expect(other.job(named: "b.jpg") == nil)
    }
}

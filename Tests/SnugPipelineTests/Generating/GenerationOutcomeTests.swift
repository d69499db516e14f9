// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugImage
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration
@testable import SnugPipeline

/// Runs against an API that delivers fewer images than asked for, shows unfinished ones, or fails.
@Suite(.serialized) struct GenerationOutcomeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// One response of the API: a status, and PNGs by the byte that fills them.
    private struct Response: Sendable {
        var status = 200
        var fills: [UInt8] = []
    }

    /// As much of the images API as a generation needs. The last response is that to all further requests.
    private func server(_ responses: [Response]) throws -> FaultServer {
        let left = Mutex(responses)
        return try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                let next = left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                let images = next.fills.map { fill in
                    var png = PNGBuilder(width: 16, height: 16)
                    png.fill = fill
                    return "{\"b64_json\":\"\(Data(png.bytes).base64EncodedString())\"}"
                }
                let body =
                    next.status == 200
                    ? "{\"created\":1,\"data\":[\(images.joined(separator: ","))]}"
                    : "{\"error\":{\"message\":\"no\",\"type\":\"invalid_request_error\",\"code\":null,\"param\":null}}"
                try connection.respond(next.status, ["Content-Type": "application/json"], body: body)
            }
        }
    }

    private func run(
        _ server: FaultServer, _ journal: any GenerationJournal, atOnce: Int = 4, keepsDelivered: Bool = true
    ) throws -> GenerationRun {
        let provider = try Provider.openAI(baseURL: server.url("/v1"))
        let client = GenerationClient(
            provider: provider, credentials: .key(Secret("sk-test")), http: try makeClient(),
            stores: GenerationStores(journal: journal),
            images: GenerationImageFitter(for: provider, maximumConcurrency: 1), logger: quietLogger, metrics: noMetrics
        )
        return GenerationRun(
            client: client, journal: journal, maximumConcurrency: atOnce, keepsDelivered: keepsDelivered)
    }

    private func works(_ requests: [GenerationRequest], _ server: FaultServer) async throws -> [GenerationWork] {
        try await GenerationWork.named(
            requests.map { ($0, ImageDestination(folder: folder.path, name: $0.prompt)) },
            for: try .openAI(baseURL: server.url("/v1")))
    }

    private func asked(_ server: FaultServer) -> [Int?] {
        server.requests.map { JSONValue(parsing: $0.body)?["n"]?.amount.map { Int($0) } ?? 1 }
    }

    @Test("Fewer images than asked for are told as such, and the same run again makes the missing ones only")
    func incomplete() async throws {
        let server = try server([Response(fills: [10]), Response(fills: [20, 30]), Response(fills: [40])])
        let journal = InMemoryJournal()
        let run = try run(server, journal)
        let works = try await works([GenerationRequest(prompt: "cat", count: 3)], server)
        let outcomes = Mutex<[GenerationOutcome]>([])
        let first = try await run.run(works) {
            if case .ended(let outcome) = $0 { outcomes.withLock { $0.append(outcome) } }
        }
        #expect(first.incomplete == 1 && first.done == 0 && !first.isAllDone)
        let outcome = try #require(outcomes.withLock { $0.first })
        #expect(outcome.status == .incomplete && outcome.generation.missingCount == 2)
        let json = outcome.json(provider: "openai")
        #expect(json["status"] == "incomplete" && json["requested"] == 3 && json["missing"] == 2)
        #expect(json["outputs"]?.elements.count == 1)
        #expect(folder.files().count == 1)
        let second = try await run.run(works)
        #expect(second.done == 1 && second.isAllDone && asked(server) == [3, 2])
        #expect(folder.files().count == 3)
        // Three different images: none was made twice, none replaced another.
        #expect(Set(try folder.files().map { try folder.bytes(of: $0) }).count == 3)
        let third = try await run.run(works)
        #expect(third.recovered == 1 && server.requests.count == 2)
        // One of three that was removed is one to be made, in its place.
        let removed = try #require(folder.files().dropFirst().first)
        try FileSystem.remove(folder.path.appending(removed))
        #expect(try await run.run(works).done == 1 && asked(server) == [3, 2, 1])
        #expect(folder.files().count == 3 && folder.files().contains(removed))
        #expect(try await run.run(works).recovered == 1 && server.requests.count == 3)
    }

    @Test("A refused prompt fails alone, and only a request that was never sent is invalid")
    func refused() async throws {
        let server = try server([Response(status: 400), Response(fills: [1])])
        let run = try run(server, InMemoryJournal(), atOnce: 1)
        var works = try await works([GenerationRequest(prompt: "one"), GenerationRequest(prompt: "two")], server)
        works.append(
            GenerationWork(
                request: GenerationRequest(prompt: " "), destination: ImageDestination(folder: folder.path, name: "x"),
                name: "blank"))
        let report = try await run.run(works)
        #expect(report.failed == 2 && report.done == 1 && report.invalid == 1)
        #expect(server.requests.count == 2 && folder.files().count == 1)
    }

    @Test("Events of each prompt begin with its start and end with its end, once")
    func events() async throws {
        let server = try server([Response(fills: [1])])
        let run = try run(server, InMemoryJournal())
        let seen = Mutex<[String: [String]]>([:])
        let works = try await works(["a", "b", "c"].map { GenerationRequest(prompt: $0) }, server)
        _ = try await run.run(works) { event in
            seen.withLock { seen in
                switch event {
                case .began(let work): seen[work.request.prompt, default: []].append("began")
                case .progressed(let work, _): seen[work.request.prompt, default: []].append("step")
                case .ended(let outcome): seen[outcome.work.request.prompt, default: []].append("\(outcome.status)")
                case .notice(let text): seen["", default: []].append(text)
                }
            }
        }
        let all = seen.withLock { $0 }
        #expect(Set(all.keys) == ["a", "b", "c"])
        for steps in all.values {
            #expect(steps.first == "began" && steps.last == "completed" && steps.count > 2)
            #expect(steps.count { $0 != "step" } == 2)
        }
    }

    @Test("Delivered work that is not to be kept and cannot be forgotten is a notice, not a failure")
    func cannotForget() async throws {
        actor Stubborn: GenerationJournal {
            nonisolated var isDurable: Bool { false }
            private let kept = InMemoryJournal()
            func record(_ id: String) async -> GenerationRecord? { await kept.record(id) }
            func save(_ record: GenerationRecord) async { await kept.save(record) }
            func remove(_ id: String) async throws { throw Errno.noSpace }
            func records() async -> [GenerationRecord] { await kept.records() }
            func claim(_ id: String) async -> Bool { await kept.claim(id) }
            func release(_ id: String) async { await kept.release(id) }
        }
        let server = try server([Response(fills: [1])])
        let run = try run(server, Stubborn(), keepsDelivered: false)
        let notices = Mutex<[String]>([])
        let report = try await run.run(try await works([GenerationRequest(prompt: "a")], server)) { event in
            if case .notice(let text) = event { notices.withLock { $0.append(text) } }
        }
        #expect(report.done == 1 && report.isAllDone)
        #expect(notices.withLock { $0.first?.hasPrefix("delivered work stays recorded: ") } == true)
    }

    // MARK: Unfinished images

    @Test("Unfinished images are kept beside the place of the finished one, numbered, by their content's format")
    func unfinished() throws {
        let work = GenerationWork(
            request: GenerationRequest(prompt: "cat"),
            destination: ImageDestination(folder: folder.path.appending("out"), name: "cat"),
            name: "n")
        let png = try folder.write(PNGBuilder().bytes, to: "spool/1")
        let jpeg = try folder.write(JPEGBuilder().bytes, to: "spool/2.png")
        let text = try folder.write(Array("no image".utf8), to: "spool/3.png")
        for path in [png, jpeg, text, folder.path.appending("gone"), png] { UnfinishedImages.keep(path, of: work) }
        #expect(
            folder.files().filter { $0.hasPrefix("out/") } == [
                "out/cat.unfinished-1.jpg", "out/cat.unfinished-1.png", "out/cat.unfinished-2.png",
            ])
        #expect(try folder.bytes(of: "out/cat.unfinished-1.jpg") == JPEGBuilder().bytes)
    }

    // MARK: Pending work

    private func record(_ id: String, _ state: GenerationRecord.State, created: Int = 0, images: [FilePath] = [])
        -> GenerationRecord
    {
        var record = GenerationRecord(
            id: id, key: "k-\(id)", provider: "openai", baseURL: "https://h.test", account: "x",
            request: GenerationRequest(prompt: id), destination: ImageDestination(folder: "/x", name: id), state: state,
            resultURLs: [], createdAt: created, imageURLs: [])
        record.images = images.map {
            Generation.Image(path: $0, mediaType: "image/png", size: ImageSize(width: 1, height: 1), byteCount: 1)
        }
        return record
    }

    @Test("Pending are all but the delivered; what is worked on is not dropped, and a list is dropped one by one")
    func pending() async throws {
        let journal = InMemoryJournal()
        let states: [GenerationRecord.State] = [.preparing, .sending, .accepted, .completed, .held, .delivered]
        for state in states { await journal.save(record(state.rawValue, state)) }
        let pending = PendingGenerations(journal: journal)
        #expect(Set(try await pending.records().map(\.id)) == Set(states.dropLast().map(\.rawValue)))
        #expect(try await pending.record("held").state == .held)
        for id in ["delivered", "nothing", "a\u{1B}b"] {
            let error = await #expect(throws: GenerationError.self) { try await pending.record(id) }
            #expect(error?.code == .invalidRequest && error?.message.contains("\u{1B}") == false)
        }
        #expect(await journal.claim("sending"))
        let busy = await #expect(throws: GenerationError.self) {
            try await pending.drop(["held", "sending", "accepted"])
        }
        #expect(busy?.code == .journalFailed && busy?.message.contains("sending is being worked on") == true)
        #expect(Set(try await pending.records().map(\.id)) == ["preparing", "sending", "accepted", "completed"])
        await journal.release("sending")
        try await pending.drop(["sending", "accepted"])
        #expect(try await pending.records().count == 2)
        // Whatever was claimed on the way is free again.
        for id in ["sending", "accepted", "held"] { #expect(await journal.claim(id)) }
    }

    @Test("Delivered work is forgotten when it is old and its images are gone, and not before")
    func forgets() async throws {
        let journal = InMemoryJournal()
        let image = try folder.write([1], to: "there.png")
        let gone = folder.path.appending("gone.png")
        let day = 86_400
        let now = WallClock.seconds
        await journal.save(record("old", .delivered, created: now - 100 * day, images: [gone]))
        await journal.save(record("bare", .delivered, created: now - 100 * day))
        await journal.save(record("there", .delivered, created: now - 100 * day, images: [gone, image]))
        await journal.save(record("young", .delivered, created: now - 80 * day, images: [gone]))
        await journal.save(record("held", .held, created: now - 100 * day))
        await journal.save(record("busy", .delivered, created: now - 100 * day))
        #expect(await journal.claim("busy"))
        try await PendingGenerations(journal: journal).forgetDelivered()
        #expect(Set(await journal.records().map(\.id)) == ["there", "young", "held", "busy"])
        try await PendingGenerations(journal: journal).forgetDelivered(olderThan: .seconds(70 * day))
        #expect(Set(await journal.records().map(\.id)) == ["there", "held", "busy"])
    }

    // MARK: JSON

    @Test("An outcome's JSON has these keys in this order, whatever came of it")
    func json() throws {
        let work = GenerationWork(
            line: 3, request: GenerationRequest(prompt: "a\n\"cat\"", count: 2),
            destination: ImageDestination(folder: "/x", name: "a"), name: "n")
        var outcome = GenerationOutcome(work, GenerationError(.forbidden, "no"))
        let keys = [
            "input", "line", "provider", "status", "outputs", "requested", "missing", "model", "seed", "cost", "id",
            "request_id", "attempts", "polls", "recovered", "seconds", "error",
        ]
        #expect(outcome.json(provider: "p").members.map(\.key) == keys)
        outcome.status = .completed
        outcome.error = nil
        outcome.generation = Generation(
            id: "job", model: "m",
            images: [
                .init(
                    path: FilePath(bytes: [0x2F, 0xFF]), mediaType: "image/png", size: ImageSize(width: 2, height: 3),
                    byteCount: 4, source: "https://h.test/a", revisedPrompt: "a dog")
            ], seed: 5, cost: 0.25,
            attempts: [
                Attempt(
                    number: 1, start: .zero, duration: .milliseconds(1500), outcome: .responded, status: 200,
                    wait: .seconds(2))
            ],
            polls: 6, duration: .seconds(7))
        let json = outcome.json(provider: "p")
        #expect(json.members.map(\.key) == keys && json["input"] == "a\n\"cat\"" && json["line"] == 3)
        #expect(json["cost"] == 0.25 && json["polls"] == 6 && json["seconds"] == .number(7) && json["error"] == nil)
        let image = try #require(json["outputs"]?.elements.first)
        #expect(
            image.members.map(\.key) == [
                "path", "media_type", "width", "height", "bytes", "source", "revised_prompt", "path_hex",
            ])
        #expect(image["path"] == "/\u{FFFD}" && image["path_hex"] == "2fff" && image["height"] == 3)
        let attempt = try #require(json["attempts"]?.elements.first)
        #expect(attempt["seconds"] == 1.5 && attempt["wait"] == .number(2) && attempt["status"] == 200)
    }
}

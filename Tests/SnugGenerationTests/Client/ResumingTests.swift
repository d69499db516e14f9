// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

/// Work that is taken up again, and twins that must not be taken for each other.
@Suite struct ResumingTests {
    private static let lost = Fault(request: .closeAfterBody, takesEffect: true)
    private static let vanished = Fault(request: .closeAfterBody)

    // MARK: Twins

    @Test("Of two requests alike at once, one whose response is lost is found, and each gets its own image")
    func twins() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            fixture.simulator.script(API.elumenta.rule(Self.lost))
            let client = try fixture.client()
            async let first = client.generate(.cat, to: fixture.destination("first"))
            async let second = client.generate(.cat, to: fixture.destination("second"))
            let (one, other) = try await (first, second)
            #expect(fixture.charges.count == 2 && fixture.submissions.count == 2 && fixture.images.count == 2)
            #expect(one.id != other.id && one.isRecovered != other.isRecovered)
        }
    }

    @Test("One that never got there does not take its twin's image", arguments: [true, false])
    func strangers(atOnce: Bool) async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let client = try fixture.client()
            fixture.simulator.script(API.elumenta.rule(Self.vanished, skip: 1))
            var results: [Swift.Result<Generation, any Error>] = []
            if atOnce {
                async let first = fixture.attempt(client, name: "first")
                async let second = fixture.attempt(client, name: "second")
                results = await [first, second]
            } else {
                results = [await fixture.attempt(client, name: "first"), await fixture.attempt(client, name: "second")]
            }
            #expect(results.compactMap(\.value).count == 1)
            let error = try #require(results.compactMap(\.error).first)
            #expect(error.isOutcomeUnknown && error.code == .outcomeUnknown)
            #expect(fixture.charges.count == 1 && fixture.images.count == 1)
            #expect(try await client.pending().map(\.state) == [.held])
        }
    }

    @Test("A request that was begun under another client's name is not taken for the lost one")
    func otherClients() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: 50)) { fixture async throws in
            let folder = fixture.folder.path.appending("journal")
            let first = try fixture.client(journal: try await openJournal(folder)) { options in
                options.timeout = .seconds(20)
                options.polling.firstDelay = .seconds(60)
                options.polling.maximumDelay = .seconds(60)
            }
            // It stays under way.
            let open = try await fixture.failure(first, name: "first")
            #expect(open.code == .deadlineExceeded)
            let second = try fixture.client(journal: try await openJournal(folder))
            fixture.simulator.script(API.elumenta.rule(Self.vanished))
            let error = try await fixture.failure(second, name: "second")
            #expect(error.isOutcomeUnknown && fixture.charges.count == 1)
            #expect(try await second.pending().map(\.state) == [.accepted, .held])
        }
    }

    // MARK: Going on

    @Test("A job that outlived its call is resumed, under its name or by its id", arguments: [true, false])
    func afterDeadline(byName: Bool) async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: 2)) { fixture async throws in
            let folder = fixture.folder.path.appending("journal")
            let impatient = try fixture.client(journal: try await openJournal(folder)) { options in
                options.timeout = .seconds(20)
                options.polling.firstDelay = .seconds(60)
                options.polling.maximumDelay = .seconds(60)
            }
            let error = try await fixture.failure(impatient, name: "work")
            #expect(error.code == .deadlineExceeded && error.jobID != nil && error.journalKey == "work")
            #expect(!error.isOutcomeUnknown && fixture.charges.count == 1)
            let patient = try fixture.client(journal: try await openJournal(folder))
            let pending = try await patient.pending()
            #expect(pending.map(\.state) == [.accepted] && pending.first?.jobID == error.jobID)
            let generation =
                byName
                ? try await patient.generate(.cat, to: fixture.destination(), name: "work")
                : try await patient.resume("work")
            #expect(generation.id == error.jobID && fixture.images.count == 1)
            #expect(fixture.charges.count == 1 && fixture.submissions.count == 1)
            #expect(try await patient.pending().isEmpty)
        }
    }

    @Test("Held work is dropped for good")
    func drop() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let client = try fixture.client(journal: try await openJournal(fixture.folder.path.appending("journal")))
            fixture.simulator.script(API.openAI.rule(Self.lost))
            #expect(try await fixture.failure(client, name: "work").isOutcomeUnknown)
            try await client.drop("work")
            #expect(try await client.pending().isEmpty)
            for again in [client.drop, { _ = try await client.resume($0) }] {
                let error = await #expect(throws: GenerationError.self) { try await again("work") }
                #expect(error?.code == .invalidRequest)
            }
            #expect(fixture.submissions.count == 1)
            // The name is free again.
            #expect(await fixture.attempt(client, name: "work").value != nil)
        }
    }

    @Test("Another request under the name of one that is open is refused")
    func sameName() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let client = try fixture.client()
            fixture.simulator.script(API.openAI.rule(Self.lost))
            _ = try await fixture.failure(client, name: "work")
            let error = try await fixture.failure(client, GenerationRequest(prompt: "a dog"), name: "work")
            #expect(error.code == .invalidRequest && error.fields.map(\.name) == ["name"])
            #expect(fixture.submissions.count == 1)
        }
    }

    @Test("Sent again at a person's word, a key that was used up is not used again")
    func freshKey() async throws {
        try await Fixture.with(.rejectDuplicate) { fixture async throws in
            let client = try fixture.client()
            fixture.simulator.script(API.rejectDuplicate.rule(Self.lost))
            #expect(try await fixture.failure(client, name: "work").isOutcomeUnknown)
            #expect(try await client.resume("work").images.count == 1)
            let keys = fixture.submissions.compactMap { $0.headers["Idempotency-Key"] }
            #expect(keys.count == 3 && keys[0] == keys[1] && keys[2] != keys[0] && fixture.charges.count == 2)
        }
    }

    @Test(
        "A result that cannot be delivered stays, and is delivered later without another charge",
        arguments: API.allCases)
    func undeliverable(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client(journal: try await openJournal(fixture.folder.path.appending("journal")))
            // Gone between the check and the delivery.
            let place = ImageDestination(folder: fixture.folder.path.appending("out"), name: "image")
            let folder = fixture.folder
            let error = await #expect(throws: GenerationError.self) {
                try await client.generate(.cat, to: place, name: "work") { event in
                    guard case .submitting = event else { return }
                    try? FileManagerBlock.file(at: place.folder, in: folder)
                }
            }
            #expect(error?.code == .outputFailed && error?.journalKey == "work", "\(String(describing: error))")
            #expect(fixture.charges.count == 1)
            try FileManagerBlock.remove(place.folder)
            let pending = try await client.pending()
            #expect(pending.count == 1)
            #expect(await fixture.attempt(client, name: "work").value?.images.count == 1)
            #expect(try await client.pending().isEmpty)
            #expect(fixture.charges.count == 1)
        }
    }

    @Test("Without a durable journal, a result that cannot be delivered is reported as unknown", arguments: API.plain)
    func undeliverableInMemory(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client()
            let (place, folder) = (fixture.destination(), fixture.folder)
            let error = await #expect(throws: GenerationError.self) {
                try await client.generate(.cat, to: place, name: "work") { event in
                    if case .submitting = event { try? FileManagerBlock.file(at: place.folder, in: folder) }
                }
            }
            #expect(error?.code == .outputFailed && fixture.charges.count == 1)
            try FileManagerBlock.remove(place.folder)
            let states = [API.pollinations: GenerationRecord.State.sending, .elumenta: .completed, .openAI: .held]
            #expect(try await client.pending().first?.state == states[api])
            let again = await fixture.attempt(client, name: "work")
            #expect(again.value?.images.count == (api == .openAI ? nil : 1) && fixture.charges.count == 1)
        }
    }

    @Test("A place that cannot be written is found out before anything is paid", arguments: API.plain)
    func noPlace(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let place = fixture.destination()
            try FileManagerBlock.file(at: place.folder, in: fixture.folder)
            let error = try await fixture.failure(try fixture.client())
            #expect(error.code == .outputFailed && fixture.submissions.isEmpty && fixture.charges.isEmpty)
        }
    }

    // MARK: Other keys

    @Test("With a new key of the account, a job is resumed, and held work is sent again")
    func newKey() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: 1)) { fixture async throws in
            let folder = fixture.folder.path.appending("journal")
            let old = try fixture.client(key: ElumentaAccount.key("vip"), journal: try await openJournal(folder)) {
                options in
                options.timeout = .seconds(20)
                options.polling.firstDelay = .seconds(60)
                options.polling.maximumDelay = .seconds(60)
            }
            #expect(try await fixture.failure(old, name: "job").code == .deadlineExceeded)
            fixture.simulator.script(API.elumenta.rule(Self.vanished))
            let patient = try fixture.client(key: ElumentaAccount.key("vip"), journal: try await openJournal(folder))
            #expect(try await fixture.failure(patient, GenerationRequest(prompt: "b"), name: "held").isOutcomeUnknown)
            let new = try fixture.client(key: ElumentaAccount.key("vip2"), journal: try await openJournal(folder))
            #expect(try await new.resume("job").images.count == 1 && fixture.submissions.count == 2)
            #expect(try await new.resume("held").images.count == 1 && fixture.charges.count == 2)
            #expect(try await old.pending().isEmpty)
        }
    }

    @Test("With another key, a submission that may have been charged is not repeated by itself")
    func otherKey() async throws {
        try await Fixture.with(.pollinations) { fixture async throws in
            let folder = fixture.folder.path.appending("journal")
            let old = try fixture.client(journal: try await openJournal(folder))
            fixture.simulator.script(API.pollinations.rule(Self.lost, times: 4))
            #expect(try await fixture.failure(old, name: "work").isOutcomeUnknown && fixture.submissions.count == 4)
            let new = try fixture.client(key: "sk_narrow", journal: try await openJournal(folder))
            let refused = await #expect(throws: GenerationError.self) { try await new.resume("work") }
            #expect(refused?.code == .invalidRequest && fixture.submissions.count == 4)
            let again = try fixture.client(journal: try await openJournal(folder))
            #expect(try await again.resume("work").isRecovered && fixture.charges.count == 1)
        }
    }

    // MARK: Several images

    @Test("Of several images, those that are here are not paid for again", arguments: API.plain)
    func parts(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let count = api == .openAI ? 23 : 3
            let imageRequest = GenerationRequest(
                prompt: "a cat", model: api == .openAI ? "gpt-image-1.5" : nil, count: count)
            let folder = fixture.folder.path.appending("journal")
            let client = try fixture.client(journal: try await openJournal(folder))
            fixture.simulator.script(api.rule(Fault(answer: .status(code: 402)), skip: 1, times: 1))
            let error = try await fixture.failure(client, imageRequest, name: "work")
            let charged = fixture.charges.count
            #expect(error.code == .paymentRequired && charged >= 1 && !error.delivered.isEmpty)
            // What is missing is made by another process, after the account was topped up.
            let next = try fixture.client(journal: try await openJournal(folder))
            #expect(try await next.pending().isEmpty)
            let generation = try await next.generate(imageRequest, to: fixture.destination("work"), name: "work")
            #expect(generation.images.count == count && fixture.images.count == count)
            #expect(Set(generation.images.map(\.path)).count == count && fixture.charges.count == 3)
            // Now it is done, and its name stands for nothing any more.
            #expect(await fixture.attempt(next, imageRequest, name: "work").value != nil && fixture.charges.count == 6)
        }
    }

    @Test("A part that is held is resolved or dropped alone")
    func heldPart() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let imageRequest = GenerationRequest(prompt: "a cat", model: "gpt-image-1.5", count: 15)
            let client = try fixture.client(journal: try await openJournal(fixture.folder.path.appending("journal")))
            for name in ["resolved", "dropped"] {
                fixture.simulator.clearRecords()
                fixture.simulator.script(API.openAI.rule(Self.vanished))
                let error = try await fixture.failure(client, imageRequest, name: name)
                #expect(error.isOutcomeUnknown && fixture.charges.count == 1)
                let held = try #require(try await client.pending().first)
                #expect(held.state == .held && held.id == error.journalKey && held.id.hasPrefix("\(name)#"))
                if name == "resolved" {
                    _ = try await client.resume(held.id)
                    #expect(await fixture.attempt(client, imageRequest, name: name).value?.images.count == 15)
                    #expect(fixture.charges.count == 2)
                } else {
                    try await client.drop(held.id)
                    #expect(await fixture.attempt(client, imageRequest, name: name).value?.images.count == 15)
                    #expect(fixture.charges.count == 2)
                }
                #expect(try await client.pending().isEmpty)
            }
        }
    }
}

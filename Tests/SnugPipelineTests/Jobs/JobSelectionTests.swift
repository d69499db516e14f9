// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugPipeline
import SnugSystem
import Testing

/// Jobs by shortened ids, pages and times.
@Suite struct JobSelectionTests {
    private let ledger: any LedgerStore = InMemoryLedger()

    private func add(_ count: Int) async throws -> [JobID] {
        let jobs = (0..<count).map { index in
            NewJob(JobIdentity(contentHash: "\(index)", pipeline: "fit"), name: "\(index).jpg", folder: "inbox")
        }
        return try await ledger.enqueue(jobs).map(\.job.id)
    }

    @Test("Every beginning of an id that no other job has names the job, in any case")
    func shortens() async throws {
        let ids = try await add(20).map(\.description)
        for id in ids {
            let shared = ids.filter { $0 != id }.map { other in zip(id, other).prefix { $0 == $1 }.count }.max() ?? 0
            let short = String(id.prefix(shared + 1))
            #expect(try await JobSelection.id(short, in: ledger).description == id)
            #expect(try await JobSelection.id(id.uppercased(), in: ledger).description == id)
            await #expect {
                _ = try await JobSelection.id(String(id.prefix(shared)), in: ledger)
            } throws: {
                ($0 as? JobSelectionError)?.code == "job_ambiguous"
            }
        }
    }

    @Test(
        "What names no job says so", arguments: ["", "u", "zz", "01kfa8!", "../x", "0123456789012345678901234567890"])
    func unknown(text: String) async throws {
        _ = try await add(1)
        await #expect {
            _ = try await JobSelection.id(text, in: ledger)
        } throws: {
            ($0 as? JobSelectionError)?.code == "job_not_found"
        }
    }

    @Test(
        "Pages hold every job once, newest first, up to the limit, and tell whether there are more",
        arguments: [1, 499, 500, 501, 1000, 1199, 1200, 1201])
    func pages(limit: Int) async throws {
        let ids = try await add(1200)
        var seen: [JobID] = []
        let hasMore = try await JobSelection.forEachPage(of: JobFilter(limit: limit), in: ledger) { page in
            #expect(!page.isEmpty)
            seen += page.map(\.id)
        }
        #expect(seen == Array(ids.sorted(by: >).prefix(limit)))
        #expect(hasMore == (limit < 1200))
    }

    @Test("A decision reaches every job that is selected, over many pages")
    func resolves() async throws {
        let ids = try await add(1100)
        var changed: Set<JobID> = []
        try await JobSelection.resolve(JobFilter(states: [.waiting], limit: .max), .cancel, in: ledger) { jobs in
            changed.formUnion(jobs.map(\.id))
        }
        #expect(changed == Set(ids))
        #expect(try await ledger.list(JobFilter(states: [.cancelled], limit: 2000)).count == 1100)
    }

    @Test("The line of a job is the text of its JSON")
    func lines() async throws {
        var new = NewJob(
            JobIdentity(contentHash: "h", pipeline: "fit", options: #"{"fit":{"byteLimit":10},"stages":["fit"]}"#),
            name: "Küche \"1\"\n.jpg", folder: "in\u{9B}box", account: "main")
        new.payload = #"{"outputs":[{"byteCount":3,"path":"/out/a b.jpg"}]}"#
        let job = try #require(try await ledger.enqueue([new]).first).job
        #expect(job.jsonLine == job.json.description && !job.jsonLine.contains("\u{9B}"))
        #expect(job.jsonLine.contains(#""options":{"fit":{"byteLimit":10},"stages":["fit"]}"#))
        let failed = try await ledger.resolve([job.id], .cancel)
        #expect(failed.first.map { $0.jsonLine == $0.json.description } == true)
    }

    @Test(
        "Addresses of a job are shown without their signatures and keys, and everything else as it is",
        arguments: [
            (
                "https://b.test/in/a.jpg?X-Amz-Credential=AK1%2Fs3&X-Amz-Expires=604800&X-Amz-Signature=0badcafe99",
                "https://b.test/in/a.jpg?***"
            ),
            ("https://h.test/up?token=ab/cdef12/3", "https://h.test/up?***"),
            ("https://h.test/sk_live_0badcafe99aa/a.jpg", "https://h.test/***/a.jpg"),
            (
                "https://h.test/a-very-long/folder-name-of-somebody/and-another-one-below-it/and-its-own/photo.jpg",
                "https://h.test/a-very-long/folder-name-of-somebody/and-another-one-below-it/and-its-own/photo.jpg"
            ),
            ("as in  https://h.test/x?key=0badcafe99", "as in https://h.test/x?***"),
            ("two  blanks,\na line", "two  blanks,\na line"),
        ])
    func masked(text: String, shown: String) async throws {
        // Once with slashes as they are, once escaped.
        let value: JSONValue = ["list": [.text(text)], "n": 1, "receipt": ["presigned_url": .text(text)]]
        for payload in [value.description, value.description.replacing("/", with: "\\/")] {
            var new = NewJob(
                JobIdentity(contentHash: payload, pipeline: "fit", options: value.description), name: "a.jpg",
                folder: "inbox")
            new.payload = payload
            let job = try #require(try await ledger.enqueue([new]).first).job
            #expect(job.payload == payload)
            #expect(job.json["payload"]?["receipt"]?["presigned_url"] == .text(shown))
            #expect(job.json["options"]?["list"] == [.text(shown)] && job.json["payload"]?["n"] == 1)
            #expect(job.jsonLine == job.json.description)
            let reason = JobReason(code: "x", message: "m", details: payload)
            #expect(reason.json["details"]?["list"] == [.text(shown)])
        }
    }

    @Test("Times are ages, times of day and dates")
    func moments() {
        let now = LedgerInstant(milliseconds: 1_800_000_000_000)
        #expect(JobMoment.past("2h", now: now) == now - .seconds(7200))
        #expect(JobMoment.past("2027-01-15T07:00Z", now: now) == now - .seconds(3600))
        #expect(JobMoment.future("30min", now: now) == now + .seconds(1800))
        #expect(JobMoment.future("2027-01-15T09:00Z", now: now) == now + .seconds(3600))
        // A time of day that is over is tomorrow's, a date that is over is none.
        #expect(JobMoment.future("07:00Z", now: now) == now + .seconds(23 * 3600))
        #expect(JobMoment.future("2027-01-15T07:00Z", now: now) == nil)
        #expect(JobMoment.future("0s", now: now) == nil)
        #expect(JobMoment.past("yesterday", now: now) == nil)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugUpload

@Suite struct HostLimitsTests {
    @Test("A limit is remembered for a day, with a store also by the next uploader")
    func days() async throws {
        let store = InMemoryUploadStore()
        let limits = HostLimits(store)
        try await limits.remember(ceiling: 1000, of: "http://h:80", now: 1_000_000)
        try await limits.remember(ceiling: 2000, of: "http://i:80", now: 1_000_000)
        for known in [limits, HostLimits(store)] {
            #expect(try await known.ceiling(of: "http://h:80", now: 1_000_000 + 86_399) == 1000)
            #expect(try await known.ceiling(of: "http://i:80", now: 1_000_000 + 86_399) == 2000)
            #expect(try await known.ceiling(of: "http://h:80", now: 1_000_000 + 86_401) == nil)
            #expect(try await known.ceiling(of: "http://other:80", now: 1_000_000) == nil)
        }
    }

    @Test("Without a store a limit is remembered while the process lives")
    func withoutStore() async throws {
        let limits = HostLimits(nil)
        try await limits.remember(ceiling: 1000, of: "http://h:80", now: 1_000_000)
        #expect(try await limits.ceiling(of: "http://h:80", now: 1_000_000) == 1000)
        #expect(try await HostLimits(nil).ceiling(of: "http://h:80", now: 1_000_000) == nil)
    }

    @Test("The stricter of what was stored and what this process saw counts")
    func stricter() async throws {
        let store = InMemoryUploadStore()
        let limits = HostLimits(store)
        try await limits.remember(ceiling: 1000, of: "h", now: 0)
        store.saveHostLimit(HostLimit(ceiling: 500, until: 100), of: "h")
        #expect(try await limits.ceiling(of: "h", now: 50) == 500)
        #expect(try await limits.ceiling(of: "h", now: 150) == 1000)
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import snug

/// The hosts of a fleet on a terminal, and what the doctor says of them.
@Suite struct HostTableTests {
    private static let now = LedgerInstant(milliseconds: 1_800_000_000_000)

    private static func host(_ name: String, _ role: FleetHost.Role, _ state: FleetHost.State, minutes: Int)
        -> FleetHost
    {
        let folders: Set<String> = role == .work ? [] : ["in@\(name)", "b@\(name)"]
        var host = FleetHost(
            id: name, name: name, role: role, state: state, worker: "w",
            work: FleetWork(steps: [], reach: ClaimReach(boundSteps: [], folders: folders)),
            since: now + .seconds(-7200), seenAt: now + .seconds(-60 * minutes))
        host.jobs = 3
        return host
    }

    private let fleet = FleetHosts(
        hosts: [
            host("web1", .serve, .running, minutes: 0), host("cpu\u{1B}[31m/1", .work, .lost, minutes: 90),
        ], now: now)

    private func table(_ columns: Int?) -> HostTable {
        var table = HostTable()
        table.columns = columns
        return table
    }

    @Test(
        "A host has a line with what it runs, its jobs, and when it was seen; names are shown without control characters"
    )
    func wide() {
        let lines = table(nil).text(of: fleet).split(separator: "\n")
        #expect(lines.count == 3 && lines[0].hasPrefix("state"))
        #expect(lines[1].contains("running") && lines[1].contains("serve") && lines[1].contains("b@web1 in@web1"))
        #expect(lines[2].contains("lost") && lines[2].contains("work") && !lines[2].contains("\u{1B}"))
    }

    @Test("On a narrow terminal a host has some short lines, none longer than it", arguments: [20, 40, 79])
    func narrow(columns: Int) {
        let lines = table(columns).text(of: fleet).split(separator: "\n")
        #expect(lines.count == 6 && lines.allSatisfy { $0.count <= columns })
        #expect(lines[0].hasPrefix("running  web1") && lines[1].contains("serve"))
    }

    @Test("The doctor warns of a host that is lost, with its remedy, and of nothing else")
    func doctor() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("ledger.sqlite")
        let ledger = try await SQLiteLedger.open(path)
        func tell(_ state: FleetHost.State) async throws {
            let notice = HostNotice(
                name: "web1", role: .watch, state: state, worker: "w",
                work: FleetWork(steps: [], reach: ClaimReach(boundSteps: [], folders: [])), since: 1)
            try await ledger.save(try notice.text(), as: .hosts, "host:web1")
        }
        func check() async -> Checkup? { await Checkup.ledger(at: .file(path)).first { $0.name == "hosts" } }
        let none = await check()
        #expect(none == nil)
        try await tell(.running)
        let running = await check()
        #expect(running?.state == .ok && running?.value == "1 running (1 watch)")
        try await tell(.lost)
        let lost = await check()
        #expect(lost?.state == .warn && lost?.value.contains("not seen: host web1 since") == true)
        #expect(lost?.remedy.contains("snug jobs") == true)
        try await ledger.close()
    }
}

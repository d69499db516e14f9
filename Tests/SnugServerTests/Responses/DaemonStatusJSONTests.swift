// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugServer

/// The daemon's state as the page and programs read it: its keys are a contract.
@Suite struct DaemonStatusJSONTests {
    private static func folder(_ name: String, isPresent: Bool? = true) -> DaemonStatus.Folder {
        DaemonStatus.Folder(
            name: name, inbox: FilePath("/srv/\(name)"), watchMode: "polling (nfs)", hasEvents: false,
            isPresent: isPresent, settlingCount: 3, unsettled: ["b.png": "is not complete", "a.png": "still changes"],
            hasMore: false, takenCount: 7, fileCount: 9, overflowCount: 0, books: LedgerBooks())
    }

    private static func status(_ folders: [DaemonStatus.Folder], pause: JobReason? = nil) -> DaemonStatus {
        DaemonStatus(
            phase: .running, folders: folders, activities: [], holds: [], pause: pause, books: LedgerBooks(),
            memory: nil)
    }

    @Test("A folder tells how it is watched, and what waits in it and why, in the order of names")
    func folders() {
        let json = Self.status([Self.folder("inbox"), Self.folder("other", isPresent: nil)]).json
        #expect(json["phase"]?.text == "running")
        #expect(json["pause"] == nil)
        #expect(json["folders"]?.elements.count == 2)
        let expected: JSONValue = [
            "name": "inbox", "inbox": "/srv/inbox", "watch_mode": "polling (nfs)", "has_events": false,
            "is_present": true, "settling": 3,
            "unsettled": [
                ["name": "a.png", "reason": "still changes"], ["name": "b.png", "reason": "is not complete"],
            ],
        ]
        #expect(json["folders"]?.elements.first == expected)
        #expect(json["folders"]?.elements.last?["is_present"] == nil)
    }

    @Test("Figures that change by themselves are left out, so that nothing new is sent while nothing happens")
    func quiet() {
        var (busy, first) = (Self.folder("inbox"), Self.folder("inbox"))
        (busy.takenCount, busy.fileCount, busy.overflowCount) = (8, 100, 1)
        #expect(Self.status([busy]).json == Self.status([first]).json)
        first.settlingCount = 4
        #expect(Self.status([busy]).json != Self.status([first]).json)
        let reason = JobReason(code: "disk_full", message: "the disk is full")
        #expect(Self.status([busy], pause: reason).json["pause"]?["code"]?.text == "disk_full")
    }
}

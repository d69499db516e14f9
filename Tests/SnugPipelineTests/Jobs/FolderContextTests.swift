// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// What follows from the settings of a folder.
@Suite struct FolderContextTests {
    private let folder: TemporaryFolder
    private let id = IntakeID.random()

    init() throws {
        folder = try TemporaryFolder()
        try FileSystem.makeFolders(folder.path.appending("in"))
    }

    private func context(_ change: (inout WatchFolder) -> Void = { _ in }) -> FolderContext {
        var settings = WatchFolder(
            inbox: folder.path.appending("in"), outbox: folder.path.appending("out"))
        change(&settings)
        return FolderContext(settings, stateDirectory: folder.path.appending("state"))
    }

    private func version(_ name: String) throws -> FileVersion {
        FileVersion(try FileIdentity(of: folder.path.appending(name), followsLinks: false))
    }

    @Test(
        "Any name of a folder is one safe component of the work folder's path, and two names are two",
        arguments: [
            ("inbox", "inbox"), ("in-2", "in-2"), ("a/b", "_612f62"), ("..", "_2e2e"), ("", "_"),
            ("Küche", "_4bc3bc636865"),
            ("a b", "_612062"), (".snug", "_2e736e7567"), ("_612f62", "_5f363132663632"),
        ])
    func component(name: String, component: String) throws {
        let work = try #require(context { $0.name = name }.workPlaces.first)
        #expect(work.path == folder.path.appending("state/work/\(component)"))
    }

    @Test("Two long names that begin alike have work folders of their own")
    func longNames() throws {
        let names = ["a", "b"].map { String(repeating: "ä", count: 60) + $0 }
        let places = names.map { name in context { $0.name = name }.workPlaces.first?.path }
        #expect(places[0] != places[1])
        #expect(places.allSatisfy { ($0?.lastComponent?.string.utf8.count ?? 256) <= 255 })
    }

    @Test(
        "The work folder is beside the state where moving there is a rename, and its name bears any length"
    )
    func work() throws {
        let long = context { $0.name = String(repeating: "ä", count: 3000) }
        let place = try long.work().path
        #expect(
            FileSystem.isFolder(place)
                && place.removingLastComponent() == folder.path.appending("state/work"))
        #expect(context().workPlaces.map(\.path).last == folder.path.appending("in/.snug-work"))
    }

    @Test("A source that was moved is found in both work folders, as long as it is there")
    func moved() throws {
        let context = context()
        let key = SourceKey.moved(id, RelativePath("sub/a.jpg"))
        #expect(context.find(key, id: id) == nil)
        for place in ["state/work/in", "in/.snug-work"] {
            try folder.write([1], to: "\(place)/\(id)/sub/a.jpg")
            let found = try #require(context.find(key, id: .random()))
            #expect(
                found.file.path == folder.path.appending("\(place)/\(id)/sub/a.jpg") && found.file.id == id)
            #expect(found.work.path == folder.path.appending(place))
            try FileSystem.remove(found.file.path)
        }
    }

    @Test(
        "A source that stays is found while its content is what it was, with a sidecar that is there by now"
    )
    func left() throws {
        let context = context { $0.source = .leave }
        try folder.write([1, 2], to: "in/sub/a.jpg")
        let key = SourceKey.left(RelativePath("sub/a.jpg"), try version("in/sub/a.jpg"))
        let found = try #require(context.find(key, id: id)?.file)
        #expect(
            found.id == id && !found.isMoved && found.sidecar == nil
                && found.path == folder.path.appending("in/sub/a.jpg"))
        try folder.write(Array("{}".utf8), to: "in/sub/a.jpg.json")
        #expect(context.find(key, id: id)?.file.sidecar == folder.path.appending("in/sub/a.jpg.json"))
        try folder.write([1, 2, 3], to: "in/sub/a.jpg")
        #expect(context.find(key, id: id) == nil)
        try FileSystem.remove(folder.path.appending("in/sub/a.jpg"))
        try folder.makeLink("in/sub/a.jpg", to: "/etc/hostname")
        #expect(context.find(key, id: id) == nil)
    }

    @Test(
        "Quiet of a file that proves less is never shorter than that of one that proves itself",
        arguments: [(0, 10, 300), (2, 10, 300), (60, 60, 300), (1000, 1000, 1000)])
    func policy(settle: Int, unproven: Int, suspicious: Int) {
        let watched = context {
            $0.settleTime = .seconds(settle)
            $0.patience = .seconds(7)
            $0.isRecursive = false
            $0.prefersPolling = true
        }.watched
        #expect(watched.policy.settleTime == .seconds(settle) && watched.policy.patience == .seconds(7))
        #expect(watched.policy.unprovenSettleTime == .seconds(unproven))
        #expect(watched.policy.suspiciousSettleTime == .seconds(suspicious))
        #expect(!watched.rules.isRecursive && watched.prefersPolling)
    }

    @Test("Sources go where the rule of their folder says")
    func disposal() {
        let work = WorkFolder(path: "/work")
        let done = context().disposal(in: work)
        #expect(
            done.rule == .move(to: folder.path.appending("done"))
                && done.failed == folder.path.appending("failed"))
        #expect(context { $0.source = .delete }.disposal(in: work).rule == .delete)
        let leave = context { $0.source = .leave }
        #expect(
            leave.disposal(in: work).rule == .leave && !leave.movesSources && context().movesSources)
    }

    @Test(
        "After a reload the work of a folder that was taken out goes on; only those of the file are watched"
    )
    func setup() {
        func configuration(_ names: String...) -> WatchConfiguration {
            let folders = names.map {
                WatchFolder(inbox: FilePath("/in/\($0)"), outbox: FilePath("/out/\($0)"), name: $0)
            }
            return WatchConfiguration(stateDirectory: "/state", folders: folders)
        }
        let first = DaemonSetup(configuration("a", "b"))
        var changed = configuration("b", "c")
        changed.folders[0].maximumAttempts = 9
        let second = DaemonSetup(changed, after: first)
        #expect(second.watched.map(\.settings.name) == ["b", "c"])
        #expect(second.context(named: "a") != nil && second.context(named: "d") == nil)
        #expect(second.context(named: "b")?.settings.maximumAttempts == 9)
        #expect(first.context(named: "b")?.settings.maximumAttempts == 5)
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Names: their meaning in a watched folder, and those that are made.
@Suite struct WatchNamesTests {
    @Test(
        "A name tells an input from what is hidden, unfinished or a sidecar",
        arguments: [
            ("a.jpg", WatchRules.NameClass.input), ("a", .input), ("a.jpg.", .input), ("ä~b.jpg", .input),
            ("part.jpg", .input), ("a.tmp.jpg", .input), ("a.json.jpg", .input),
            (".a.jpg", .hidden), (".", .hidden), (".snug-d1-x", .hidden), ("..jpg", .hidden), (".a.json", .hidden),
            ("a.jpg.part", .unfinished), ("a.JPG.PART", .unfinished), ("a.tmp", .unfinished),
            ("a.partial", .unfinished),
            ("a.crdownload", .unfinished), ("a.filepart", .unfinished), ("a.swp", .unfinished), ("~a.jpg", .unfinished),
            ("a.jpg~", .unfinished), ("a.tacitpart", .unfinished), ("a.download", .unfinished), ("a.!ut", .unfinished),
            ("a.jpg.json", .sidecar), ("a.JSON", .sidecar), ("~a.json", .sidecar),
        ])
    func classes(name: String, expected: WatchRules.NameClass) {
        #expect(WatchRules.nameClass(Array(name.utf8)) == expected)
    }

    @Test("Names that are not UTF-8 have a class, too")
    func bytes() {
        #expect(WatchRules.nameClass([0xFF, 0x2E, 0x6A]) == .input)
        #expect(WatchRules.nameClass([0xFF] + Array(".part".utf8)) == .unfinished)
        #expect(WatchRules.nameClass([]) == .input)
    }

    @Test(
        "A path has a folder, a name and a way down",
        arguments: [
            ("", "", "", []), ("a", "", "a", ["a"]), ("a/b", "a", "b", ["a", "b"]),
            ("a/b/c.d", "a/b", "c.d", ["a", "b", "c.d"]),
        ] as [(String, String, String, [String])])
    func paths(text: String, folder: String, name: String, names: [String]) {
        let path = RelativePath(text)
        #expect(path.folder == RelativePath(folder))
        #expect(path.name == Array(name.utf8))
        #expect(path.names == names.map { Array($0.utf8) })
        if !text.isEmpty { #expect(path.folder.appending(path.name) == path) }
    }

    @Test(
        "A path is at or below a folder by whole names, never by letters",
        arguments: [
            ("a/b", "a", true), ("a", "a", true), ("a/b", "", true), ("", "", true), ("ab", "a", false),
            ("a", "a/b", false),
            ("b/a", "a", false), ("a/bc", "a/b", false),
        ])
    func below(path: String, folder: String, expected: Bool) {
        #expect(RelativePath(path).isAtOrBelow(RelativePath(folder)) == expected)
    }

    @Test(
        "A variant of a name keeps its extension, and a name of the greatest length stays one",
        arguments: [
            ("a.jpg", "~2", "a~2.jpg"), ("a", "~2", "a~2"), (".hidden", "~2", ".hidden~2"), ("a.b.c", "-1", "a.b-1.c"),
            ("a.", "-1", "a-1."), ("a.averylongextension", "-1", "a.averylongextension-1"), ("a.jpg", "", "a.jpg"),
        ])
    func variants(name: String, suffix: String, expected: String) {
        #expect(FreeName.variant(of: Array(name.utf8), suffix: suffix) == Array(expected.utf8))
    }

    @Test("Variants are cut between letters, whatever the letters are", arguments: ["a", "ä", "€", "😀"])
    func cut(letter: String) {
        for count in [60, 64, 128, 255, 300] {
            let name = Array((String(repeating: letter, count: count) + ".jpg").utf8)
            let variant = FreeName.variant(of: name, suffix: "~22")
            #expect(variant.count <= 255)
            #expect(String(validating: variant, as: UTF8.self)?.hasSuffix("~22.jpg") == true)
        }
    }

    @Test(
        "The name that was probably meant is named, and nothing far off",
        arguments: [
            ("promt", "prompt"), ("Prompt", "prompt"), ("negative-prompt", "negative_prompt"), ("prmopt", "prompt"),
            ("modle", "model"), ("", nil), ("xyzzy", nil), ("p", nil), ("promptpromptprompt", nil),
            (String(repeating: "a", count: 65), nil),
        ] as [(String, String?)])
    func nearest(name: String, expected: String?) {
        #expect(NearestName.of(name, among: ["prompt", "negative_prompt", "model", "size"]) == expected)
    }

    @Test(
        "The distance of two names is the number of letters to change",
        arguments: [
            ("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("abc", "abc", 0),
            ("ab", "ba", 1),
        ])
    func distance(left: String, right: String, expected: Int) {
        #expect(NearestName.distance(left, right) == expected && NearestName.distance(right, left) == expected)
    }

    @Test("Identifiers of later files sort after those of earlier ones", arguments: UInt64(0)..<20)
    func order(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let times = (0..<8).map { _ in Int.random(in: 0...4_000_000_000_000, using: &random) }.sorted()
        let texts = times.map { IntakeID.random(milliseconds: $0).text }
        for (index, text) in texts.enumerated() where index > 0 && times[index] > times[index - 1] {
            #expect(texts[index - 1] < text)
        }
        #expect(texts.allSatisfy { IntakeID($0)?.text == $0 })
    }

    @Test(
        "Two states of a file have one content by size and time, whatever its name, place or permission",
        arguments: [
            (FileVersion(device: 1, inode: 1, byteCount: 5, modified: 7, changed: 1), true),
            (FileVersion(device: 2, inode: 9, byteCount: 5, modified: 7, changed: 99), true),
            (FileVersion(device: 1, inode: 1, byteCount: 6, modified: 7, changed: 1), false),
            (FileVersion(device: 1, inode: 1, byteCount: 5, modified: 8, changed: 1), false),
        ])
    func versions(other: FileVersion, isSame: Bool) {
        let version = FileVersion(device: 1, inode: 1, byteCount: 5, modified: 7, changed: 1)
        #expect(version.hasSameContent(as: other) == isSame)
    }

    @Test(
        "The suggested limit of watches is a power of two with room to grow",
        arguments: [
            (1, nil, 16_384), (8192, 8192, 16_384), (8193, 8192, 32_768), (1, 65_536, 131_072),
            (1_000_000, 8192, 2_097_152),
        ]
            as [(Int, Int?, Int)])
    func suggestion(needed: Int, limit: Int?, expected: Int) {
        #expect(WatchMode.Reason.suggestedLimit(needed: needed, limit: limit) == expected)
    }

    @Test(
        "A folder's mode comes back by itself where that can be",
        arguments: [
            (WatchMode.events, false), (.polling(.requested), false), (.polling(.fileSystem("nfs")), false),
            (.polling(.noEventsArrived), true), (.polling(.cannotProbe(.readOnlyFileSystem)), true),
            (.polling(.watchesExhausted(needed: 1, limit: nil)), true),
            (.polling(.unavailable(.tooManyOpenFiles)), false),
        ])
    func recovery(mode: WatchMode, mayRecover: Bool) {
        #expect(mode.mayRecover == mayRecover)
        #expect(mode.name == (mode == .events ? "events" : "polling"))
        #expect(mode.description.hasPrefix(mode.name))
    }
}

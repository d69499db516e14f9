// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

@Suite struct ConditionalRequestTests {
    /// Changed at the moment of RFC 9110's examples.
    private static let file = Validators(tag: "\"xyzzy\"", modified: 784_111_777)
    private static let then = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    private static let after = "Sun, 06 Nov 1994 08:49:38 GMT"

    /// Fields, and the response to GET; `nil` for the whole.
    struct Row: Sendable, CustomTestStringConvertible {
        var fields: [(HTTPField.Name, String)]
        var get: ConditionalRequest.Selection
        var head: ConditionalRequest.Selection
        var testDescription: String { fields.map { "\($0.0): \($0.1)" }.joined(separator: ", ") }

        init(
            _ fields: [(HTTPField.Name, String)], _ get: ConditionalRequest.Selection = .whole,
            head: ConditionalRequest.Selection? = nil
        ) {
            self.fields = fields
            self.get = get
            self.head = head ?? get
        }
    }

    /// RFC 9110 §13.1: each condition by itself.
    static let conditions = [
        Row([]),
        Row([(.ifMatch, "\"xyzzy\"")]), Row([(.ifMatch, "*")]), Row([(.ifMatch, "\"a\", \"xyzzy\", \"b\"")]),
        Row([(.ifMatch, "\"a\"")], .preconditionFailed), Row([(.ifMatch, "")], .preconditionFailed),
        Row([(.ifMatch, "W/\"xyzzy\"")], .preconditionFailed), Row([(.ifMatch, "xyzzy")], .preconditionFailed),
        Row([(.ifNoneMatch, "\"xyzzy\"")], .notModified), Row([(.ifNoneMatch, "W/\"xyzzy\"")], .notModified),
        Row([(.ifNoneMatch, "*")], .notModified), Row([(.ifNoneMatch, "\"a\",W/\"xyzzy\" , \"b\"")], .notModified),
        Row([(.ifNoneMatch, "\"a\"")]), Row([(.ifNoneMatch, "\"xyzzy")]), Row([(.ifNoneMatch, "")]),
        Row([(.ifUnmodifiedSince, then)]), Row([(.ifUnmodifiedSince, after)]),
        Row([(.ifUnmodifiedSince, before)], .preconditionFailed),
        // What is no date is as if it were not there.
        Row([(.ifUnmodifiedSince, "yesterday")]), Row([(.ifModifiedSince, "0")]),
        Row([(.ifModifiedSince, then)], .notModified), Row([(.ifModifiedSince, after)], .notModified),
        Row([(.ifModifiedSince, "Sunday, 06-Nov-94 08:49:37 GMT")], .notModified),
        Row([(.ifModifiedSince, "Sun Nov  6 08:49:37 1994")], .notModified), Row([(.ifModifiedSince, before)]),
    ]

    /// RFC 9110 §13.2.2: which of several counts.
    static let order = [
        Row([(.ifMatch, "\"xyzzy\""), (.ifUnmodifiedSince, before)]),
        Row([(.ifMatch, "\"a\""), (.ifNoneMatch, "\"xyzzy\"")], .preconditionFailed),
        Row([(.ifMatch, "\"xyzzy\""), (.ifNoneMatch, "\"xyzzy\"")], .notModified),
        Row([(.ifNoneMatch, "\"a\""), (.ifModifiedSince, then)]),
        Row([(.ifNoneMatch, "\"xyzzy\""), (.ifModifiedSince, before)], .notModified),
        Row([(.ifUnmodifiedSince, before), (.ifModifiedSince, then)], .preconditionFailed),
        Row([(.ifNoneMatch, "\"xyzzy\""), (.range, "bytes=0-1")], .notModified),
        Row([(.ifMatch, "\"a\""), (.range, "bytes=0-1")], .preconditionFailed),
        Row([(.ifMatch, "\"xyzzy\""), (.range, "bytes=0-1")], .part(0..<2), head: .whole),
    ]

    /// RFC 9110 §13.1.5 and §14.2: ranges, and what they are of.
    static let ranges = [
        Row([(.range, "bytes=0-1")], .part(0..<2), head: .whole),
        Row([(.range, "bytes=100-")], .rangeNotSatisfiable, head: .whole), Row([(.range, "bytes=0-1,3-4")]),
        Row([(.range, "bytes=-1"), (.ifRange, "\"xyzzy\"")], .part(99..<100), head: .whole),
        Row([(.range, "bytes=-1"), (.ifRange, "\"a\"")]), Row([(.range, "bytes=-1"), (.ifRange, "W/\"xyzzy\"")]),
        Row([(.range, "bytes=-1"), (.ifRange, "*")]), Row([(.range, "bytes=-1"), (.ifRange, before)]),
        Row([(.range, "bytes=-1"), (.ifRange, after)]),
        Row([(.range, "bytes=-1"), (.ifRange, then)], .part(99..<100), head: .whole),
        // What is not satisfiable matters only for the right file.
        Row([(.range, "bytes=100-"), (.ifRange, "\"a\"")]), Row([(.ifRange, "\"xyzzy\"")]),
    ]

    @Test("Conditions and ranges lead to the response of the standard", arguments: conditions + order + ranges)
    func table(row: Row) {
        var fields = HTTPFields()
        for (name, value) in row.fields { fields[name] = value }
        #expect(ConditionalRequest(.get, fields).selection(of: 100, Self.file) == row.get)
        #expect(ConditionalRequest(.head, fields).selection(of: 100, Self.file) == row.head)
    }

    @Test("The comparison of tags is that of RFC 9110 §8.8.3.2, and no text makes it go wrong")
    func tags() {
        for (list, tag, strongly, weakly) in [
            ("W/\"1\"", "\"1\"", false, true), ("\"1\"", "\"1\"", true, true), ("\"2\"", "\"1\"", false, false),
            ("\"a,b\", \"1\"", "\"a,b\"", true, true), ("\"\"", "\"\"", true, true), ("w/\"1\"", "\"1\"", false, false),
            // A list that cannot be read to its end names nothing.
            ("\"1\" \"2", "\"1\"", false, false), ("\"1\"x", "\"1\"", false, false),
            ("*, \"1\"", "\"1\"", false, false),
            (",, \"1\",", "\"1\"", true, true), (" * ", "\"1\"", true, true), ("W/", "\"1\"", false, false),
        ] {
            let tags = EntityTags(list)
            #expect(tags.nameStrongly(tag) == strongly, "\(list)")
            #expect(tags.name(tag) == weakly, "\(list)")
        }
    }

    @Test("A file's tag changes with its content and its place, is quoted, and tells no number of the file system")
    func validators() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Array("one".utf8), to: "a")
        let first = try FileIdentity(of: path, followsLinks: false)
        #expect(Validators(first) == Validators(try FileIdentity(of: path, followsLinks: false)))
        var tags = [Validators(first).tag]
        for change: (inout FileIdentity) -> Void in [
            { $0.byteCount += 1 }, { $0.modified += 1 }, { $0.changed += 1 }, { $0.inode += 1 }, { $0.device += 1 },
        ] {
            var other = first
            change(&other)
            tags.append(Validators(other).tag)
        }
        #expect(Set(tags).count == tags.count)
        #expect(tags.allSatisfy { $0.contains(/^"[0-9a-f]{24}"$/) })
        #expect(Validators(first).modified == Int(first.modified / 1_000_000_000))
    }
}

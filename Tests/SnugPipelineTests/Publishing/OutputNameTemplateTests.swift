// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

/// Names of outputs by patterns, and the destinations and attributes of whole runs.
@Suite struct OutputNameTemplateTests {
    private let runs: RunFolder

    init() throws { runs = try RunFolder() }

    private static let tall: FitRun.Fit = { _, _, _ in .fake(.bytes([7]), byteCount: 1) }

    private func outputs(
        of inputs: [String], _ template: OutputNameTemplate?, format: FitPolicy.OutputFormat = .jpeg
    ) async throws -> [String] {
        for name in inputs { try runs.folder.write([1], to: "in/\(name)") }
        _ = try await runs.run(fit: Self.tall) {
            $0.nameTemplate = template
            $0.policy.format = format
        }
        return runs.outputs()
    }

    @Test(
        "A pattern names outputs by stem, size and extension",
        arguments: [
            ("{stem}.{ext}", "a.png", "a.jpg"), ("{stem}-{width}x{height}.{ext}", "a.png", "a-30x20.jpg"),
            ("x{stem}y.{ext}", "a.jpg", "xay.jpg"), ("{stem}{stem}.{ext}", "a.jpg", "aa.jpg"),
            ("{width}-{stem}.{ext}", "a.b.png", "30-a.b.jpg"), ("{stem} ({height}).{ext}", "ü.png", "ü (20).jpg"),
            ("{stem}.web.{ext}", "a.png", "a.web.jpg"), ("{stem}-{width}.{ext}", "sub/a.png", "sub/a-30.jpg"),
            ("{stem}.{ext}", "a.JPEG", "a.JPEG"),
        ])
    func patterns(pattern: String, input: String, output: String) async throws {
        let template = try OutputNameTemplate(pattern: Array(pattern.utf8))
        #expect(try await outputs(of: [input], template) == [output])
    }

    @Test(
        "A suffix comes before the extension",
        arguments: [
            ("-small", "a.png", "a-small.jpg"), ("@2x", "a.jpg", "a@2x.jpg"), ("_", "sub/noext", "sub/noext_.jpg"),
        ])
    func suffixes(suffix: String, input: String, output: String) async throws {
        let template = try OutputNameTemplate(suffix: Array(suffix.utf8))
        #expect(try await outputs(of: [input], template) == [output])
    }

    @Test(
        "A pattern that does not tell outputs apart, or leaves the folder, is refused with an example",
        arguments: [
            ("out.{ext}", "{stem}"), ("{stem}", ".{ext}"), ("{stem}.jpg", ".{ext}"), ("{ext}.{stem}", ".{ext}"),
            ("{stem}/{width}.{ext}", "leave out '/'"), ("../{stem}.{ext}", "leave out '/'"),
            ("{stem}\0.{ext}", "leave out '/'"), ("", "leave out '/'"),
            ("{stem}-{size}.{ext}", "{stem}, {width}, {height}"),
            ("{stem}-{width.{ext}", "is not known in a name"), ("{stem}{{width}.{ext}", "is not known in a name"),
        ])
    func refusesPatterns(pattern: String, reason: String) {
        let error = #expect(throws: ImageError.self) { try OutputNameTemplate(pattern: Array(pattern.utf8)) }
        #expect(error?.code == .invalidArgument && error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test("A suffix that leaves the folder or is empty is refused", arguments: ["", "/x", "a/../b", "a\0"])
    func refusesSuffixes(suffix: String) {
        #expect(throws: ImageError.self) { try OutputNameTemplate(suffix: Array(suffix.utf8)) }
    }

    @Test(
        "An input whose own name looks like a pattern keeps it",
        arguments: ["{width}.jpg", "a{height}b.jpg", "{stem}.jpg"])
    func literalNames(name: String) async throws {
        #expect(try await outputs(of: [name], nil) == [name])
        // And it is known again, and never taken for another's.
        let memory = InMemoryOutputs()
        for expected in [FitRecord.SkipReason.outputExists, .outputExists] {
            let again = try await runs.run(fit: Self.tall) { $0.memory = memory }
            #expect(again.report.skipReasons == [expected: 1])
        }
        let suffix = try OutputNameTemplate(suffix: Array("-s".utf8))
        #expect(try await outputs(of: [name], suffix).contains(name.replacing(".jpg", with: "-s.jpg")))
    }

    @Test("Inputs of one stem stay apart under a pattern, whatever sizes they come out in")
    func collisions() async throws {
        let template = try OutputNameTemplate(pattern: Array("{stem}-{width}.{ext}".utf8))
        #expect(
            try await outputs(of: ["a.png", "a.gif", "a.jpg"], template) == [
                "a-30.gif.jpg", "a-30.jpg", "a-30.png.jpg",
            ])
    }

    @Test("A name with the size in it that somebody else has is left alone, or replaced when asked")
    func conflicts() async throws {
        let template = try OutputNameTemplate(pattern: Array("{stem}-{width}.{ext}".utf8))
        try runs.folder.write([9], to: "out/a-30.jpg")
        _ = try await outputs(of: ["a.jpg"], template)
        #expect(try runs.folder.bytes(of: "out/a-30.jpg") == [9])
        let replaced = try await runs.run(fit: Self.tall) {
            $0.nameTemplate = template
            $0.overwriting = .always
        }
        #expect(replaced.report.count(.fitted) == 1)
        #expect(try runs.folder.bytes(of: "out/a-30.jpg") == [7])
    }

    // MARK: Destinations

    @Test("An output goes to the very file that is named, whatever its input's name looks like")
    func namedFile() async throws {
        try runs.folder.write([1], to: "a{width}.png")
        let place = runs.path("deep/er/{width}.jpg")
        let template = try OutputNameTemplate(pattern: Array("{stem}-{width}.{ext}".utf8))
        let outcome = try await runs.run(["a{width}.png"], to: .file(place), fit: Self.tall) {
            $0.nameTemplate = template
        }
        #expect(outcome.report.count(.fitted) == 1)
        #expect(runs.folder.files().contains("deep/er/{width}.jpg"))
    }

    @Test("Folders are mirrored, whether they are written with a slash at their ends or not")
    func mirrored() async throws {
        for name in ["in/a.jpg", "in/b/a.jpg", "two/a.jpg"] { try runs.folder.write([1], to: name) }
        _ = try await runs.run(["in/"], to: .folder(runs.path("out/")), fit: Self.tall)
        #expect(runs.outputs() == ["a.jpg", "b/a.jpg"])
        _ = try await runs.run(["in", "two/"], to: .folder(runs.path("both")), fit: Self.tall)
        #expect(runs.outputs("both") == ["in/a.jpg", "in/b/a.jpg", "two/a.jpg"])
    }

    @Test("An output folder inside its input is not read again, and the input itself is refused")
    func nested() async throws {
        try runs.folder.write([1], to: "in/a.jpg")
        for _ in 0..<2 {
            _ = try await runs.run(to: .folder(runs.path("in/small")), fit: Self.tall) { $0.overwriting = .always }
            #expect(runs.folder.files() == ["in/a.jpg", "in/small/a.jpg"])
        }
        await #expect(throws: ImageError.self) { try await runs.run(to: .folder(runs.path("in")), fit: Self.tall) }
    }

    // MARK: Attributes

    @Test("Extended attributes of the source go along, unless nothing of it is to be kept", arguments: [true, false])
    func extendedAttributes(preserves: Bool) async throws {
        let input = try runs.folder.write([1], to: "in/a.jpg")
        guard try ExtendedAttributes.set("user.snug", Array("from a friend".utf8), on: input) else { return }
        _ = try await runs.run(fit: Self.tall) { $0.preservesAttributes = preserves }
        let found = ExtendedAttributes.value(of: "user.snug", on: runs.path("out/a.jpg"))
        #expect(found == (preserves ? Array("from a friend".utf8) : nil))
    }

    @Test("An output in place keeps who may read it, and the link that leads to it", arguments: [true, false])
    func inPlaceLinks(preserves: Bool) async throws {
        let file = try runs.folder.write([1], to: "real/a.jpg")
        #expect(try ChildProcess(["/bin/chmod", "604", file.string]).wait() == 0)
        try runs.folder.makeLink("a.jpg", to: "real/a.jpg")
        _ = try await runs.run(["a.jpg"], to: .inPlace, fit: Self.tall) {
            $0.preservesAttributes = preserves
            $0.policy.format = .keep
        }
        #expect(try runs.folder.bytes(of: "real/a.jpg") == [7])
        #expect(try FileIdentity(of: runs.path("a.jpg"), followsLinks: false).kind == .link)
        #expect(try FileIdentity(of: file, followsLinks: false).mode & 0o777 == 0o604)
    }
}

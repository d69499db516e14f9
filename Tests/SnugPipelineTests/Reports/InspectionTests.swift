// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct InspectionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("A file has its header, its size and a plan")
    func file() async throws {
        let path = try folder.write(JPEGBuilder(width: 64, height: 48).bytes, to: "a.png")
        let inspection = try await Inspection.read(path)
        let facts = try inspection.facts.get()
        #expect(facts.header.format == .jpeg && facts.header.width == 64 && facts.violations.isEmpty)
        #expect(try facts.plan.get().action == .copy)
        #expect(inspection.error == nil)
        let value = try #require(JSONValue(parsing: Array(inspection.jsonLine(target: "x").utf8)))
        #expect(value["complies"] == true && value["target"] == "x" && value["width"] == 64)
        #expect(value["plan"]?["action"] == "copy")
    }

    @Test("Each limit that a file exceeds is named")
    func violations() async throws {
        let path = try folder.write(JPEGBuilder(width: 64, height: 48).bytes, to: "a.jpg")
        let limits = Limits(byteLimit: 10, maximumSide: 20, maximumPixelCount: 100, formats: [.png])
        let facts = try await Inspection.read(path, limits: limits).facts.get()
        #expect(facts.violations.count == 4)
    }

    @Test("A file that cannot be read is a result, with its error in the JSON")
    func missing() async throws {
        let inspection = try await Inspection.read("/nowhere.jpg")
        #expect(inspection.error?.code == .notFound)
        #expect(inspection.jsonLine().contains(#""error":{"code":"not_found""#))
    }

    @Test("A stream is read where one is given, and '-' is a name where none is")
    func stream() async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { reading.closeIgnoringErrors() }
        try writing.writeBytes(JPEGBuilder(width: 64, height: 48).bytes)
        try writing.close()
        let inspection = try await Inspection.read("-", standardInput: reading)
        #expect(try inspection.facts.get().header.height == 48)
        #expect(try await Inspection.read("-").error?.code == .notFound)
    }
}

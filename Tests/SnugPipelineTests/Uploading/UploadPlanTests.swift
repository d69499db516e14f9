// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugPipeline
import SnugSystem
import SnugUpload
import SystemPackage
import Testing

@Suite struct UploadPlanTests {
    private func addresses(
        _ files: [FilePath], _ base: String, _ uploadProtocol: UploadProtocol,
        collisions: UploadPlan.Collisions = .refuse
    ) throws -> [String] {
        let inputs = files.map { UploadInput($0) }
        return try UploadPlan.addresses(
            of: inputs, below: try HTTPURL(base), uploadProtocol, collisions: collisions
        ).map(\.url.text)
    }

    @Test(
        "A folder's address gets the names, encoded, before its query",
        arguments: [UploadProtocol.put, .s3, .rangedPut])
    func names(uploadProtocol: UploadProtocol) throws {
        #expect(
            try addresses(["d/a b.jpg", "ä?#.png"], "https://h.test/in/?id=1", uploadProtocol)
                == ["https://h.test/in/a%20b.jpg?id=1", "https://h.test/in/%C3%A4%3F%23.png?id=1"])
    }

    @Test("Mirrored names keep their folders, and bytes that are no UTF-8")
    func mirrored() throws {
        let inputs = [
            UploadInput("x/b/c.jpg", name: "b/c.jpg"),
            UploadInput(FilePath(bytes: [0x78, 0xFF]), name: FilePath(bytes: [0x62, 0x2F, 0xFF])),
        ]
        let plan = try UploadPlan.addresses(of: inputs, below: try HTTPURL("https://h.test/in/"), .put)
        #expect(plan.map(\.url.text) == ["https://h.test/in/b/c.jpg", "https://h.test/in/b/%FF"])
    }

    @Test(
        "Two files with one address are refused, and both are named",
        arguments: [
            (["d1/IMG.jpg", "d2/IMG.jpg"] as [FilePath], "https://h.test/in/"),
            (["a.jpg", "b.jpg"], "https://h.test/one.jpg"),
            (["a.jpg", "a.jpg"], "https://h.test/in/"),
        ], [UploadProtocol.put, .s3, .rangedPut])
    func collisions(files: ([FilePath], String), uploadProtocol: UploadProtocol) throws {
        let error = #expect(throws: UploadError.self) { try addresses(files.0, files.1, uploadProtocol) }
        #expect(error?.code == .nameCollision)
        for file in files.0 { #expect(error?.message.contains(file.string) == true) }
    }

    @Test("Or the later ones get numbers that nobody has")
    func numbers() throws {
        let files: [FilePath] = ["1/a.jpg", "2/a.jpg", "a-2.jpg", "3/a.jpg", "1/.hidden", "2/.hidden", "1/x", "2/x"]
        #expect(
            try addresses(files, "https://h.test/", .put, collisions: .number).map {
                $0.dropFirst("https://h.test/".count)
            }
                == ["a.jpg", "a-2.jpg", "a-2-2.jpg", "a-3.jpg", ".hidden", ".hidden-2", "x", "x-2"])
    }

    @Test("An address for one object takes one file, whatever is to be numbered")
    func oneObject() throws {
        #expect(throws: UploadError.self) { try addresses(["a", "b"], "https://h.test/x", .put, collisions: .number) }
        #expect(try addresses(["a"], "https://h.test/x", .put) == ["https://h.test/x"])
    }

    @Test("A server that names objects itself takes all", arguments: [UploadProtocol.tus, .resumable, .form])
    func endpoints(uploadProtocol: UploadProtocol) throws {
        let both = try addresses(["1/a", "2/a"], "https://h.test/files/", uploadProtocol)
        #expect(both == ["https://h.test/files/", "https://h.test/files/"])
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugTestSupport
import SystemPackage
import Testing

@testable import snug

/// The formats that decoder processes read, through the built command.
@Suite struct WorkerCommandTests {
    private let folder: TemporaryFolder
    private let snug: CommandRunner

    init() throws {
        folder = try TemporaryFolder()
        snug = try CommandRunner(folder: folder.path)
    }

    @Test("A folder of turned HEICs, AVIF, TIFF and JPEG XL is fitted upright, and a broken file costs itself alone")
    func folders() throws {
        let names = ["turned-6.heic", "turned-3.heic", "plain.avif", "tiled.tif", "plain.jxl"]
        for name in names { try folder.write(try WorkerFile.bytes(name), to: "in/\(name)") }
        try folder.write(Array(try WorkerFile.bytes("turned-8.heic").dropLast(200)), to: "in/broken.heic")
        let result = try snug.run(["fit", "in", "-o", "out", "--format", "jpeg", "--json"])
        #expect(result.exitCode == 1)
        let fitted = result.lines.filter { $0.contains(#""status":"fitted""#) }
        #expect(fitted.count == names.count, "\(result.standardOutput)")
        #expect(fitted.allSatisfy { $0.contains(#""output_width":24,"output_height":16"#) })
        let failed = result.lines.filter { $0.contains(#""status":"failed""#) }
        #expect(failed.count == 1 && failed.first?.contains("truncated_input") == true)
    }

    @Test("The doctor finds the sandbox whole, and each library with its version")
    func doctor() throws {
        let lines = try snug.run(["doctor", "--json"]).lines
        #expect(lines.contains { $0.hasPrefix(#"{"check":"sandbox","state":"ok","value":"system call filter, "#) })
        for library in ["libheif", "libavif", "libtiff", "libjxl"] {
            #expect(lines.contains { $0.hasPrefix(#"{"check":"\#(library)","state":"ok""#) })
        }
    }

    @Test("What the kernel refuses and what is not installed is named with the remedy")
    func report() throws {
        var report = try SandboxReport(of: DecoderWorker(executable: snug.program))
        #expect(Checkup.sandbox(report).allSatisfy { $0.state == .ok && $0.remedy.isEmpty })
        report.missing = ["system call filter"]
        report.libraries[0].version = nil
        let checks = Checkup.sandbox(report)
        #expect(checks[0].state == .warn && checks[0].value == "without system call filter")
        #expect(checks[1].state == .warn && checks[1].remedy == "apt-get install \(report.libraries[0].package)")
        let broken = Checkup.sandbox(of: DecoderWorker(executable: "/nowhere/snug"))
        #expect(broken.count == 1 && broken[0].state == .warn && broken[0].value.contains("cannot be started"))
        #expect(Checkup.sandbox(of: nil).isEmpty)
    }
}

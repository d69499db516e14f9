// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugSystem
import SnugTestSupport
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline

/// The JSON that scripts rely on, key by key.
@Suite struct ReportShapeTests {
    /// The names of an object's members, in their order.
    private func names(_ object: JSONValue) -> [String] { object.members.map { $0.key } }

    @Test("An image error has code, message and details in alphabetical order")
    func imageError() {
        let error = ImageError(
            .limitExceeded, "too \"large\"",
            details: ["value": .integer(7), "limit": .number(2.5), "content": .text("x\n")])
        #expect(
            error.json.description
                == #"{"code":"limit_exceeded","message":"too \"large\"","details":{"content":"x\n","limit":2.5,"value":7}}"#
        )
        #expect(ImageError(.diskFull, "no").json.description == #"{"code":"disk_full","message":"no","details":{}}"#)
    }

    @Test("An upload error says where it can be resumed, and what to do")
    func uploadError() {
        let resumable = UploadError(.serverMisbehaved, "no", resumption: .resumable(from: 512))
        #expect(
            resumable.json(advice: "run again").description
                == #"{"code":"server_misbehaved","message":"no","details":{"status":null,"retry_after":null,"advice":"run again","#
                + #""resumable_from":512}}"#)
        let lost = UploadError(.serverMisbehaved, "no", resumption: .startOver)
        #expect(!lost.json(advice: "x").description.contains("resumable_from"))
    }

    @Test("A generation error has every key, set or null, and may go by another code")
    func generationError() {
        let error = GenerationError(.forbidden, "no")
        let keys = [
            "status", "provider_code", "request_id", "retry_after", "retry_at", "was_retried", "outcome_unknown",
            "fields",
            "required", "available", "suggestions", "job", "journal_key",
        ]
        #expect(error.json()["details"].map(names) == keys)
        #expect(error.json()["code"] == "forbidden" && error.json(as: "interrupted")["code"] == "interrupted")
        #expect(error.json()["details"]?["was_retried"] == false)
    }

    @Test("Durations are seconds with their fraction", arguments: [(0, 0.0), (1_500, 1.5), (86_400_000, 86_400)])
    func seconds(milliseconds: Int, expected: Double) {
        #expect(Duration.milliseconds(milliseconds).inSeconds == expected)
    }

    private static func record(
        _ status: FitRecord.Status, input: Int? = nil, output: Int? = nil, warnings: [String] = []
    ) -> FitRecord {
        var record = FitRecord(input: "a", status: status, limitBytes: 1, inputBytes: input)
        record.outputBytes = output
        record.warnings = warnings
        return record
    }

    @Test("Totals are by status, and count bytes only where there is an output")
    func totals() {
        var report = FitReport()
        report.add(Self.record(.fitted, input: 100, output: 40))
        report.add(Self.record(.fitted, input: 50, output: 30))
        report.add(Self.record(.copied, input: 9, output: 9))
        report.add(Self.record(.failed, input: 1000))
        report.add(Self.record(.skipped))
        #expect(report.count(.fitted) == 2 && report.totals[.fitted]?.inputBytes == 150)
        #expect(report.totals[.fitted]?.outputBytes == 70 && report.totals[.copied]?.outputBytes == 9)
        #expect(report.totals[.failed]?.inputBytes == 0 && report.count(.failed) == 1 && report.count(.skipped) == 1)
        #expect(report.count(.stripped) == 0 && report.totals[.stripped] == nil)
    }

    @Test("Failures and warnings are listed up to a number, and the rest is counted")
    func listed() {
        var report = FitReport()
        for _ in 0..<FitReport.maximumListed + 5 { report.add(Self.record(.failed)) }
        for _ in 0..<FitReport.maximumListed + 7 { report.add(Self.record(.fitted, warnings: ["odd"])) }
        #expect(report.failures.count == FitReport.maximumListed && report.warnings.count == FitReport.maximumListed)
        #expect(report.unlistedCount == 12 && report.count(.failed) == FitReport.maximumListed + 5)
    }

    @Test("A failure with warnings is in both lists")
    func both() {
        var report = FitReport()
        report.add(Self.record(.failed, warnings: ["odd"]))
        #expect(report.failures.count == 1 && report.warnings.count == 1 && report.unlistedCount == 0)
    }

    @Test("That a file was recompressed without loss is said, and is no warning")
    func losslessRemark() {
        var report = FitReport()
        report.add(Self.record(.fitted, warnings: [FittedImage.losslessRemark]))
        #expect(report.warnings.isEmpty)
        report.add(Self.record(.fitted, warnings: ["the end marker is missing", FittedImage.losslessRemark]))
        #expect(report.warnings.count == 1)
    }

    @Test("A path is shown as text, and its bytes are added where text cannot carry them")
    func paths() {
        #expect(FitRecord.text(of: "a/ü.jpg") == "a/ü.jpg" && FitRecord.hex(of: "a/ü.jpg") == nil)
        let broken = FilePath(bytes: [0x61, 0x2F, 0xFF])
        #expect(FitRecord.text(of: broken) == "a/\u{FFFD}" && FitRecord.hex(of: broken) == "612fff")
    }

    @Test("An inspection has every key, for a photo and for a file that is none")
    func inspection() async throws {
        let folder = try TemporaryFolder()
        var builder = JPEGBuilder(width: 40, height: 30)
        builder.segments = [JPEGBuilder.jfif, JPEGBuilder.exif(TIFFBuilder([.orientation(6)]).bytes)]
        let path = try folder.write(builder.bytes, to: "a.jpg")
        let json = try await Inspection.read(path).json(target: nil)
        #expect(
            names(json) == [
                "input", "format", "bytes", "width", "height", "upright_width", "upright_height", "orientation",
                "bits_per_sample", "colour_model", "alpha", "chroma_subsampling", "jpeg_process", "interlaced",
                "animated",
                "frames", "estimated_quality", "colour_space", "icc_profile_name", "metadata_bytes", "trailer",
                "warnings",
                "target", "limit_bytes", "complies", "violations", "plan", "error",
            ])
        #expect(json["width"] == 40 && json["upright_width"] == 30 && json["orientation"] == 6)
        #expect(
            json["metadata_bytes"].map(names) == [
                "exif", "xmp", "icc", "iptc", "comments", "other",
            ])
        #expect(json["colour_space"] == "undeclared" && json["jpeg_process"] == "baseline" && json["trailer"] == nil)
        let text = try folder.write(Array("Dear Sir".utf8), to: "letter.jpg")
        let failed = try await Inspection.read(text).json(target: "x")
        #expect(names(failed) == ["input", "error"] && failed["error"]?["code"] == "not_an_image")
    }

    @Test("A plan that there is none of is an action of its own, with the error")
    func impossiblePlan() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(JPEGBuilder(width: 10, height: 10).bytes, to: "a.jpg")
        let json = try await Inspection.read(path, limits: Limits(minimumSide: 20)).json(target: nil)
        #expect(json["plan"]?["action"] == "fail" && json["plan"]?["error"]?["code"] == "cannot_fit")
        #expect(json["complies"] == false && json["violations"]?.elements.count == 1)
    }
}

// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage
import Testing

@Suite struct FitRecordTests {
    @Test("The JSON contract: these keys, in this order")
    func fittedJSON() {
        #expect(
            FitRecord.example.jsonLine
                == #"{"input":"in/a.png","output":"out/a.jpg","status":"fitted","input_bytes":12345678,"#
                + #""output_bytes":9876543,"limit_bytes":10000000,"width":6000,"height":4000,"output_width":5400,"#
                + #""output_height":3600,"format":"jpeg","quality":84.5,"scale":0.9,"encodes":1,"seconds":1.25,"#
                + #""skip_reason":null,"plan":null,"error":null,"warnings":[]}"#
        )
    }

    @Test("A failure carries code, message and details, and null for what never came to be")
    func failedJSON() {
        var record = FitRecord(input: "a.jpg", status: .failed, limitBytes: 500)
        record.error = ImageError(.cannotFit, "no", details: ["smallest_bytes": .integer(700), "a": .text("b")])
        #expect(
            record.jsonLine
                == #"{"input":"a.jpg","output":null,"status":"failed","input_bytes":null,"output_bytes":null,"#
                + #""limit_bytes":500,"width":null,"height":null,"output_width":null,"output_height":null,"format":null,"#
                + #""quality":null,"scale":null,"encodes":null,"seconds":null,"skip_reason":null,"plan":null,"error":{"code":"cannot_fit","message":"no","#
                + #""details":{"a":"b","smallest_bytes":700}},"warnings":[]}"#)
    }

    @Test("Warnings are texts in an array")
    func warningsJSON() {
        var record = FitRecord(input: "a.jpg", status: .fitted, limitBytes: 500)
        record.warnings = ["the profile is ignored", "says \"x\""]
        #expect(record.jsonLine.hasSuffix(#""error":null,"warnings":["the profile is ignored","says \"x\""]}"#))
    }

    @Test("A plan carries its reason, and what it cannot know")
    func plannedJSON() {
        var record = FitRecord(input: "a.jpg", status: .copied, limitBytes: 500)
        record.planReason = "complies already"
        #expect(record.jsonLine.contains(#""plan":{"reason":"complies already","uncertainty":null},"error":null"#))
        record.planUncertainty = "unless decoding shows damage"
        #expect(record.jsonLine.contains(#""uncertainty":"unless decoding shows damage"}"#))
    }

    @Test("A name that text cannot carry comes with its bytes")
    func hexNames() {
        let record = FitRecord(input: FilePath(bytes: [0x61, 0xFF]), status: .skipped, limitBytes: 1)
        #expect(record.jsonLine.contains(#""input":"a\#u{FFFD}""#))
        #expect(record.jsonLine.hasSuffix(#","warnings":[],"input_hex":"61ff"}"#))
    }
}

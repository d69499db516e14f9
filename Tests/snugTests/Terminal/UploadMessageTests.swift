// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugPipeline
import SnugUpload
import SystemPackage
import Testing

@testable import snug

@Suite struct UploadMessageTests {
    private static func message(_ text: String, after name: String) -> String {
        UploadReporter.message(UploadError(.sourceFailed, text), after: name)
    }

    @Test("The path of a file is said once, and a file that cannot be opened has its remedy")
    func path() {
        let open = "cannot open the file to send"
        #expect(
            Self.message("/in/b/x.jpg: \(open): No such file or directory", after: "b/x.jpg")
                == "\(open): No such file or directory; check the path")
        #expect(
            Self.message("/x.jpg: \(open): Permission denied", after: "/x.jpg")
                == "\(open): Permission denied; check its owner and permissions")
        #expect(Self.message("/in/x.jpg: changed", after: "x.jpg") == "changed")
    }

    @Test("A line of JSON names the options of snug generate, as the words for a person do")
    func optionsInJSON() {
        let work = GenerationWork(
            request: GenerationRequest(prompt: "a"), destination: ImageDestination(folder: "out", name: "a"), name: "a")
        let error = GenerationError(.downloadFailed, "has an address, which is not allowed for URLs from outside")
        let line = GenerationOutcome(work, error).namingOptions.jsonLine(provider: "openai")
        #expect(line.contains("pass --allow-internal if it is meant"), "\(line)")
    }

    @Test("Advice that the command has no option for is left out")
    func recovery() {
        let remedy = ImageError.Setting.recovery.remedy
        #expect(Self.message("is cut off; get it again, or \(remedy)", after: "x.jpg") == "is cut off; get it again")
    }

    @Test(
        "A message that begins with no path stays as it is", arguments: ["the server said x.jpg: no", "/x is gone", ""])
    func others(text: String) {
        #expect(Self.message(text, after: "x.jpg") == text)
    }
}
